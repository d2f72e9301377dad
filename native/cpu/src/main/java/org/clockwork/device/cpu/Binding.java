package org.clockwork.device.cpu;

import ai.onnxruntime.OnnxJavaType;

/**
 * One tensor of weights: where its bytes lie in the payload of an artifact.
 *
 * @param name   of the initializer in the skeleton.
 * @param type   of its elements.
 * @param shape  of the tensor.
 * @param offset of its first byte in the payload, a multiple of 64.
 * @param bytes  of the tensor.
 * @param packed whether ONNX Runtime makes its own packed copy at LOAD, so that it need not lie in pages.
 */
record Binding(String name, OnnxJavaType type, long[] shape, long offset, long bytes, boolean packed) {
}
