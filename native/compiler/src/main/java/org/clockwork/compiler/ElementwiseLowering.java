package org.clockwork.compiler;

import java.util.Arrays;
import java.util.List;
import org.clockwork.compiler.Op.Function;
import org.clockwork.compiler.Op.Pair;
import org.clockwork.device.ModelException;

/** Functions of elements, sums over them, and what is fused into the step before. For one thread. */
final class ElementwiseLowering {
    private final Lowering lowering;
    private final Idioms idioms;
    private final Repetition repetition;

    ElementwiseLowering(final Lowering lowering) {
        this.lowering = lowering;
        idioms = new Idioms(lowering);
        repetition = new Repetition(lowering);
    }

    boolean lower(final Node node) throws ModelException {
        final Op.Unary unary = unary(node);
        if (unary != null) {
            apply(node, 0, unary, lowering.value(node, 0).step());
            return true;
        }
        switch (node.operator()) {
            case "Add" -> binary(node, Pair.ADD);
            case "Sub" -> binary(node, Pair.SUB);
            case "Mul" -> binary(node, Pair.MUL);
            case "Div" -> binary(node, Pair.DIV);
            case "Max" -> binary(node, Pair.MAX);
            case "Min" -> binary(node, Pair.MIN);
            case "Pow" -> power(node);
            case "Softmax" -> softmax(node);
            case "LayerNormalization" -> layerNormalization(node);
            case "ReduceMean" -> reduce(node, Op.Many.MEAN);
            case "ReduceSum" -> reduce(node, Op.Many.SUM);
            case "ReduceMax" -> reduce(node, Op.Many.MAX);
            case "ReduceMin" -> reduce(node, Op.Many.MIN);
            case "Erf" -> idioms.expectErf(node);
            default -> {
                return false;
            }
        }
        return true;
    }

    /** The function of an operator that has one input; null for others. */
    private Op.Unary unary(final Node node) throws ModelException {
        return switch (node.operator()) {
            case "Relu" -> new Op.Unary(Function.RELU, 0, 0);
            case "LeakyRelu" -> new Op.Unary(Function.RELU, node.real("alpha", 0.01f), 0);
            case "Clip" -> new Op.Unary(Function.CLIP, bound(node, 1, "min", -Float.MAX_VALUE),
                bound(node, 2, "max", Float.MAX_VALUE));
            case "Sigmoid" -> new Op.Unary(Function.SIGMOID, 0, 0);
            case "Tanh" -> new Op.Unary(Function.TANH, 0, 0);
            case "Gelu" -> new Op.Unary(node.text("approximate", "none").equals("tanh") ? Function.GELU_TANH : Function.GELU,
                0, 0);
            case "HardSigmoid" -> new Op.Unary(Function.HARD_SIGMOID, node.real("alpha", 0.2f), node.real("beta", 0.5f));
            case "HardSwish" -> new Op.Unary(Function.HARD_SWISH, 1.0f / 6, 0.5f);
            case "Exp" -> new Op.Unary(Function.EXP, 0, 0);
            case "Log" -> new Op.Unary(Function.LOG, 0, 0);
            case "Sqrt" -> new Op.Unary(Function.SQRT, 0, 0);
            case "Abs" -> new Op.Unary(Function.ABS, 0, 0);
            case "Neg" -> new Op.Unary(Function.LINEAR, -1, 0);
            case "Reciprocal" -> new Op.Unary(Function.POWER, 1, -1);
            case "Elu" -> new Op.Unary(Function.ELU, node.real("alpha", 1), 0);
            case "Softplus" -> new Op.Unary(Function.SOFT_PLUS, 1, 0);
            default -> null;
        };
    }

    private float bound(final Node node, final int input, final String attribute, final float otherwise) throws ModelException {
        final Constant given = lowering.constant(node, input);
        return given != null ? (float) given.at(0) : node.real(attribute, otherwise);
    }

    /** Applies a function to an input: at the end of the step that makes it, or as a step of its own. */
    private void apply(final Node node, final int input, final Op.Unary unary, final Step maker) throws ModelException {
        final View x = lowering.floats(node, input);
        if (maker != null && canTakeMore(maker, unary)) {
            maker.addPostOp(new PostOp.Apply(unary));
            lowering.set(node, x, maker);
            return;
        }
        final View from = lowering.dense(node, x);
        final View y = new View(lowering.storage(node, x.dims()), 0, x.dims(), from.strides());
        lowering.set(node, y, lowering.emit(node, unary, y, from));
    }

    private static boolean canTakeMore(final Step step, final Op.Unary unary) {
        return step.op() instanceof Op.Conv || step.op() instanceof Op.MatMul || step.op() instanceof Op.Binary
            || step.op() instanceof Op.Affine && step.postOps().isEmpty() && unary.function() == Function.RELU
            && unary.alpha() == 0;
    }

    private void binary(final Node node, final Pair pair) throws ModelException {
        if (node.inputCount() != 2) {
            throw node.unsupported(node.inputCount() + " inputs");
        }
        final Idioms.Found found = pair == Pair.MUL || pair == Pair.ADD || pair == Pair.DIV ? idioms.find(node) : null;
        if (found instanceof Idioms.Activation activation) {
            apply(activation.node(), activation.input(), activation.unary(), activation.maker());
            lowering.same(node, activation.node());
            return;
        }
        if (found instanceof Idioms.Norm norm) {
            normalize(node, lowering.floats(norm.node(), norm.input()), norm.scale(), norm.shift(), norm.epsilon());
            return;
        }
        final Value left = lowering.value(node, 0);
        final Value right = lowering.value(node, 1);
        if (isNumber(right) && withNumber(node, 0, pair, (float) right.constant().at(0), false)
            || isNumber(left) && withNumber(node, 1, pair, (float) left.constant().at(0), true)) {
            return;
        }
        final boolean isSwapped = left.isConstant() || elements(left) < elements(right);
        if (isSwapped && (pair == Pair.SUB || pair == Pair.DIV)) {
            throw node.unsupported("its first input is repeated or constant");
        }
        final int first = isSwapped ? 1 : 0;
        final Value a = lowering.value(node, first);
        final Value b = lowering.value(node, 1 - first);
        if (!Arrays.equals(Folder.broadcast(node, a.dims(), b.dims()), a.dims())) {
            throw node.unsupported("both inputs are repeated: " + Arrays.toString(a.dims()) + " and "
                + Arrays.toString(b.dims()));
        }
        if (pair == Pair.ADD && (isBias(node, first, a, b) || isResidual(node, a, b))) {
            return;
        }
        final View x = lowering.dense(node, lowering.floats(node, first));
        repetition.emit(node, pair, x, lowering.floats(node, 1 - first));
    }

    private static boolean isNumber(final Value value) {
        return value.isConstant() && value.constant().isScalar() && value.constant().isFloat();
    }

    private static long elements(final Value value) {
        return View.plain(null, value.dims()).elements();
    }

    private boolean withNumber(final Node node, final int input, final Pair pair, final float number, final boolean isFirst)
            throws ModelException {
        final Value other = lowering.value(node, input);
        if (other.rank() < lowering.value(node, 1 - input).rank()) {
            return false;
        }
        final Op.Unary unary = switch (pair) {
            case ADD -> new Op.Unary(Function.LINEAR, 1, number);
            case SUB -> isFirst ? new Op.Unary(Function.LINEAR, -1, number) : new Op.Unary(Function.LINEAR, 1, -number);
            case MUL -> new Op.Unary(Function.LINEAR, number, 0);
            case DIV -> isFirst ? new Op.Unary(Function.POWER, number, -1) : new Op.Unary(Function.LINEAR, 1 / number, 0);
            case MAX -> new Op.Unary(Function.CLIP, number, Float.MAX_VALUE);
            case MIN -> new Op.Unary(Function.CLIP, -Float.MAX_VALUE, number);
        };
        apply(node, input, unary, other.step());
        return true;
    }

    private void power(final Node node) throws ModelException {
        final Constant exponent = lowering.constant(node, 1);
        if (!exponent.isScalar()) {
            throw node.unsupported("its exponent is no single number");
        }
        apply(node, 0, new Op.Unary(Function.POWER, 1, (float) exponent.at(0)), lowering.value(node, 0).step());
    }

    /** A constant row added to each row of a product. */
    private boolean isBias(final Node node, final int first, final Value a, final Value b) throws ModelException {
        final Step maker = a.step();
        final long width = a.dims()[a.rank() - 1];
        if (maker == null || !(maker.op() instanceof Op.MatMul) || maker.inputs().size() > 2 || !maker.postOps().isEmpty()
            || !b.isConstant() || b.rank() == 0 || elements(b) != width || b.dims()[b.rank() - 1] != width
            || maker.output().rank() != 2) {
            return false;
        }
        final Constant bias = b.constant();
        maker.addInput(lowering.weight(b.name(), new long[] {width}, () -> bias.floats().duplicate()));
        lowering.set(node, lowering.value(node, first).view(), maker);
        return true;
    }

    /** A tensor of the same shape is added by the step that makes the other one, or the later of the two. */
    private boolean isResidual(final Node node, final Value a, final Value b) throws ModelException {
        if (a.isConstant() || b.isConstant() || !Arrays.equals(a.dims(), b.dims())) {
            return false;
        }
        final boolean canLeft = canAdd(a);
        final boolean canRight = canAdd(b);
        if (!canLeft && !canRight) {
            return false;
        }
        final boolean isLeft = canLeft && (!canRight || lowering.position(a.step()) > lowering.position(b.step()));
        final Value host = isLeft ? a : b;
        final View other = lowering.floats(node, isLeft ? 1 : 0);
        final View output = host.step().output();
        View aligned = other.sameDims(output) ? other : lowering.plain(node, other).reshape(output.dims());
        if (!aligned.sameStrides(output.strides())) {
            aligned = lowering.copy(node, aligned, output.strides());
        }
        host.step().addPostOp(new PostOp.Add(aligned.withStrides(output.strides()), false));
        lowering.moveToEnd(host.step());
        lowering.set(node, host.view(), host.step());
        return true;
    }

    private static boolean canAdd(final Value value) {
        final Step step = value.step();
        return step != null && step.postOps().isEmpty() && (value.view().isPlain() || value.view().sameDims(step.output()))
            && (step.op() instanceof Op.MatMul || step.op() instanceof Op.Conv conv && !conv.isTransposed());
    }

    private void softmax(final Node node) throws ModelException {
        View x = lowering.dense(node, lowering.floats(node, 0));
        final long[] dims = x.dims();
        int axis = Folder.axis(node, node.integer("axis", lowering.graph().opset() < 13 ? 1 : -1), x.rank());
        if (lowering.graph().opset() < 13 && axis != x.rank() - 1) {
            long rows = 1;
            for (int i = 0; i < axis; i++) {
                rows *= dims[i];
            }
            x = lowering.reshape(node, x, rows, x.elements() / rows);
            axis = 1;
        }
        final View y = new View(lowering.storage(node, x.dims()), 0, x.dims(), x.strides());
        lowering.emit(node, new Op.Softmax(axis), y, x);
        lowering.set(node, lowering.reshape(node, y, dims));
    }

    private void layerNormalization(final Node node) throws ModelException {
        final View x = lowering.floats(node, 0);
        if (Folder.axis(node, node.integer("axis", -1), x.rank()) != x.rank() - 1 || node.outputCount() > 1
            || !lowering.has(node, 2)) {
            throw node.unsupported("only the last dimension is normalised, with scale and shift");
        }
        normalize(node, x, lowering.constant(node, 1), lowering.constant(node, 2), node.real("epsilon", 1e-5f));
    }

    private void normalize(final Node node, final View x, final Constant scale, final Constant shift, final float epsilon)
            throws ModelException {
        final long width = x.dims()[x.rank() - 1];
        if (scale.elements() != width || shift.elements() != width) {
            throw node.invalid("scale and shift do not fit " + Arrays.toString(x.dims()));
        }
        final View from = lowering.plain(node, x);
        final View rows = from.reshape(x.elements() / width, width);
        final View y = View.plain(lowering.storage(node, rows.dims()), rows.dims());
        final long[] dims = {width};
        final String name = node.output(0);
        lowering.emit(node, new Op.LayerNorm(epsilon), y, rows,
            lowering.weight(name + ".scale", dims, () -> scale.floats().duplicate()),
            lowering.weight(name + ".shift", dims, () -> shift.floats().duplicate()));
        lowering.set(node, y.reshape(x.dims()));
    }

    private void reduce(final Node node, final Op.Many what) throws ModelException {
        final View x = lowering.floats(node, 0);
        final Constant given = lowering.constant(node, 1);
        final long[] axes = given != null ? given.integers() : node.integers("axes");
        final boolean[] gone = new boolean[x.rank()];
        if (axes == null || axes.length == 0) {
            Arrays.fill(gone, true);
        } else {
            for (final long axis : axes) {
                gone[Folder.axis(node, axis, x.rank())] = true;
            }
        }
        final long[] kept = x.dims().clone();
        for (int i = 0; i < gone.length; i++) {
            kept[i] = gone[i] ? 1 : kept[i];
        }
        final boolean isImage = x.rank() == 4 && Arrays.equals(gone, new boolean[] {false, false, true, true});
        final View y;
        if (isImage && (what == Op.Many.MEAN || what == Op.Many.MAX)) {
            y = ConvLowering.whole(lowering, node, lowering.channelsLast(node, x), what);
        } else {
            y = View.plain(lowering.storage(node, kept), kept);
            lowering.emit(node, new Op.Reduce(what), y, lowering.plain(node, x));
        }
        final List<Long> dims = new java.util.ArrayList<>();
        for (int i = 0; i < gone.length; i++) {
            if (!gone[i] || node.integer("keepdims", 1) != 0) {
                dims.add(kept[i]);
            }
        }
        lowering.set(node, lowering.reshape(node, y, dims.stream().mapToLong(Long::longValue).toArray()));
    }
}
