package org.clockwork.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.clockwork.compiler.Step;
import org.clockwork.compiler.View;

/** Brings products of matrices of any rank into the form that cuBLAS takes. Used by the compiling thread. */
final class GemmBuilder {
    private final Gpu gpu;

    /** A dimension of matrices beside each other, and how far they are apart. */
    private record Group(long size, long left, long right, long output) {
    }

    GemmBuilder(final Gpu gpu) {
        this.gpu = gpu;
    }

    void add(final List<Call> calls, final Step step, final Function<View, Place> places, final boolean isAccumulated) {
        final View a = step.inputs().get(0);
        final View b = step.inputs().get(1);
        final View y = step.output();
        final int last = y.rank() - 1;
        final List<Group> groups = groups(a, b, y);
        if (groups.size() > 2) {
            throw new UnsupportedOperationException("matrices beside each other in " + groups.size() + " dimensions");
        }
        final Group single = new Group(1, 0, 0, 0);
        Group inner = groups.isEmpty() ? single : groups.get(groups.size() - 1);
        Group outer = groups.size() < 2 ? single : groups.get(0);
        if (outer.size > inner.size) {
            final Group smaller = inner;
            inner = outer;
            outer = smaller;
        }
        final GemmCall.Shape shape = new GemmCall.Shape((int) y.dims()[last - 1], (int) a.dims()[last], (int) y.dims()[last],
            (int) inner.size, (int) outer.size, matrix(a, inner.left, outer.left), matrix(b, inner.right, outer.right),
            matrix(y, inner.output, outer.output));
        if (shape.output().isByColumns()) {
            throw new UnsupportedOperationException("a product that lies by columns: " + y);
        }
        calls.add(new GemmCall(gpu, shape, places.apply(a), places.apply(b), places.apply(y), isAccumulated));
    }

    private static List<Group> groups(final View a, final View b, final View y) {
        final List<Group> groups = new ArrayList<>();
        for (int axis = 0; axis < y.rank() - 2; axis++) {
            if (y.dims()[axis] == 1) {
                continue;
            }
            final Group group = new Group(y.dims()[axis], a.strides()[axis], b.strides()[axis], y.strides()[axis]);
            final Group before = groups.isEmpty() ? null : groups.get(groups.size() - 1);
            if (before != null && before.left == group.left * group.size && before.right == group.right * group.size
                && before.output == group.output * group.size) {
                groups.set(groups.size() - 1, new Group(before.size * group.size, group.left, group.right, group.output));
            } else {
                groups.add(group);
            }
        }
        return groups;
    }

    private static GemmCall.Matrix matrix(final View view, final long inner, final long outer) {
        final int last = view.rank() - 1;
        final long rows = view.dims()[last - 1];
        final long columns = view.dims()[last];
        final long rowStride = view.strides()[last - 1];
        final long columnStride = view.strides()[last];
        if (columnStride == 1 || columns == 1) {
            return new GemmCall.Matrix(false, rows == 1 ? columns : Math.max(rowStride, columns), inner, outer);
        }
        if (rowStride == 1 || rows == 1) {
            return new GemmCall.Matrix(true, Math.max(columnStride, rows), inner, outer);
        }
        throw new UnsupportedOperationException("neither rows nor columns are contiguous: " + view);
    }
}
