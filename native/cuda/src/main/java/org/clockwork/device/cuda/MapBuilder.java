package org.clockwork.device.cuda;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.compiler.Op;
import org.clockwork.compiler.PostOp;
import org.clockwork.compiler.View;

/**
 * Builds the parameters of the kernels that go over elements: dimensions that lie together in all tensors become one, and
 * the innermost of the output comes last. For one call; used by the compiling thread.
 */
final class MapBuilder {
    /** The kernel's {@code PAIR_NONE}. */
    static final int NO_PAIR = Op.Pair.values().length;
    private static final int RANK = 6;
    private static final int MAX_CHAIN = 6;
    private static final int ADD_LIKE_OUTPUT = 32;
    private static final int ADD_LIKE_SECOND = 33;
    /** Matrices smaller than this are not worth their tiles. */
    private static final int SMALLEST_TILED = 8;
    private static final int TILE = 32;
    private static final int TILE_ROWS = 8;
    private static final int MAX_GRID = 65_535;

    private final Gpu gpu;
    private final List<Axis> axes = new ArrayList<>();
    private final List<Link> chain = new ArrayList<>();
    private final View output;
    private final Place outputPlace;
    private final Place first;
    private Place second;
    private int pair = NO_PAIR;

    /** One dimension and how far its elements are apart in each tensor. */
    private record Axis(long size, long output, long first, long second) {
    }

    /** One member of the chain. */
    private record Link(int kind, Place other, float alpha, float beta) {
    }

    /** From a tensor to one of the same dimensions. */
    MapBuilder(final Gpu gpu, final View output, final Place outputPlace, final View input, final Place inputPlace,
        final View other, final Place otherPlace) {
        this.gpu = gpu;
        this.output = output;
        this.outputPlace = outputPlace;
        first = inputPlace;
        second = otherPlace;
        requireSameDims(output, input);
        final int missing = other == null ? 0 : output.rank() - other.rank();
        for (int axis = 0; axis < output.rank(); axis++) {
            final long size = output.dims()[axis];
            if (size > 1) {
                final boolean isRepeated = other == null || axis < missing || other.dims()[axis - missing] == 1;
                axes.add(new Axis(size, output.strides()[axis], input.strides()[axis],
                    isRepeated ? 0 : other.strides()[axis - missing]));
            }
        }
        axes.sort((a, b) -> Long.compare(b.output, a.output));
        for (int i = axes.size() - 2; i >= 0; i--) {
            final Axis outer = axes.get(i);
            final Axis inner = axes.get(i + 1);
            if (outer.output == inner.output * inner.size && outer.first == inner.first * inner.size
                && outer.second == inner.second * inner.size) {
                axes.set(i, new Axis(outer.size * inner.size, inner.output, inner.first, inner.second));
                axes.remove(i + 1);
            }
        }
        if (axes.isEmpty()) {
            axes.add(new Axis(1, 1, 1, 1));
        }
    }

    private static void requireSameDims(final View output, final View input) {
        if (!java.util.Arrays.equals(output.dims(), input.dims())) {
            throw new UnsupportedOperationException("dimensions differ: " + output + " and " + input);
        }
    }

    MapBuilder pair(final Op.Pair function) {
        pair = function.ordinal();
        return this;
    }

    MapBuilder apply(final Op.Unary unary) {
        chain.add(new Link(unary.function().ordinal(), null, unary.alpha(), unary.beta()));
        return this;
    }

    /** Adds a tensor that lies like the second. */
    MapBuilder addLikeSecond(final Place other) {
        chain.add(new Link(ADD_LIKE_SECOND, other, 0, 0));
        return this;
    }

    /** Adds what a step does at its end; a sum in place is the caller's. */
    MapBuilder postOps(final List<PostOp> postOps, final java.util.function.Function<View, Place> places) {
        for (final PostOp postOp : postOps) {
            if (postOp instanceof PostOp.Apply apply) {
                apply(apply.unary());
            } else if (postOp instanceof PostOp.Add add && !add.isInPlace()) {
                requireSameDims(output, add.other());
                for (int axis = 0; axis < output.rank(); axis++) {
                    if (output.dims()[axis] > 1 && output.strides()[axis] != add.other().strides()[axis]) {
                        throw new UnsupportedOperationException("what is added lies differently: " + add.other());
                    }
                }
                chain.add(new Link(ADD_LIKE_OUTPUT, places.apply(add.other()), 0, 0));
            }
        }
        return this;
    }

    /** The call. */
    Call build() {
        if (axes.size() > RANK || chain.size() > MAX_CHAIN) {
            throw new UnsupportedOperationException("more than " + RANK + " dimensions or " + MAX_CHAIN + " functions");
        }
        final Call tiled = pair == NO_PAIR && chain.isEmpty() ? transposed() : null;
        if (tiled != null) {
            return tiled;
        }
        final ParameterBlock block = new ParameterBlock().address(outputPlace).address(first);
        if (second == null) {
            block.nothing();
        } else {
            block.address(second);
        }
        block.ints(output.elements(), axes.size(), pair, 0);
        block.array(RANK, axes.stream().mapToLong(Axis::size).toArray());
        block.array(RANK, axes.stream().mapToLong(Axis::output).toArray());
        block.array(RANK, axes.stream().mapToLong(Axis::first).toArray());
        block.array(RANK, axes.stream().mapToLong(Axis::second).toArray());
        block.ints(chain.size(), 0);
        for (int i = 0; i < MAX_CHAIN; i++) {
            final Link link = i < chain.size() ? chain.get(i) : new Link(0, null, 0, 0);
            if (link.other == null) {
                block.nothing();
            } else {
                block.address(link.other);
            }
            block.ints(link.kind).reals(link.alpha, link.beta).ints(0);
        }
        return KernelCall.elements(gpu, "map", output.elements(), block);
    }

    /** Matrices that are turned, in tiles so that both sides are read and written in rows; null if it is no such thing. */
    private Call transposed() {
        final int rank = axes.size();
        if (rank != 2 && rank != 3) {
            return null;
        }
        final Axis columns = axes.get(rank - 2);
        final Axis rows = axes.get(rank - 1);
        final long matrix = rows.size * columns.size;
        final boolean isTurned = rows.output == 1 && columns.output == rows.size && columns.first == 1
            && rows.first == columns.size && rows.size >= SMALLEST_TILED && columns.size >= SMALLEST_TILED;
        final long count = rank == 2 ? 1 : axes.get(0).size;
        final boolean isDense = rank == 2 || axes.get(0).output == matrix && axes.get(0).first == matrix;
        final long gridRows = (rows.size + TILE - 1) / TILE;
        if (!isTurned || !isDense || count > MAX_GRID || gridRows > MAX_GRID) {
            return null;
        }
        final ParameterBlock block = new ParameterBlock().address(outputPlace).address(first)
            .ints(rows.size, columns.size, matrix, 0);
        return KernelCall.of(gpu, "transpose", new int[] {(int) ((columns.size + TILE - 1) / TILE), (int) gridRows, (int) count},
            new int[] {TILE, TILE_ROWS, 1}, block);
    }
}
