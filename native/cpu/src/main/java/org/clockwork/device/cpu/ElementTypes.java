package org.clockwork.device.cpu;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxJavaType;
import org.clockwork.device.ElementType;

/** The three names that each element type has: in a file, in ONNX Runtime and in the device port. */
final class ElementTypes {
    private ElementTypes() {
    }

    /** The port's name for a runtime type; null if it has none. */
    static ElementType ofRuntime(final OnnxJavaType type) {
        return switch (type) {
            case FLOAT -> ElementType.FLOAT32;
            case FLOAT16 -> ElementType.FLOAT16;
            case BFLOAT16 -> ElementType.BFLOAT16;
            case DOUBLE -> ElementType.FLOAT64;
            case INT8 -> ElementType.INT8;
            case UINT8 -> ElementType.UINT8;
            case INT32 -> ElementType.INT32;
            case INT64 -> ElementType.INT64;
            case BOOL -> ElementType.BOOL;
            default -> null;
        };
    }

    /** The runtime's name for a port type. */
    static OnnxJavaType toRuntime(final ElementType type) {
        return switch (type) {
            case FLOAT32 -> OnnxJavaType.FLOAT;
            case FLOAT16 -> OnnxJavaType.FLOAT16;
            case BFLOAT16 -> OnnxJavaType.BFLOAT16;
            case FLOAT64 -> OnnxJavaType.DOUBLE;
            case INT8 -> OnnxJavaType.INT8;
            case UINT8 -> OnnxJavaType.UINT8;
            case INT32 -> OnnxJavaType.INT32;
            case INT64 -> OnnxJavaType.INT64;
            case BOOL -> OnnxJavaType.BOOL;
        };
    }

    /** The port's name for a type in a file; null if it has none. */
    static ElementType ofFile(final int type) {
        return switch (type) {
            case TensorProto.DataType.FLOAT_VALUE -> ElementType.FLOAT32;
            case TensorProto.DataType.FLOAT16_VALUE -> ElementType.FLOAT16;
            case TensorProto.DataType.BFLOAT16_VALUE -> ElementType.BFLOAT16;
            case TensorProto.DataType.DOUBLE_VALUE -> ElementType.FLOAT64;
            case TensorProto.DataType.INT8_VALUE -> ElementType.INT8;
            case TensorProto.DataType.UINT8_VALUE -> ElementType.UINT8;
            case TensorProto.DataType.INT32_VALUE -> ElementType.INT32;
            case TensorProto.DataType.INT64_VALUE -> ElementType.INT64;
            case TensorProto.DataType.BOOL_VALUE -> ElementType.BOOL;
            default -> null;
        };
    }
}
