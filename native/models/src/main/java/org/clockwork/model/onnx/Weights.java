package org.clockwork.model.onnx;

import ai.onnx.proto.OnnxMl;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A tensor of the file, described by how its values are made: they exist only while they are written. Immutable. */
final class Weights {
    /** What a tensor is to whoever counts parameters. */
    enum Kind {
        /** Learned by training. */
        PARAMETER,
        /** Kept by training, as the running statistics of a batch normalisation. */
        BUFFER,
        /** A number of the graph, such as the bounds of a Clip. */
        CONSTANT
    }

    final String name;
    final Kind kind;
    final List<Long> dims;
    private final float low;
    private final float high;
    private final float centring;
    private final long[] integers;

    private Weights(final String name, final Kind kind, final List<Long> dims, final float low, final float high,
        final float centring, final long[] integers) {
        this.name = name;
        this.kind = kind;
        this.dims = List.copyOf(dims);
        this.low = low;
        this.high = high;
        this.centring = centring;
        this.integers = integers;
    }

    /** Filters: uniform in (-bound, bound), less {@code centring} times the mean of their own row. */
    static Weights filters(final String name, final List<Long> dims, final double bound, final double centring) {
        return new Weights(name, Kind.PARAMETER, dims, (float) -bound, (float) bound, (float) centring, null);
    }

    /** Uniform between two values. */
    static Weights range(final String name, final Kind kind, final long length, final double low, final double high) {
        return new Weights(name, kind, List.of(length), (float) low, (float) high, 0, null);
    }

    /** One number. */
    static Weights scalar(final String name, final double value) {
        return new Weights(name, Kind.CONSTANT, List.of(), (float) value, (float) value, 0, null);
    }

    /** A list of integers, such as a shape. */
    static Weights integers(final String name, final long... values) {
        return new Weights(name, Kind.CONSTANT, List.of((long) values.length), 0, 0, 0, values.clone());
    }

    long elements() {
        return dims.stream().reduce(1L, Math::multiplyExact);
    }

    long rawBytes() {
        return elements() * (integers == null ? Float.BYTES : Long.BYTES);
    }

    /** The tensor without its values. */
    OnnxMl.TensorProto header() {
        final int type = integers == null ? OnnxMl.TensorProto.DataType.FLOAT_VALUE : OnnxMl.TensorProto.DataType.INT64_VALUE;
        return OnnxMl.TensorProto.newBuilder().setName(name).setDataType(type).addAllDims(dims).build();
    }

    /** Values of one row: all dimensions but the first. */
    int rowLength() {
        return dims.size() < 2 ? (int) elements() : Math.toIntExact(elements() / dims.get(0));
    }

    /** Fills in the next row, little-endian. */
    void nextRow(final WeightStream stream, final float[] scratch, final ByteBuffer row) {
        row.clear().order(ByteOrder.LITTLE_ENDIAN);
        if (integers != null) {
            for (final long value : integers) {
                row.putLong(value);
            }
            row.flip();
            return;
        }
        final int length = rowLength();
        final float middle = (low + high) / 2;
        final float half = (high - low) / 2;
        double sum = 0;
        for (int i = 0; i < length; i++) {
            scratch[i] = middle + half * stream.nextSigned();
            sum += scratch[i];
        }
        final float shift = (float) (centring * sum / Math.max(1, length));
        for (int i = 0; i < length; i++) {
            row.putFloat(scratch[i] - shift);
        }
        row.flip();
    }
}
