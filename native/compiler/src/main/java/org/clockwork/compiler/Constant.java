package org.clockwork.compiler;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/**
 * A tensor whose numbers are known: floats, or integers of any width (truth values are 0 and 1). Floats of the model's
 * file stay there. Immutable; nobody writes to its arrays.
 *
 * @param dims     sizes.
 * @param floats   the numbers in the order of the dimensions, or null.
 * @param integers the same for integers, or null.
 */
record Constant(long[] dims, FloatBuffer floats, long[] integers) {
    /** Largest tensor of integers that is kept: they are shapes and indexes. */
    private static final long MAX_INTEGERS = 1 << 20;

    static Constant of(final long[] dims, final float... floats) {
        return new Constant(dims, FloatBuffer.wrap(floats), null);
    }

    static Constant ofIntegers(final long[] dims, final long... integers) {
        return new Constant(dims, null, integers);
    }

    /** Reads a tensor of a model; null if its element type is none that plans know. */
    static Constant read(final TensorProto tensor) throws ModelException {
        final long[] dims = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
        final long elements = elements(tensor.getName(), dims);
        final TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
        if (type == null) {
            return null;
        }
        return switch (type) {
            case FLOAT -> new Constant(dims, floats(tensor, elements), null);
            case INT64, INT32, BOOL, INT8, UINT8 -> elements > MAX_INTEGERS ? null
                : new Constant(dims, null, integers(tensor, type, Math.toIntExact(elements)));
            default -> null;
        };
    }

    /** Product of dimensions, refused where it makes no sense. */
    static long elements(final String name, final long[] dims) throws ModelException {
        long elements = 1;
        for (final long dim : dims) {
            if (dim < 0) {
                throw new ModelException(Reason.INVALID_FILE, "Tensor '" + name + "' has a negative dimension: " + dim);
            }
            if (dim > Integer.MAX_VALUE || elements * dim > Integer.MAX_VALUE) {
                throw new ModelException(Reason.TOO_LARGE, "Tensor '" + name + "' is too large: " + Arrays.toString(dims));
            }
            elements *= dim;
        }
        return elements;
    }

    private static FloatBuffer floats(final TensorProto tensor, final long elements) throws ModelException {
        if (tensor.hasRawData()) {
            final ByteBuffer bytes = raw(tensor, elements * Float.BYTES);
            return bytes.asFloatBuffer();
        }
        requireCount(tensor, tensor.getFloatDataCount(), elements);
        final float[] values = new float[tensor.getFloatDataCount()];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.getFloatData(i);
        }
        return FloatBuffer.wrap(values);
    }

    private static long[] integers(final TensorProto tensor, final TensorProto.DataType type, final int elements)
            throws ModelException {
        final int width = type == TensorProto.DataType.INT64 ? Long.BYTES
            : type == TensorProto.DataType.INT32 ? Integer.BYTES : 1;
        if (!tensor.hasRawData()) {
            final int given = width == Long.BYTES ? tensor.getInt64DataCount() : tensor.getInt32DataCount();
            requireCount(tensor, given, elements);
        }
        final ByteBuffer bytes = tensor.hasRawData() ? raw(tensor, (long) elements * width) : null;
        final long[] values = new long[elements];
        for (int i = 0; i < elements; i++) {
            if (bytes == null) {
                values[i] = width == Long.BYTES ? tensor.getInt64Data(i) : tensor.getInt32Data(i);
            } else if (width == Long.BYTES) {
                values[i] = bytes.getLong();
            } else if (width == Integer.BYTES) {
                values[i] = bytes.getInt();
            } else {
                final byte value = bytes.get();
                values[i] = type == TensorProto.DataType.UINT8 ? Byte.toUnsignedLong(value) : value;
            }
        }
        return values;
    }

    private static ByteBuffer raw(final TensorProto tensor, final long bytes) throws ModelException {
        requireCount(tensor, tensor.getRawData().size(), bytes);
        return tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void requireCount(final TensorProto tensor, final long given, final long wanted) throws ModelException {
        if (given != wanted) {
            throw new ModelException(Reason.INVALID_FILE,
                "Tensor '" + tensor.getName() + "' holds " + given + " where its shape says " + wanted);
        }
    }

    int rank() {
        return dims.length;
    }

    int elements() {
        return floats != null ? floats.remaining() : integers.length;
    }

    boolean isFloat() {
        return floats != null;
    }

    boolean isScalar() {
        return elements() == 1;
    }

    /** The number at a position. */
    double at(final int position) {
        return floats != null ? floats.get(floats.position() + position) : integers[position];
    }

    /** The numbers as an array of its own. */
    float[] toFloats() {
        final float[] values = new float[elements()];
        floats.duplicate().get(values);
        return values;
    }

    Constant withDims(final long... newDims) {
        return new Constant(newDims, floats, integers);
    }
}
