package org.clockwork.compiler;

import org.clockwork.compiler.Op.Function;
import org.clockwork.device.ModelException;

/**
 * Finds, at the last node of them, groups of nodes that stand for one function: layer norms, GELU and the swishes as
 * exporters write them out. The steps of their inner nodes are then of no use and are dropped. For one thread.
 */
final class Idioms {
    private static final double TOLERANCE = 1e-4;
    private final Lowering lowering;

    /** What was found. */
    sealed interface Found permits Activation, Norm {
    }

    /** A function of an input of a node; the step that makes the input, if only this group reads it. */
    record Activation(Node node, int input, Op.Unary unary, Step maker) implements Found {
    }

    /** A layer norm of an input of a node. */
    record Norm(Node node, int input, Constant scale, Constant shift, float epsilon) implements Found {
    }

    Idioms(final Lowering lowering) {
        this.lowering = lowering;
    }

    Found find(final Node node) throws ModelException {
        if (node.operator().equals("Add")) {
            return norm(node);
        }
        if (node.operator().equals("Div")) {
            final Node product = isNumber(node, 1, 6) ? maker(node, 0, "Mul") : null;
            return product == null || !isOnlyHere(product) ? null : hardSwish(product, false);
        }
        final Found gelu = gelu(node);
        final Found swish = gelu != null ? gelu : swish(node);
        return swish != null ? swish : hardSwish(node, true);
    }

    /** x min(6, max(0, x + 3)), with the division by 6 inside, or to come. */
    private Found hardSwish(final Node product, final boolean isDivided) throws ModelException {
        for (int i = 0; i < 2; i++) {
            final Node divided = isDivided ? maker(product, i, "Div") : product;
            if (divided == null || isDivided && !(isNumber(divided, 1, 6) && isOnlyHere(divided))) {
                continue;
            }
            final Node clip = maker(divided, isDivided ? 0 : i, "Clip");
            final Node sum = clip == null || !isOnlyHere(clip) || !isFromZeroToSix(clip) ? null : maker(clip, 0, "Add");
            final int three = sum == null || !isOnlyHere(sum) ? -1 : numberInput(sum, 3);
            if (three >= 0 && sum.input(1 - three).equals(product.input(1 - i))) {
                return new Activation(product, 1 - i, new Op.Unary(Function.HARD_SWISH, 1.0f / 6, 0.5f),
                    maker(product.input(1 - i), 2));
            }
        }
        return null;
    }

    private boolean isFromZeroToSix(final Node clip) throws ModelException {
        return clip.inputCount() < 2 ? clip.real("min", 1) == 0 && clip.real("max", 0) == 6
            : clip.inputCount() == 3 && isNumber(clip, 1, 0) && isNumber(clip, 2, 6);
    }

    private Node maker(final Node node, final int input, final String operator) {
        return lowering.graph().maker(node.input(input), operator);
    }

    private boolean isOnlyHere(final Node node) {
        return lowering.graph().uses(node.output(0)) == 1;
    }

    private Constant constant(final Node node, final int input) throws ModelException {
        final Value value = lowering.value(node, input);
        return value.isConstant() && value.constant().isFloat() ? value.constant() : null;
    }

    private boolean isNumber(final Node node, final int input, final double wanted) throws ModelException {
        final Value value = lowering.value(node, input);
        return value.isConstant() && value.constant().isScalar() && Math.abs(value.constant().at(0) - wanted) < TOLERANCE;
    }

    /** The input that is such a number, or -1. */
    private int numberInput(final Node node, final double wanted) throws ModelException {
        return isNumber(node, 1, wanted) ? 1 : isNumber(node, 0, wanted) ? 0 : -1;
    }

    private Step maker(final String name, final int uses) {
        return lowering.graph().uses(name) == uses ? lowering.maker(name) : null;
    }

    /** An error function is nothing but a part of GELU: it becomes a tensor that nobody may need in the end. */
    void expectErf(final Node node) throws ModelException {
        final Node scaled = lowering.graph().maker(node.input(0), "Div");
        final Node times = lowering.graph().maker(node.input(0), "Mul");
        final boolean isOfGelu = (scaled != null && numberInput(scaled, Math.sqrt(2)) == 1
            || times != null && numberInput(times, Math.sqrt(0.5)) >= 0) && isOnlyHere(node);
        if (!isOfGelu) {
            throw node.unsupported("it is no part of a GELU");
        }
        final View view = lowering.floats(node, 0);
        lowering.set(node, new View(lowering.storage(node, view.dims()), 0, view.dims(), View.plainStrides(view.dims())));
    }

    /** 0.5 x (1 + erf(x / sqrt 2)) in any order. */
    private Found gelu(final Node last) throws ModelException {
        final int half = numberInput(last, 0.5);
        if (half >= 0) {
            final Node product = maker(last, 1 - half, "Mul");
            return product == null || !isOnlyHere(product) ? null : geluOf(product, 0, 1, false);
        }
        for (int i = 0; i < 2; i++) {
            final Node halved = maker(last, i, "Mul");
            final int inner = halved == null ? -1 : numberInput(halved, 0.5);
            if (inner >= 0 && isOnlyHere(halved)) {
                final Node sum = maker(halved, 1 - inner, "Add");
                if (sum != null && isOnlyHere(sum)) {
                    return ofSum(sum, last, 1 - i);
                }
                final Node plainSum = maker(last, 1 - i, "Add");
                if (plainSum != null && isOnlyHere(plainSum)) {
                    return ofSum(plainSum, halved, 1 - inner);
                }
            }
        }
        return null;
    }

    private Found geluOf(final Node product, final int x, final int sumInput, final boolean isSecondTry) throws ModelException {
        final Node sum = maker(product, sumInput, "Add");
        final Found found = sum == null || !isOnlyHere(sum) ? null : ofSum(sum, product, x);
        return found != null || isSecondTry ? found : geluOf(product, sumInput, x, true);
    }

    /** The sum is 1 + erf(x / sqrt 2), and x is this input of that node. */
    private Found ofSum(final Node sum, final Node of, final int input) throws ModelException {
        final int one = numberInput(sum, 1);
        final Node erf = one < 0 ? null : maker(sum, 1 - one, "Erf");
        if (erf == null || !isOnlyHere(erf)) {
            return null;
        }
        final Node div = maker(erf, 0, "Div");
        final Node mul = maker(erf, 0, "Mul");
        final Node scaled = div != null ? div : mul;
        if (scaled == null || !isOnlyHere(scaled)) {
            return null;
        }
        final int number = numberInput(scaled, div != null ? Math.sqrt(2) : Math.sqrt(0.5));
        if (number < 0 || !scaled.input(1 - number).equals(of.input(input))) {
            return null;
        }
        return new Activation(of, input, new Op.Unary(Function.GELU, 0, 0), maker(of.input(input), 2));
    }

    /** x times its sigmoid, or its hard sigmoid. */
    private Found swish(final Node last) throws ModelException {
        for (int i = 0; i < 2; i++) {
            final Node soft = maker(last, i, "Sigmoid");
            if (soft != null && isOnlyHere(soft) && soft.input(0).equals(last.input(1 - i))) {
                return new Activation(last, 1 - i, new Op.Unary(Function.SWISH, 1, 0), maker(soft.input(0), 2));
            }
            final Node hard = maker(last, i, "HardSigmoid");
            if (hard != null && isOnlyHere(hard) && hard.input(0).equals(last.input(1 - i))) {
                return new Activation(last, 1 - i,
                    new Op.Unary(Function.HARD_SWISH, hard.real("alpha", 0.2f), hard.real("beta", 0.5f)),
                    maker(hard.input(0), 2));
            }
        }
        return null;
    }

    /** (x - mean) / sqrt(variance + epsilon) times scale plus shift. */
    private Found norm(final Node last) throws ModelException {
        for (int i = 0; i < 2; i++) {
            final Node scaled = maker(last, i, "Mul");
            final Constant shift = scaled == null || !isOnlyHere(scaled) ? null : constant(last, 1 - i);
            for (int k = 0; shift != null && k < 2; k++) {
                final Node divided = maker(scaled, k, "Div");
                final Constant scale = divided == null || !isOnlyHere(divided) ? null : constant(scaled, 1 - k);
                final Found found = scale == null ? null : standardised(divided, scale, shift);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private Found standardised(final Node divided, final Constant scale, final Constant shift) throws ModelException {
        final Node centred = maker(divided, 0, "Sub");
        final Node root = maker(divided, 1, "Sqrt");
        final Node sum = root == null ? null : maker(root, 0, "Add");
        if (centred == null || sum == null) {
            return null;
        }
        final int epsilonInput = lowering.value(sum, 1).isConstant() ? 1 : 0;
        final Constant epsilon = constant(sum, epsilonInput);
        final Node variance = maker(sum, 1 - epsilonInput, "ReduceMean");
        final Node mean = maker(centred, 1, "ReduceMean");
        if (epsilon == null || !epsilon.isScalar() || variance == null || mean == null || !isOfRows(mean) || !isOfRows(variance)
            || !mean.input(0).equals(centred.input(0))) {
            return null;
        }
        final Node square = maker(variance, 0, "Pow");
        final Node product = maker(variance, 0, "Mul");
        final boolean isSquare = square != null && isNumber(square, 1, 2) && isCentred(square.input(0), centred)
            || product != null && isCentred(product.input(0), centred) && isCentred(product.input(1), centred);
        final long width = lowering.value(centred, 0).dims()[lowering.value(centred, 0).rank() - 1];
        final boolean fits = scale.elements() == width && shift.elements() == width;
        return isSquare && fits ? new Norm(centred, 0, scale, shift, (float) epsilon.at(0)) : null;
    }

    private boolean isCentred(final String name, final Node centred) {
        final Node other = lowering.graph().maker(name, "Sub");
        return other != null && other.input(0).equals(centred.input(0))
            && (other == centred || lowering.graph().maker(other.input(1), "ReduceMean") != null);
    }

    private boolean isOfRows(final Node mean) throws ModelException {
        final Constant given = lowering.constant(mean, 1);
        final long[] axes = given != null ? given.integers() : mean.integers("axes");
        final int rank = lowering.value(mean, 0).rank();
        return axes != null && axes.length == 1 && (axes[0] == -1 || axes[0] == rank - 1) && mean.integer("keepdims", 1) != 0;
    }
}
