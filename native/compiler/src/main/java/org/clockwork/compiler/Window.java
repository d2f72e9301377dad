package org.clockwork.compiler;

import java.util.Arrays;
import org.clockwork.device.ModelException;

/**
 * Where a kernel moves over an image: the geometry that convolutions and poolings share, rows first.
 *
 * @param kernel    sizes.
 * @param strides   steps.
 * @param dilations distances of the kernel's elements.
 * @param padBegin  zeros above and left.
 * @param padEnd    zeros below and right.
 */
record Window(long[] kernel, long[] strides, long[] dilations, long[] padBegin, long[] padEnd) {
    private static final int LARGEST = 1 << 16;

    /**
     * Reads it from a node.
     *
     * @param kernel of the node or of its filters.
     * @param image  rows and columns of the input.
     */
    static Window of(final Node node, final long[] kernel, final long[] image) throws ModelException {
        final int rank = kernel.length;
        final long[] strides = ones(node.integers("strides"), rank);
        final long[] dilations = ones(node.integers("dilations"), rank);
        final long[] pads = node.integers("pads");
        final long[] begin = new long[rank];
        final long[] end = new long[rank];
        final String auto = node.text("auto_pad", "NOTSET");
        for (int i = 0; i < rank; i++) {
            if (auto.startsWith("SAME")) {
                final long out = (image[i] + strides[i] - 1) / strides[i];
                final long all = Math.max(0, (out - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - image[i]);
                begin[i] = auto.equals("SAME_UPPER") ? all / 2 : all - all / 2;
                end[i] = all - begin[i];
            } else if (pads != null && auto.equals("NOTSET")) {
                begin[i] = pads[i];
                end[i] = pads[i + rank];
            }
        }
        final Window window = new Window(kernel, strides, dilations, begin, end);
        window.check(node);
        return rank == 1 ? window.withRows() : window;
    }

    private static long[] ones(final long[] given, final int rank) {
        final long[] values = new long[rank];
        Arrays.setAll(values, i -> given == null ? 1 : given[i]);
        return values;
    }

    private void check(final Node node) throws ModelException {
        if (kernel.length < 1 || kernel.length > 2) {
            throw node.unsupported("a kernel of " + kernel.length + " dimensions");
        }
        for (final long[] positive : new long[][] {kernel, strides, dilations}) {
            if (Arrays.stream(positive).anyMatch(v -> v < 1 || v > LARGEST)) {
                throw node.invalid("kernel, strides or dilations of " + Arrays.toString(positive));
            }
        }
        for (final long[] pads : new long[][] {padBegin, padEnd}) {
            if (Arrays.stream(pads).anyMatch(v -> v < 0 || v > LARGEST)) {
                throw node.unsupported("pads of " + Arrays.toString(pads));
            }
        }
    }

    private Window withRows() {
        return new Window(new long[] {1, kernel[0]}, new long[] {1, strides[0]}, new long[] {1, dilations[0]},
            new long[] {0, padBegin[0]}, new long[] {0, padEnd[0]});
    }

    /** Positions of the kernel along an axis; with {@code isCeil} the last may stick out. */
    long out(final Node node, final int axis, final long size, final boolean isCeil) throws ModelException {
        final long span = size + padBegin[axis] + padEnd[axis] - dilations[axis] * (kernel[axis] - 1) - 1;
        if (span < 0) {
            throw node.invalid("the kernel is larger than the image: size=" + size);
        }
        final long out = (span + (isCeil ? strides[axis] - 1 : 0)) / strides[axis] + 1;
        return isCeil && (out - 1) * strides[axis] >= size + padBegin[axis] ? out - 1 : out;
    }

    /** Padding at the end that makes so many positions, at least what is given. */
    long padEndFor(final int axis, final long size, final long out) {
        final long needed = (out - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1 - size - padBegin[axis];
        return Math.max(padEnd[axis], needed);
    }
}
