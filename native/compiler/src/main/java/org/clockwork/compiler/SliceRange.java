package org.clockwork.compiler;

import java.util.List;
import org.clockwork.device.ModelException;

/**
 * What a Slice takes of one dimension.
 *
 * @param start first element.
 * @param size  number of elements.
 * @param step  from one to the next.
 */
record SliceRange(long start, long size, long step) {
    /** The ranges of all dimensions; {@code in}: data (not looked at), starts, ends, axes, steps, or attributes instead. */
    static SliceRange[] of(final Node node, final long[] dims, final List<Constant> in) throws ModelException {
        final long[] starts = in.size() > 1 ? integers(node, in.get(1)) : node.integers("starts");
        final long[] ends = in.size() > 2 ? integers(node, in.get(2)) : node.integers("ends");
        final long[] axes = in.size() > 3 && in.get(3) != null ? integers(node, in.get(3)) : node.integers("axes");
        final long[] steps = in.size() > 4 && in.get(4) != null ? integers(node, in.get(4)) : null;
        if (starts == null || ends == null || starts.length != ends.length || axes != null && axes.length != starts.length
            || steps != null && steps.length != starts.length || starts.length > dims.length) {
            throw node.invalid("its starts, ends and axes do not go together");
        }
        final SliceRange[] ranges = new SliceRange[dims.length];
        for (int i = 0; i < dims.length; i++) {
            ranges[i] = new SliceRange(0, dims[i], 1);
        }
        for (int i = 0; i < starts.length; i++) {
            final int axis = Folder.axis(node, axes == null ? i : axes[i], dims.length);
            final long step = steps == null ? 1 : steps[i];
            if (step < 1) {
                throw node.unsupported("a step of " + step);
            }
            final long start = clamp(starts[i], dims[axis]);
            final long end = clamp(ends[i], dims[axis]);
            if (end <= start) {
                throw node.unsupported("an empty slice");
            }
            ranges[axis] = new SliceRange(start, (end - start + step - 1) / step, step);
        }
        return ranges;
    }

    private static long[] integers(final Node node, final Constant constant) throws ModelException {
        if (constant == null || constant.isFloat()) {
            throw node.invalid("a range is given by integers");
        }
        return constant.integers();
    }

    private static long clamp(final long position, final long size) {
        return Math.max(0, Math.min(size, position < 0 ? position + size : position));
    }
}
