package org.clockwork.compiler;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.device.ModelException;

/**
 * Functions of two tensors of which the second is repeated: brought into the few forms that engines do fast, which are
 * rows and columns with a row, a column or one number repeated; where that is not enough, several such steps. For one thread.
 */
final class Repetition {
    private static final int MAX_STEPS = 1024;
    private final Lowering lowering;

    /** Neighbouring dimensions of the first tensor that the second follows in the same way. */
    private record Segment(long size, long stride, long otherStride) {
    }

    Repetition(final Lowering lowering) {
        this.lowering = lowering;
    }

    /** Emits the steps; {@code a} is dense and has the shape of the result. */
    void emit(final Node node, final Op.Pair pair, final View a, final View b) throws ModelException {
        final View y = new View(lowering.storage(node, a.dims()), 0, a.dims(), a.strides());
        if (a.sameDims(b)) {
            View same = b;
            if (!b.sameStrides(a.strides())) {
                same = lowering.copy(node, b, a.strides());
            }
            lowering.set(node, y, lowering.emit(node, new Op.Binary(pair), y, a, same.withStrides(a.strides())));
            return;
        }
        final List<Segment> segments = segments(a, b);
        final Segment inner = segments.get(0);
        final Segment outer = segments.size() > 1 ? segments.get(1) : new Segment(1, inner.size(), 0);
        final boolean isFlat = (inner.otherStride() == 1 || inner.otherStride() == 0 || inner.size() == 1) && inner.stride() == 1;
        if (!isFlat) {
            throw node.unsupported("a repetition of this kind: " + a + " and " + b);
        }
        final long[] dims = {outer.size(), inner.size()};
        final long[] strides = {outer.stride(), 1};
        final long[] otherDims = {outer.otherStride() == 0 ? 1 : outer.size(), inner.otherStride() == 0 ? 1 : inner.size()};
        final long[] otherStrides = {outer.otherStride() == 0 ? otherDims[1] : outer.otherStride(), 1};
        final List<long[]> offsets = offsets(node, segments);
        Step step = null;
        for (final long[] offset : offsets) {
            step = lowering.emit(node, new Op.Binary(pair), new View(y.storage(), y.offset() + offset[0], dims, strides),
                new View(a.storage(), a.offset() + offset[0], dims, strides),
                new View(b.storage(), b.offset() + offset[1], otherDims, otherStrides));
        }
        if (offsets.size() == 1) {
            lowering.set(node, y, step);
        } else {
            lowering.set(node, y);
        }
    }

    /** From the innermost to the outermost. */
    private static List<Segment> segments(final View a, final View b) {
        final List<Segment> segments = new ArrayList<>();
        final int missing = a.rank() - b.rank();
        for (final int axis : a.physicalOrder()) {
            if (a.dims()[axis] == 1) {
                continue;
            }
            final boolean isRepeated = axis < missing || b.dims()[axis - missing] == 1;
            final long otherStride = isRepeated ? 0 : b.strides()[axis - missing];
            final Segment last = segments.isEmpty() ? null : segments.get(segments.size() - 1);
            final boolean goesOn = last != null && (last.otherStride() == 0) == isRepeated
                && (isRepeated || otherStride == last.otherStride() * last.size());
            if (goesOn) {
                segments.set(segments.size() - 1,
                    new Segment(last.size() * a.dims()[axis], last.stride(), last.otherStride()));
            } else {
                segments.add(new Segment(a.dims()[axis], a.strides()[axis], otherStride));
            }
        }
        if (segments.isEmpty()) {
            segments.add(new Segment(1, 1, 0));
        }
        return segments;
    }

    /** Where each step starts in both tensors: one for each combination of the dimensions beyond rows and columns. */
    private static List<long[]> offsets(final Node node, final List<Segment> segments) throws ModelException {
        List<long[]> offsets = List.of(new long[2]);
        for (int i = 2; i < segments.size(); i++) {
            final Segment segment = segments.get(i);
            if (segment.size() * offsets.size() > MAX_STEPS) {
                throw node.unsupported("a repetition in more than " + MAX_STEPS + " pieces");
            }
            final List<long[]> more = new ArrayList<>();
            for (long at = 0; at < segment.size(); at++) {
                for (final long[] offset : offsets) {
                    more.add(new long[] {offset[0] + at * segment.stride(), offset[1] + at * segment.otherStride()});
                }
            }
            offsets = more;
        }
        return offsets;
    }
}
