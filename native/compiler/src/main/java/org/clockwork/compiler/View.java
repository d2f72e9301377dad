package org.clockwork.compiler;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.clockwork.device.ElementType;

/**
 * A tensor as a step sees it: a part of a storage, with a stride for each dimension. Two views of one storage are how
 * reshapes, transpositions and slices cost nothing. Immutable; nobody writes to its arrays.
 *
 * @param storage where the elements are.
 * @param offset  of the first element, in elements.
 * @param dims    sizes.
 * @param strides distances in elements.
 */
public record View(Storage storage, long offset, long[] dims, long[] strides) {
    private static final int IMAGE_RANK = 4;

    /** The whole storage in the order of the dimensions. */
    static View plain(final Storage storage, final long... dims) {
        return new View(storage, 0, dims, plainStrides(dims));
    }

    /** The whole storage with channels (dimension 1) innermost. */
    static View channelsLast(final Storage storage, final long... dims) {
        return new View(storage, 0, dims, channelsLastStrides(dims));
    }

    static long[] plainStrides(final long[] dims) {
        final long[] strides = new long[dims.length];
        long stride = 1;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= Math.max(1, dims[axis]);
        }
        return strides;
    }

    static long[] channelsLastStrides(final long[] dims) {
        return new long[] {dims[1] * dims[2] * dims[3], 1, dims[3] * dims[1], dims[1]};
    }

    /** Number of dimensions. */
    public int rank() {
        return dims.length;
    }

    /** Number of elements. */
    public long elements() {
        return Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    }

    /** Type of the elements. */
    public ElementType type() {
        return storage.type();
    }

    /** Whether the elements lie one after the other in the order of the dimensions. */
    public boolean isPlain() {
        return sameStrides(plainStrides(dims));
    }

    /** Whether it is an image whose channels are innermost, without gaps. */
    public boolean isChannelsLast() {
        return rank() == IMAGE_RANK && sameStrides(channelsLastStrides(dims));
    }

    /** Whether strides agree wherever a dimension has more than one element. */
    boolean sameStrides(final long[] other) {
        for (int axis = 0; axis < dims.length; axis++) {
            if (dims[axis] > 1 && strides[axis] != other[axis]) {
                return false;
            }
        }
        return true;
    }

    boolean sameDims(final View other) {
        return Arrays.equals(dims, other.dims);
    }

    /** Whether it covers a contiguous piece, in whatever order of dimensions. */
    boolean isDense() {
        long expected = 1;
        for (final int axis : physicalOrder()) {
            if (dims[axis] > 1 && strides[axis] != expected) {
                return false;
            }
            expected *= dims[axis];
        }
        return true;
    }

    /** Axes from the innermost to the outermost. */
    int[] physicalOrder() {
        return IntStream.range(0, rank()).boxed().sorted((a, b) -> {
            final long left = dims[a] == 1 ? Long.MAX_VALUE : strides[a];
            final long right = dims[b] == 1 ? Long.MAX_VALUE : strides[b];
            final int byStride = Long.compare(left, right);
            return byStride != 0 ? byStride : b - a;
        }).mapToInt(Integer::intValue).toArray();
    }

    /** The same elements, with strides of dimensions of size 1 written as a layout wants them. */
    View withStrides(final long[] newStrides) {
        return new View(storage, offset, dims, newStrides);
    }

    View permute(final int... order) {
        final long[] newDims = new long[order.length];
        final long[] newStrides = new long[order.length];
        for (int axis = 0; axis < order.length; axis++) {
            newDims[axis] = dims[order[axis]];
            newStrides[axis] = strides[order[axis]];
        }
        return new View(storage, offset, newDims, newStrides);
    }

    View slice(final int axis, final long start, final long size, final long step) {
        final long[] newDims = dims.clone();
        final long[] newStrides = strides.clone();
        newDims[axis] = size;
        newStrides[axis] = strides[axis] * step;
        return new View(storage, offset + start * strides[axis], newDims, newStrides);
    }

    /** The same elements in another shape, or null if they would have to be moved. */
    View reshape(final long... newDims) {
        final long[] newStrides = new long[newDims.length];
        int from = 0;
        int to = 0;
        while (from < dims.length || to < newDims.length) {
            int fromEnd = from;
            int toEnd = to;
            long have = fromEnd < dims.length ? dims[fromEnd++] : 1;
            long want = toEnd < newDims.length ? newDims[toEnd++] : 1;
            while (have != want) {
                if (have < want && fromEnd < dims.length) {
                    have *= dims[fromEnd++];
                } else if (toEnd < newDims.length) {
                    want *= newDims[toEnd++];
                } else {
                    return null;
                }
            }
            final long inner = innerStride(from, fromEnd);
            if (inner < 0) {
                return null;
            }
            long stride = inner;
            for (int axis = toEnd - 1; axis >= to; axis--) {
                newStrides[axis] = stride;
                stride *= newDims[axis];
            }
            from = fromEnd;
            to = toEnd;
        }
        return new View(storage, offset, newDims, newStrides);
    }

    /** The stride of these dimensions taken as one, or -1 if they have gaps between them. */
    private long innerStride(final int from, final int end) {
        long stride = -1;
        long expected = -1;
        for (int axis = end - 1; axis >= from; axis--) {
            if (dims[axis] == 1) {
                continue;
            }
            if (stride < 0) {
                stride = strides[axis];
            } else if (strides[axis] != expected) {
                return -1;
            }
            expected = strides[axis] * dims[axis];
        }
        return stride < 0 ? 1 : stride;
    }

    @Override
    public String toString() {
        final String layout = isPlain() ? "" : isChannelsLast() ? " channels-last" : " strides=" + Arrays.toString(strides);
        return storage + (offset == 0 ? "" : "+" + offset) + Arrays.toString(dims).replace(", ", "x") + layout
            + (storage.type() == ElementType.FLOAT32 ? "" : " " + storage.type());
    }
}
