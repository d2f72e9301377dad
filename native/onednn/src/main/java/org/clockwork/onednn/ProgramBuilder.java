package org.clockwork.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.deconvolution_forward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.layer_normalization_forward;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reduction;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.javacpp.PointerScope;
import org.clockwork.compiler.Op;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.PostOp;
import org.clockwork.compiler.Step;
import org.clockwork.compiler.View;
import org.clockwork.compiler.Weight;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/** Turns the steps of one plan into calls. Used by the compiling thread. */
final class ProgramBuilder {
    private static final int INFERENCE = prop_kind.forward_inference.value;
    private static final long SCRATCHPAD_ALIGNMENT = 4096;

    private final OneDnn library;
    private final Plan plan;
    private final Places places;
    private final Layouts layouts;
    private final Map<Integer, Weight> weights = new HashMap<>();
    private final List<Call> calls = new ArrayList<>();
    private final long scratchpadOffset;
    private long scratchpadBytes;
    // of the step that is being built
    private final List<Integer> names = new ArrayList<>();
    private final List<memory> memories = new ArrayList<>();
    private final List<memory> owned = new ArrayList<>();

    ProgramBuilder(final OneDnn library, final Plan plan, final Places places, final Layouts layouts) {
        this.library = library;
        this.plan = plan;
        this.places = places;
        this.layouts = layouts;
        plan.weights().forEach(weight -> weights.put(weight.index(), weight));
        scratchpadOffset = (plan.workspaceBytes() + SCRATCHPAD_ALIGNMENT - 1) / SCRATCHPAD_ALIGNMENT * SCRATCHPAD_ALIGNMENT;
    }

    /** All calls in the order of the steps. */
    @SuppressWarnings("try")
    List<Call> build() throws ModelException {
        for (final Step step : plan.steps()) {
            try (PointerScope scope = new PointerScope()) {
                names.clear();
                memories.clear();
                owned.clear();
                calls.add(call(step));
            } catch (final RuntimeException e) {
                owned.forEach(memory::deallocate);
                close();
                throw new ModelException(Reason.UNSUPPORTED_OPERATOR,
                    "node '" + step.node() + "': oneDNN has no primitive for " + step + ": " + e.getMessage(), e);
            }
        }
        if (workspaceBytes() > places.workspaceBytes()) {
            close();
            throw new ModelException(Reason.TOO_LARGE, "A batch of " + plan.batchSize() + " needs a workspace of "
                + workspaceBytes() + " bytes; there are " + places.workspaceBytes());
        }
        return calls;
    }

    private void close() {
        calls.forEach(Call::close);
        calls.clear();
    }

    /** What the plan and its primitives need together. */
    long workspaceBytes() {
        return scratchpadOffset + scratchpadBytes;
    }

    private Call call(final Step step) {
        final Op op = step.op();
        if (op instanceof Op.Conv conv) {
            return conv.isTransposed() ? transposedConvolution(step, conv) : convolution(step, conv);
        } else if (op instanceof Op.MatMul) {
            return product(step);
        } else if (op instanceof Op.Pool pool) {
            return pooling(step, pool);
        } else if (op instanceof Op.Unary unary) {
            final var pd = new eltwise_forward.primitive_desc(library.engine(), INFERENCE, Algorithms.of(unary.function()),
                source(step, 0), target(step), unary.alpha(), unary.beta(), attributes(step), false);
            return finish(pd, new eltwise_forward(pd));
        } else if (op instanceof Op.Binary binary) {
            final var pd = new binary.primitive_desc(library.engine(), Algorithms.of(binary.function()),
                source(step, 0), argument(DNNL_ARG_SRC_1, step.inputs().get(1)), target(step), attributes(step), false);
            return finish(pd, new binary(pd));
        } else if (op instanceof Op.Softmax softmax) {
            final var pd = new softmax_forward.primitive_desc(library.engine(), INFERENCE, algorithm.softmax_accurate.value,
                source(step, 0), target(step), softmax.axis(), attributes(step), false);
            return finish(pd, new softmax_forward(pd));
        } else if (op instanceof Op.LayerNorm norm) {
            return layerNorm(step, norm);
        } else if (op instanceof Op.Affine) {
            return affine(step);
        } else if (op instanceof Op.Reduce reduce) {
            final var pd = new reduction.primitive_desc(library.engine(), Algorithms.of(reduce.what()), source(step, 0),
                target(step), 0, 0, attributes(step), false);
            return finish(pd, new reduction(pd));
        } else if (op instanceof Op.Copy) {
            final var pd = new reorder.primitive_desc(library.engine(), source(step, 0), library.engine(), target(step),
                attributes(step), false);
            return finish(pd, new reorder(pd));
        } else if (op instanceof Op.Gather) {
            return gather(step);
        } else if (op instanceof Op.Pixels) {
            final View in = step.inputs().get(0);
            return new PixelsCall(in, address(in), step.output().type(), address(step.output()),
                vector(weight(step.inputs().get(1))).offset(), vector(weight(step.inputs().get(2))).offset());
        } else if (op instanceof Op.Cast) {
            final View in = step.inputs().get(0);
            return new CastCall(address(in), in.type() == ElementType.INT64, address(step.output()),
                Math.toIntExact(in.elements()));
        }
        throw new UnsupportedOperationException("there is no primitive for this step");
    }

    private Call convolution(final Step step, final Op.Conv conv) {
        final View filters = step.inputs().get(1);
        final long[] f = filters.dims();
        final long groups = conv.groups();
        final long[] dims = groups == 1 ? f : new long[] {groups, f[0] / groups, f[1], f[2], f[3]};
        final memory.desc source = source(step, 0);
        final memory.desc target = target(step);
        final primitive_attr attributes = attributes(step);
        final memory.desc bias = bias(step, 1);
        final long[] dilations = Arrays.stream(conv.dilations()).map(d -> d - 1).toArray();
        final var engine = library.engine();
        final int direct = algorithm.convolution_direct.value;
        final WantedBy<convolution_forward.primitive_desc> maker = wanted -> bias == null
            ? new convolution_forward.primitive_desc(engine, INFERENCE, direct, source, wanted, target, conv.strides(), dilations,
                conv.padBegin(), conv.padEnd(), attributes, false)
            : new convolution_forward.primitive_desc(engine, INFERENCE, direct, source, wanted, bias, target, conv.strides(),
                dilations, conv.padBegin(), conv.padEnd(), attributes, false);
        final var pd = withWeights(step, dims, filters, maker, convolution_forward.primitive_desc::weights_desc);
        return finish(pd, new convolution_forward(pd));
    }

    private Call transposedConvolution(final Step step, final Op.Conv conv) {
        final View filters = step.inputs().get(1);
        final long[] f = filters.dims();
        final long groups = conv.groups();
        // the model has inputs before outputs
        final long[] split = {groups, f[0] / groups, f[1], f[2], f[3]};
        final View swapped = groups == 1 ? permuted(filters, f, 1, 0, 2, 3) : permuted(filters, split, 0, 2, 1, 3, 4);
        final memory.desc source = source(step, 0);
        final memory.desc target = target(step);
        final primitive_attr attributes = attributes(step);
        final memory.desc bias = bias(step, 1);
        final long[] dilations = Arrays.stream(conv.dilations()).map(d -> d - 1).toArray();
        final var engine = library.engine();
        final int direct = algorithm.deconvolution_direct.value;
        final WantedBy<deconvolution_forward.primitive_desc> maker = wanted -> bias == null
            ? new deconvolution_forward.primitive_desc(engine, INFERENCE, direct, source, wanted, target, conv.strides(),
                dilations, conv.padBegin(), conv.padEnd(), attributes, false)
            : new deconvolution_forward.primitive_desc(engine, INFERENCE, direct, source, wanted, bias, target, conv.strides(),
                dilations, conv.padBegin(), conv.padEnd(), attributes, false);
        final var pd = withWeights(step, swapped.dims(), swapped, maker, deconvolution_forward.primitive_desc::weights_desc);
        return finish(pd, new deconvolution_forward(pd));
    }

    private static View permuted(final View view, final long[] dims, final int... order) {
        final long[] plain = new long[dims.length];
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            plain[i] = stride;
            stride *= dims[i];
        }
        return new View(view.storage(), 0, Arrays.stream(order).mapToLong(i -> dims[i]).toArray(),
            Arrays.stream(order).mapToLong(i -> plain[i]).toArray());
    }

    private Call product(final Step step) {
        final memory.desc source = source(step, 0);
        final memory.desc target = target(step);
        final View right = step.inputs().get(1);
        final primitive_attr attributes = attributes(step);
        final memory.desc bias = bias(step, step.output().rank());
        final WantedBy<matmul.primitive_desc> maker = wanted -> bias == null
            ? new matmul.primitive_desc(library.engine(), source, wanted, target, attributes, false)
            : new matmul.primitive_desc(library.engine(), source, wanted, bias, target, attributes, false);
        final matmul.primitive_desc pd;
        if (weight(right) == null) {
            pd = maker.make(argument(DNNL_ARG_WEIGHTS, right));
        } else {
            pd = withWeights(step, right.dims(), right, maker, matmul.primitive_desc::weights_desc);
        }
        return finish(pd, new matmul(pd));
    }

    /** Makes a primitive description for a layout of its weights. */
    @FunctionalInterface
    private interface WantedBy<P> {
        P make(memory.desc wanted);
    }

    /**
     * Lets the primitive choose the layout of its weights, and takes one that is there already if the same implementation
     * can do with it.
     */
    private <P extends primitive_desc> P withWeights(final Step step, final long[] dims, final View view, final WantedBy<P> maker,
        final java.util.function.Function<P, memory.desc> layout) {
        final Weight weight = weight(view);
        final memory.data_type type = Memories.type(plan.precision());
        final String shape = Arrays.toString(dims) + Arrays.toString(view.strides());
        final memory.desc[] plain = {new memory.desc(dims, memory.data_type.f32,
            dims.length == view.rank() ? view.strides() : plainStrides(dims))};
        P pd = maker.make(Memories.any(dims, type));
        final String implementation = pd.impl_info_str().getString();
        for (final Layouts.Entry entry : layouts.of(weight, shape)) {
            if (!entry.laidOut().equals(layout.apply(pd))) {
                try {
                    final P other = maker.make(entry.laidOut());
                    if (other.impl_info_str().getString().equals(implementation)) {
                        pd = other;
                        break;
                    }
                } catch (final RuntimeException e) {
                    // this layout is none for it: the weights will be there twice
                    continue;
                }
            }
        }
        put(DNNL_ARG_WEIGHTS, layouts.entry(weight, shape, plain[0], layout.apply(pd)).memory());
        return pd;
    }

    private static long[] plainStrides(final long[] dims) {
        final long[] strides = new long[dims.length];
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dims[i];
        }
        return strides;
    }

    private Call pooling(final Step step, final Op.Pool pool) {
        final int how = pool.what() == Op.Many.MAX ? algorithm.pooling_max.value
            : pool.isPaddingCounted() ? algorithm.pooling_avg_include_padding.value : algorithm.pooling_avg_exclude_padding.value;
        final var pd = new pooling_forward.primitive_desc(library.engine(), INFERENCE, how, source(step, 0), target(step),
            pool.strides(), pool.kernel(), new long[2], pool.padBegin(), pool.padEnd(), attributes(step), false);
        return finish(pd, new pooling_forward(pd));
    }

    private Call layerNorm(final Step step, final Op.LayerNorm norm) {
        final int flags = normalization_flags.use_scale.value | normalization_flags.use_shift.value;
        final var pd = new layer_normalization_forward.primitive_desc(library.engine(), INFERENCE, source(step, 0), target(step),
            norm.epsilon(), flags, attributes(step), false);
        putVector(DNNL_ARG_SCALE, weight(step.inputs().get(1)));
        putVector(DNNL_ARG_SHIFT, weight(step.inputs().get(2)));
        return finish(pd, new layer_normalization_forward(pd));
    }

    /** A product and a sum, or where those have no fast code, a batch normalisation of mean 0 and variance 1. */
    private Call affine(final Step step) {
        final Weight factors = weight(step.inputs().get(1));
        final memory.desc row = Memories.channels(step.output().rank(), factors.elements());
        final primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(scratchpad_mode.user.value);
        final post_ops ops = new post_ops();
        ops.append_binary(algorithm.binary_add.value, row);
        appendPostOps(step, ops, 1);
        attributes.set_post_ops(ops);
        final memory.desc source = source(step, 0);
        final binary.primitive_desc pd;
        try {
            pd = new binary.primitive_desc(
                library.engine(), algorithm.binary_mul.value, source, row, target(step), attributes, false);
        } catch (final RuntimeException e) {
            return normalization(step);
        }
        if (pd.impl_info_str().getString().startsWith("ref")) {
            return normalization(step);
        }
        put(DNNL_ARG_SRC_1, layouts.entry(factors, "channels" + row.get_ndims(), row, row).memory());
        final Weight shifts = weight(step.inputs().get(2));
        put(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1,
            layouts.entry(shifts, "channels" + row.get_ndims(), row, row).memory());
        return finish(pd, new binary(pd));
    }

    private Call normalization(final Step step) {
        names.clear();
        memories.clear();
        final int flags = normalization_flags.use_global_stats.value | normalization_flags.use_scale.value
            | normalization_flags.use_shift.value;
        final var pd = new batch_normalization_forward.primitive_desc(library.engine(), INFERENCE, source(step, 0), target(step),
            0, flags, attributes(step), false);
        final Weight scale = weight(step.inputs().get(1));
        putVector(DNNL_ARG_SCALE, scale);
        putVector(DNNL_ARG_SHIFT, weight(step.inputs().get(2)));
        putVector(DNNL_ARG_MEAN, constant("mean", 0, scale.elements()));
        putVector(DNNL_ARG_VARIANCE, constant("variance", 1, scale.elements()));
        return finish(pd, new batch_normalization_forward(pd));
    }

    private static Weight constant(final String name, final float value, final long size) {
        return new Weight(-1, name + "=" + value, new long[] {size}, () -> {
            final float[] values = new float[(int) size];
            Arrays.fill(values, value);
            return FloatBuffer.wrap(values);
        });
    }

    private Call gather(final Step step) {
        final View table = step.inputs().get(0);
        final View rows = step.inputs().get(1);
        final Weight weight = weight(table);
        final memory.desc plain = Memories.vector(weight.elements());
        final Layouts.Entry entry = layouts.entry(weight, "table", plain, plain);
        return new GatherCall(entry.offset(), Math.toIntExact(table.dims()[0]), Math.toIntExact(table.dims()[1] * Float.BYTES),
            address(rows), Math.toIntExact(rows.elements()), rows.type() == ElementType.INT64, address(step.output()));
    }

    // arguments of the step that is being built

    private void put(final int name, final memory memory) {
        names.add(name);
        memories.add(memory);
    }

    private void putVector(final int name, final Weight weight) {
        put(name, vector(weight).memory());
    }

    private Layouts.Entry vector(final Weight weight) {
        final memory.desc vector = Memories.vector(weight.elements());
        return layouts.entry(weight, "vector", vector, vector);
    }

    private memory.desc source(final Step step, final int input) {
        return argument(DNNL_ARG_SRC, step.inputs().get(input));
    }

    private memory.desc target(final Step step) {
        return argument(DNNL_ARG_DST, step.output());
    }

    /** A bias as a row of so many dimensions; null if the step has none. */
    private memory.desc bias(final Step step, final int rank) {
        if (step.inputs().size() < 3) {
            return null;
        }
        final Weight weight = weight(step.inputs().get(2));
        final memory.desc row = Memories.row(rank, weight.elements());
        put(DNNL_ARG_BIAS, layouts.entry(weight, "row" + rank, row, row).memory());
        return row;
    }

    private memory.desc argument(final int name, final View view) {
        final memory.desc desc = Memories.describe(view);
        final Weight weight = weight(view);
        if (weight == null) {
            final memory memory = Memories.keep(new memory(desc, library.engine(), new Address(address(view))));
            owned.add(memory);
            put(name, memory);
        } else {
            if (view.offset() != 0) {
                throw new UnsupportedOperationException("a part of a constant");
            }
            put(name, layouts.entry(weight, Arrays.toString(view.dims()) + Arrays.toString(view.strides()), desc, desc).memory());
        }
        return desc;
    }

    private Weight weight(final View view) {
        return view.storage().kind() == org.clockwork.compiler.Storage.Kind.WEIGHTS ? weights.get(view.storage().index()) : null;
    }

    private long address(final View view) {
        final long start = switch (view.storage().kind()) {
            case INPUT -> places.input(plan.batchSize(), view.storage().index());
            case OUTPUT -> places.output(plan.batchSize(), view.storage().index());
            case WORKSPACE -> places.workspace() + view.storage().offset();
            case WEIGHTS -> throw new IllegalArgumentException("weights have no address yet");
        };
        return start + view.offset() * view.type().bytes();
    }

    private primitive_attr attributes(final Step step) {
        final primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(scratchpad_mode.user.value);
        final post_ops ops = new post_ops();
        appendPostOps(step, ops, 0);
        attributes.set_post_ops(ops);
        return attributes;
    }

    private void appendPostOps(final Step step, final post_ops ops, final int first) {
        int index = first;
        for (final PostOp postOp : step.postOps()) {
            if (postOp instanceof PostOp.Apply apply) {
                ops.append_eltwise(Algorithms.of(apply.unary().function()), apply.unary().alpha(), apply.unary().beta());
            } else if (postOp instanceof PostOp.Add add && add.isInPlace()) {
                ops.append_sum();
            } else if (postOp instanceof PostOp.Add add) {
                final int base = DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (index + 1);
                ops.append_binary(algorithm.binary_add.value, argument(base | DNNL_ARG_SRC_1, add.other()));
            }
            index++;
        }
    }

    private Call finish(final primitive_desc_base pd, final primitive primitive) {
        final memory.desc scratchpad = pd.scratchpad_desc();
        scratchpadBytes = Math.max(scratchpadBytes, scratchpad.get_size());
        final memory memory = Memories.keep(
            new memory(scratchpad, library.engine(), new Address(places.workspace() + scratchpadOffset)));
        owned.add(memory);
        put(DNNL_ARG_SCRATCHPAD, memory);
        return new PrimitiveCall(library, primitive, names.stream().mapToInt(Integer::intValue).toArray(), memories, owned,
            pd.impl_info_str().getString());
    }
}
