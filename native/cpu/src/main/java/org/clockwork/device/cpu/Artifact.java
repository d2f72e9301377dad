package org.clockwork.device.cpu;

import java.util.List;
import org.clockwork.device.TensorSpec;

/**
 * What compiling found out about a model: everything but the bytes of its skeleton and weights.
 *
 * @param requestedMaxBatch the batch it was compiled for.
 * @param maxBatch          the largest batch that the model itself takes, at most the requested one.
 * @param batched           whether its tensors have a first dimension for the batch.
 * @param runtimeFormat     the payload is the whole model in ONNX Runtime's own format and there is no skeleton: the
 *                          form for models whose operators hold graphs.
 * @param prepacked         ONNX Runtime packs some weights once more at LOAD.
 * @param regionBytes       first bytes of the payload, which a LOAD copies into pages.
 * @param packedBytes       what ONNX Runtime allocates at LOAD for packed weights; counted in pages.
 * @param payloadBytes      of the whole payload.
 * @param inputs            of one request.
 * @param outputs           of one answer.
 * @param bindings          tensors in the payload.
 */
record Artifact(int requestedMaxBatch, int maxBatch, boolean batched, boolean runtimeFormat, boolean prepacked,
    long regionBytes, long packedBytes, long payloadBytes, List<TensorSpec> inputs, List<TensorSpec> outputs,
    List<Binding> bindings) {
}
