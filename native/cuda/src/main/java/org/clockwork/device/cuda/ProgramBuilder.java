package org.clockwork.device.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.clockwork.compiler.Op;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.PostOp;
import org.clockwork.compiler.Step;
import org.clockwork.compiler.Storage;
import org.clockwork.compiler.View;
import org.clockwork.compiler.Weight;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;
import org.clockwork.device.engine.IoLayout;

/** Turns the steps of one plan into calls for one GPU. Used by the compiling thread. */
final class ProgramBuilder {
    private static final long ALIGNMENT = 256;
    private static final int WARP = 32;
    private static final int MAX_THREADS = 256;

    private final Gpu gpu;
    private final Plan plan;
    private final IoLayout io;
    private final WeightsLayout layout;
    private final AlgorithmChoices choices;
    private final Map<Integer, Weight> weights = new HashMap<>();
    private final List<Call> calls = new ArrayList<>();
    private final long scratchStart;
    private boolean canFail;
    private long workspaceBytes;
    // of the step that is being built
    private long scratchUsed;

    ProgramBuilder(final Gpu gpu, final Plan plan, final IoLayout io, final WeightsLayout layout,
        final AlgorithmChoices choices) {
        this.gpu = gpu;
        this.plan = plan;
        this.io = io;
        this.layout = layout;
        this.choices = choices;
        plan.weights().forEach(weight -> weights.put(weight.index(), weight));
        scratchStart = rounded(plan.workspaceBytes());
        workspaceBytes = scratchStart;
    }

    private static long rounded(final long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** All calls in the order of the steps. */
    Program build() throws ModelException {
        for (int i = 0; i < plan.steps().size(); i++) {
            final Step step = plan.steps().get(i);
            try {
                scratchUsed = 0;
                add(step, i);
            } catch (final CudaException | RuntimeException e) {
                close();
                throw new ModelException(Reason.UNSUPPORTED_OPERATOR,
                    "node '" + step.node() + "': there is no call for " + step + ": " + e.getMessage(), e);
            }
        }
        if (workspaceBytes > gpu.workspaceBytes()) {
            close();
            throw new ModelException(Reason.TOO_LARGE, "A batch of " + plan.batchSize() + " needs a workspace of "
                + workspaceBytes + " bytes; there are " + gpu.workspaceBytes());
        }
        return new Program(plan.batchSize(), calls.toArray(Call[]::new), canFail, choices);
    }

    private void close() {
        calls.forEach(Call::close);
        calls.clear();
    }

    private void add(final Step step, final int index) throws CudaException {
        final Op op = step.op();
        if (op instanceof Op.Conv conv) {
            convolution(step, conv, index);
        } else if (op instanceof Op.MatMul) {
            new GemmBuilder(gpu).add(calls, step, this::place, isAccumulated(step));
            finish(step, 2);
        } else if (op instanceof Op.Pool pool) {
            pooling(step, pool);
        } else if (op instanceof Op.Unary unary) {
            calls.add(map(step, null).apply(unary).postOps(step.postOps(), this::place).build());
        } else if (op instanceof Op.Binary binary) {
            calls.add(map(step, step.inputs().get(1)).pair(binary.function()).postOps(step.postOps(), this::place).build());
        } else if (op instanceof Op.Copy) {
            calls.add(map(step, null).postOps(step.postOps(), this::place).build());
        } else if (op instanceof Op.Affine) {
            final View row = channels(step, step.inputs().get(1));
            calls.add(map(step, row).pair(Op.Pair.MUL).addLikeSecond(place(step.inputs().get(2)))
                .postOps(step.postOps(), this::place).build());
        } else if (op instanceof Op.Softmax softmax) {
            softmax(step, softmax);
        } else if (op instanceof Op.LayerNorm norm) {
            layerNorm(step, norm);
        } else if (op instanceof Op.Reduce reduce) {
            reduce(step, reduce);
        } else if (op instanceof Op.Gather) {
            gather(step);
        } else if (op instanceof Op.Cast) {
            cast(step);
        } else if (op instanceof Op.Pixels) {
            pixels(step);
        } else {
            throw new UnsupportedOperationException("it is unknown");
        }
    }

    // what all steps use

    private Weight weight(final View view) {
        return weights.get(view.storage().index());
    }

    private Place place(final View view) {
        final Storage storage = view.storage();
        final Place start = switch (storage.kind()) {
            case INPUT -> new Place(Place.Region.INPUTS, io.inputs().offset(plan.batchSize(), storage.index()));
            case OUTPUT -> new Place(Place.Region.OUTPUTS, io.outputs().offset(plan.batchSize(), storage.index()));
            case WORKSPACE -> new Place(Place.Region.WORKSPACE, storage.offset());
            case WEIGHTS -> layout.plain(weight(view));
        };
        return start.plus(view.offset() * view.type().bytes());
    }

    private Place scratch(final long bytes) {
        final Place place = new Place(Place.Region.WORKSPACE, scratchStart + scratchUsed);
        scratchUsed += rounded(bytes);
        workspaceBytes = Math.max(workspaceBytes, scratchStart + scratchUsed);
        return place;
    }

    private MapBuilder map(final Step step, final View other) {
        requireFloats(step.output());
        requireFloats(step.inputs().get(0));
        return new MapBuilder(gpu, step.output(), place(step.output()), step.inputs().get(0), place(step.inputs().get(0)), other,
            other == null ? null : place(other));
    }

    private static void requireFloats(final View view) {
        if (view.type() != ElementType.FLOAT32) {
            throw new UnsupportedOperationException("elements of type " + view.type());
        }
    }

    /** A vector repeated for all but the channels of the step's output. */
    private static View channels(final Step step, final View vector) {
        final long[] dims = new long[step.output().rank()];
        final long[] strides = new long[dims.length];
        java.util.Arrays.fill(dims, 1);
        dims[1] = vector.elements();
        strides[1] = 1;
        return new View(vector.storage(), vector.offset(), dims, strides);
    }

    /** Whether the step adds to what is in its output: the first of its post-ops, as the compiler writes them. */
    private static boolean isAccumulated(final Step step) {
        boolean isAccumulated = false;
        for (int i = 0; i < step.postOps().size(); i++) {
            if (step.postOps().get(i) instanceof PostOp.Add add && add.isInPlace()) {
                if (i > 0) {
                    throw new UnsupportedOperationException("a sum in place after a function");
                }
                isAccumulated = true;
            }
        }
        return isAccumulated;
    }

    /** Bias and post-ops of what a library has computed; {@code biasInput} is the input that is the bias, if it is there. */
    private void finish(final Step step, final int biasInput) {
        final boolean hasBias = step.inputs().size() > biasInput;
        final boolean hasMore = step.postOps().stream().anyMatch(op -> !(op instanceof PostOp.Add add && add.isInPlace()));
        if (!hasBias && !hasMore) {
            return;
        }
        final View output = step.output();
        View bias = null;
        if (hasBias) {
            final View given = step.inputs().get(biasInput);
            bias = step.op() instanceof Op.Conv ? channels(step, given)
                : new View(given.storage(), given.offset(), new long[] {given.elements()}, new long[] {1});
        }
        final MapBuilder map = new MapBuilder(gpu, output, place(output), output, place(output), bias,
            bias == null ? null : place(bias));
        if (hasBias) {
            map.pair(Op.Pair.ADD);
        }
        calls.add(map.postOps(step.postOps(), this::place).build());
    }

    // the steps

    private void convolution(final Step step, final Op.Conv conv, final int index) throws CudaException {
        final View x = step.inputs().get(0);
        final View y = step.output();
        requireImage(x);
        requireImage(y);
        final long[] w = step.inputs().get(1).dims();
        final boolean isSimple = w[2] * w[3] == 1 && conv.strides()[0] * conv.strides()[1] == 1
            && conv.padBegin()[0] + conv.padBegin()[1] + conv.padEnd()[0] + conv.padEnd()[1] == 0;
        if (conv.isTransposed()) {
            transposed(step, conv);
        } else if (isSimple && conv.groups() == 1) {
            final int pixels = (int) (x.elements() / w[1]);
            final GemmCall.Shape shape = new GemmCall.Shape(pixels, (int) w[1], (int) w[0], 1, 1,
                new GemmCall.Matrix(false, w[1], 0, 0), new GemmCall.Matrix(true, w[1], 0, 0),
                new GemmCall.Matrix(false, w[0], 0, 0));
            calls.add(new GemmCall(gpu, shape, place(x), place(step.inputs().get(1)), place(y), isAccumulated(step)));
        } else if (conv.groups() == x.dims()[1] && w[0] == conv.groups()) {
            final Place filters = layout.place(weight(step.inputs().get(1)), w, 2, 3, 0, 1);
            calls.add(window("conv_depthwise", y.elements(), place(y), place(x), filters, x.dims(), y.dims(), conv, w,
                isAccumulated(step)));
        } else {
            library(step, conv, index);
        }
        finish(step, 2);
    }

    private static void requireImage(final View view) {
        requireFloats(view);
        if (!view.isChannelsLast()) {
            throw new UnsupportedOperationException("an image whose channels are not innermost: " + view);
        }
    }

    private void library(final Step step, final Op.Conv conv, final int index) throws CudaException {
        final long[] y = step.output().dims();
        final long[] w = step.inputs().get(1).dims();
        final Place filters = layout.place(weight(step.inputs().get(1)), w, 0, 2, 3, 1);
        long[] x = step.inputs().get(0).dims();
        Place input = place(step.inputs().get(0));
        long[] pads = conv.padBegin();
        if (!isEven(conv, x, w, y)) {
            final long[] padded = {x[0], x[1], x[2] + pads[0] + conv.padEnd()[0], x[3] + pads[1] + conv.padEnd()[1]};
            final long elements = padded[0] * padded[1] * padded[2] * padded[3];
            final Place place = scratch(elements * Float.BYTES);
            calls.add(window("pad_image", elements, place, input, null, x, padded, conv, w, false));
            x = padded;
            input = place;
            pads = new long[2];
        }
        final ConvShape shape = new ConvShape(conv, x, w, y, pads);
        final long limit = gpu.workspaceBytes() - scratchStart - scratchUsed;
        final List<ConvShape.Algorithm> algorithms = shape.algorithms(gpu, limit);
        if (!algorithms.isEmpty()) {
            final long most = algorithms.stream().mapToLong(ConvShape.Algorithm::scratchBytes).max().getAsLong();
            calls.add(new ConvCall(gpu, shape, choices.choice(plan.batchSize(), index, algorithms), input, filters,
                place(step.output()), scratch(most), isAccumulated(step)));
            return;
        }
        shape.close();
        calls.add(window("conv_direct", step.output().elements(), place(step.output()), place(step.inputs().get(0)), filters,
            step.inputs().get(0).dims(), y, conv, w, isAccumulated(step)));
    }

    /** Whether the same padding on both sides gives the same output. */
    private static boolean isEven(final Op.Conv conv, final long[] x, final long[] w, final long[] y) {
        for (int i = 0; i < 2; i++) {
            final long span = x[2 + i] + 2 * conv.padBegin()[i] - conv.dilations()[i] * (w[2 + i] - 1) - 1;
            if (span < 0 || span / conv.strides()[i] + 1 != y[2 + i]) {
                return false;
            }
        }
        return true;
    }

    /** A product makes what each pixel of the input gives to its window; a kernel sums up what meets in a pixel. */
    private void transposed(final Step step, final Op.Conv conv) {
        final View x = step.inputs().get(0);
        final View y = step.output();
        final long[] w = step.inputs().get(1).dims();
        final int groups = conv.groups();
        final long pixels = x.dims()[0] * x.dims()[2] * x.dims()[3];
        final long in = w[0] / groups;
        final long width = w[1] * w[2] * w[3];
        final Place filters = layout.place(weight(step.inputs().get(1)), w, 0, 2, 3, 1);
        final Place columns = scratch(pixels * width * groups * Float.BYTES);
        final GemmCall.Shape shape = new GemmCall.Shape((int) pixels, (int) in, (int) width, groups, 1,
            new GemmCall.Matrix(false, w[0], in, 0), new GemmCall.Matrix(false, width, in * width, 0),
            new GemmCall.Matrix(false, width * groups, width, 0));
        calls.add(new GemmCall(gpu, shape, place(x), filters, columns, false));
        calls.add(window("conv_transposed", y.elements(), place(y), columns, null, x.dims(), y.dims(), conv, w,
            isAccumulated(step)));
    }

    private Call window(final String kernel, final long elements, final Place output, final Place input, final Place filters,
        final long[] x, final long[] y, final Op.Conv conv, final long[] w, final boolean isAccumulated) {
        final ParameterBlock block = new ParameterBlock().address(output).address(input);
        if (filters == null) {
            block.nothing();
        } else {
            block.address(filters);
        }
        block.ints(x[0], x[2], x[3], x[1], y[2], y[3], y[1], w[2], w[3]).ints(conv.strides()).ints(conv.padBegin())
            .ints(conv.dilations()).ints(conv.groups(), 0, isAccumulated ? 1 : 0).align();
        return KernelCall.elements(gpu, kernel, elements, block);
    }

    private void pooling(final Step step, final Op.Pool pool) throws CudaException {
        final View x = step.inputs().get(0);
        final View y = step.output();
        requireImage(x);
        requireImage(y);
        if (PoolCall.covers(pool, x.dims(), y.dims())) {
            calls.add(new PoolCall(gpu, pool, x.dims(), y.dims(), place(x), place(y)));
        } else {
            final ParameterBlock block = new ParameterBlock().address(place(y)).address(place(x)).nothing()
                .ints(x.dims()[0], x.dims()[2], x.dims()[3], x.dims()[1], y.dims()[2], y.dims()[3], y.dims()[1])
                .ints(pool.kernel()).ints(pool.strides()).ints(pool.padBegin()).ints(1, 1)
                .ints(1, pool.isPaddingCounted() ? 1 : 0, 0).align();
            calls.add(KernelCall.elements(gpu, pool.what() == Op.Many.MAX ? "pool_max" : "pool_mean", y.elements(), block));
        }
        finish(step, 1);
    }

    private static int threads(final long width) {
        int threads = WARP;
        while (threads < MAX_THREADS && threads * 4L < width) {
            threads *= 2;
        }
        return threads;
    }

    private void softmax(final Step step, final Op.Softmax softmax) throws CudaException {
        final View x = step.inputs().get(0);
        requireFloats(x);
        final long width = x.dims()[softmax.axis()];
        final long stride = width == 1 ? 1 : x.strides()[softmax.axis()];
        final long rows = x.elements() / width;
        if (stride == 1) {
            calls.add(new SoftmaxCall(gpu, (int) rows, (int) width, place(x), place(step.output())));
        } else {
            final ParameterBlock block = new ParameterBlock().address(place(step.output())).address(place(x)).nothing().nothing()
                .ints(rows, width, stride, stride * width, stride).reals(0).align();
            calls.add(KernelCall.rows(gpu, "softmax", rows, threads(width), block));
        }
        finish(step, 1);
    }

    private void layerNorm(final Step step, final Op.LayerNorm norm) {
        final View x = step.inputs().get(0);
        requireFloats(x);
        final long width = x.dims()[x.rank() - 1];
        final long rows = x.elements() / width;
        final ParameterBlock block = new ParameterBlock().address(place(step.output())).address(place(x))
            .address(place(step.inputs().get(1))).address(place(step.inputs().get(2)))
            .ints(rows, width, 1, width, 1).reals(norm.epsilon()).align();
        calls.add(KernelCall.rows(gpu, "layer_norm", rows, threads(width), block));
        finish(step, 3);
    }

    private void reduce(final Step step, final Op.Reduce reduce) {
        final int rank = 6;
        final View x = step.inputs().get(0);
        final View y = step.output();
        requireFloats(x);
        if (x.rank() > rank || !y.isPlain()) {
            throw new UnsupportedOperationException("sums of " + x + " to " + y);
        }
        final List<long[]> kept = new ArrayList<>();
        final List<long[]> gone = new ArrayList<>();
        long width = 1;
        for (int axis = 0; axis < x.rank(); axis++) {
            final boolean isGone = y.dims()[axis] == 1;
            (isGone ? gone : kept).add(new long[] {x.dims()[axis], x.strides()[axis]});
            width *= isGone ? x.dims()[axis] : 1;
        }
        final ParameterBlock block = new ParameterBlock().address(place(y)).address(place(x))
            .ints(reduce.what().ordinal(), y.elements(), kept.size(), gone.size(), width, 0);
        for (final List<long[]> axes : List.of(kept, gone)) {
            block.array(rank, axes.stream().mapToLong(axis -> axis[0]).toArray());
            block.array(rank, axes.stream().mapToLong(axis -> axis[1]).toArray());
        }
        calls.add(KernelCall.rows(gpu, "reduce", y.elements(), threads(width), block.align()));
        finish(step, 1);
    }

    private void gather(final Step step) {
        final View table = step.inputs().get(0);
        final View rows = step.inputs().get(1);
        final long width = table.dims()[1];
        canFail = true;
        final ParameterBlock block = new ParameterBlock().address(place(step.output())).address(place(table))
            .address(place(rows)).address(new Place(Place.Region.ERROR, 0))
            .ints(rows.elements(), width, table.dims()[0], rows.type() == ElementType.INT64 ? 1 : 0);
        calls.add(KernelCall.elements(gpu, "gather", rows.elements() * width, block));
    }

    private void cast(final Step step) {
        final View x = step.inputs().get(0);
        final int from = switch (x.type()) {
            case INT32 -> 0;
            case INT64 -> 1;
            case UINT8 -> 2;
            case INT8 -> 3;
            default -> throw new UnsupportedOperationException("elements of type " + x.type());
        };
        final ParameterBlock block = new ParameterBlock().address(place(step.output())).address(place(x))
            .ints(x.elements(), from);
        calls.add(KernelCall.elements(gpu, "cast", x.elements(), block));
    }

    private void pixels(final Step step) {
        final View x = step.inputs().get(0);
        final View y = step.output();
        requireImage(y);
        if (!x.isPlain() && !x.isChannelsLast()) {
            throw new UnsupportedOperationException("pixels in this order: " + x);
        }
        final ParameterBlock block = new ParameterBlock().address(place(y)).address(place(x))
            .address(place(step.inputs().get(1))).address(place(step.inputs().get(2)))
            .ints(x.elements(), x.dims()[1], x.dims()[2] * x.dims()[3], x.isChannelsLast() ? 0 : 1);
        calls.add(KernelCall.elements(gpu, "pixels", x.elements(), block));
    }
}
