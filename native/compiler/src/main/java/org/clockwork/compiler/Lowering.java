package org.clockwork.compiler;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.clockwork.device.ElementType;
import org.clockwork.device.InputTransform;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/**
 * One way through a model's graph, node by node: what is known is computed, what is not becomes a step or is fused into
 * the step before it. Afterwards steps that nobody needs are dropped and the workspace is laid out. For one thread.
 */
final class Lowering {
    private static final int MAX_STEPS = 20_000;
    private static final long MAX_FOLDED = 1L << 28;

    private final PlanCompiler compiler;
    private final Graph graph;
    private final int batchSize;
    private final ElementType precision;
    private final Map<String, Value> values = new HashMap<>();
    private final Map<String, Step> makers = new HashMap<>();
    private final Map<Storage, Pending> pending = new HashMap<>();
    private final Map<String, View> weightViews = new HashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<View> inputs = new ArrayList<>();
    private final List<View> outputs = new ArrayList<>();
    private final ConvLowering convolutions = new ConvLowering(this);
    private final MatMulLowering products = new MatMulLowering(this);
    private final ElementwiseLowering elementwise = new ElementwiseLowering(this);
    private final ShapeLowering shapes = new ShapeLowering(this);
    private long folded;

    /** A weight that becomes one if a step that reads it is kept. */
    private record Pending(String key, long[] dims, Supplier<FloatBuffer> source) {
    }

    Lowering(final PlanCompiler compiler, final int batchSize, final ElementType precision) {
        this.compiler = compiler;
        this.graph = compiler.graph();
        this.batchSize = batchSize;
        this.precision = precision;
    }

    Plan run() throws ModelException {
        for (final Dimensions.Input input : compiler.fixed().inputs()) {
            final long[] dims = Arrays.stream(input.shape()).map(d -> d < 0 ? batchSize : d).toArray();
            if (inputs.size() == compiler.pixelInput()) {
                values.put(input.name(), Value.of(input.name(), pixels(input.name(), dims)));
                continue;
            }
            final ElementType type = input.onnxType() == 1 ? ElementType.FLOAT32 : input.onnxType() == 7 ? ElementType.INT64
                : input.onnxType() == 6 ? ElementType.INT32 : null;
            if (type == null) {
                throw new ModelException(Reason.UNSUPPORTED_OPERATOR,
                    "Input '" + input.name() + "' has an element type without a plan: onnxType=" + input.onnxType());
            }
            final long elements = Constant.elements(input.name(), dims);
            final View view = View.plain(new Storage(Storage.Kind.INPUT, inputs.size(), type, elements), dims);
            inputs.add(view);
            values.put(input.name(), Value.of(input.name(), view));
        }
        for (final Node node : graph.nodes()) {
            lowerGuarded(node);
            if (steps.size() > MAX_STEPS) {
                throw node.tooLarge("more than " + MAX_STEPS + " steps");
            }
        }
        for (int i = 0; i < graph.outputs().size(); i++) {
            outputs.add(output(i, graph.outputs().get(i)));
        }
        dropUnused();
        requireWritten();
        InPlace.apply(steps);
        final long workspaceBytes = WorkspacePlanner.place(steps);
        return new Plan(batchSize, precision, List.copyOf(steps), List.copyOf(inputs), List.copyOf(outputs), numberWeights(),
            workspaceBytes);
    }

    /** An image that comes as bytes. */
    private View pixels(final String name, final long[] dims) throws ModelException {
        final Storage bytes = new Storage(Storage.Kind.INPUT, inputs.size(), ElementType.UINT8, Constant.elements(name, dims));
        final InputTransform transform = compiler.transform();
        final View from = transform.isChannelsLast() ? View.channelsLast(bytes, dims) : View.plain(bytes, dims);
        final float[] factors = new float[(int) dims[1]];
        final float[] shifts = new float[factors.length];
        for (int c = 0; c < factors.length; c++) {
            factors[c] = transform.factor(c);
            shifts[c] = transform.shift(c);
        }
        final long[] row = {dims[1]};
        final View to = View.channelsLast(new Storage(Storage.Kind.WORKSPACE, 0, precision, bytes.elements()), dims);
        steps.add(new Step(new Op.Pixels(), name, List.of(from, weight(name + ".factor", row, () -> FloatBuffer.wrap(factors)),
            weight(name + ".shift", row, () -> FloatBuffer.wrap(shifts))), to));
        inputs.add(from);
        return to;
    }

    private void lowerGuarded(final Node node) throws ModelException {
        try {
            lower(node);
        } catch (final ArithmeticException | IndexOutOfBoundsException | NullPointerException | IllegalArgumentException
            | NegativeArraySizeException | ClassCastException e) {
            throw new ModelException(Reason.INVALID_FILE, node + ": its inputs and attributes make no sense: "
                + e.getMessage(), e);
        }
    }

    private void lower(final Node node) throws ModelException {
        if (node.outputCount() == 0) {
            return;
        }
        final List<Constant> known = new ArrayList<>();
        boolean allKnown = true;
        for (int i = 0; i < node.inputCount(); i++) {
            final Value value = node.input(i).isEmpty() ? null : value(node, i);
            allKnown &= value == null || value.isConstant();
            known.add(value == null ? null : value.constant());
        }
        if (node.operator().equals("Constant")) {
            set(node, constant(node));
        } else if (node.operator().equals("Shape") && !allKnown) {
            final long[] dims = value(node, 0).dims();
            set(node, Constant.ofIntegers(new long[] {dims.length}, dims));
        } else {
            final Constant result = allKnown ? Folder.fold(node, known) : null;
            if (result != null) {
                folded += result.elements();
                if (folded > MAX_FOLDED) {
                    throw node.tooLarge("constants computed so far hold " + folded + " numbers");
                }
                set(node, result);
            } else if (!shapes.lower(node) && !elementwise.lower(node) && !convolutions.lower(node) && !products.lower(node)) {
                throw node.unsupported("there is no step for this operator");
            }
        }
    }

    private static Constant constant(final Node node) throws ModelException {
        if (node.tensor("value") == null) {
            if (node.has("value_float")) {
                return Constant.of(new long[0], node.real("value_float", 0));
            }
            if (node.has("value_int")) {
                return Constant.ofIntegers(new long[0], node.integer("value_int", 0));
            }
            throw node.unsupported("its value is no tensor");
        }
        final Constant constant = Constant.read(node.tensor("value"));
        if (constant == null) {
            throw node.unsupported("its value has an element type without a plan");
        }
        return constant;
    }

    /** An output lies plain where the answer is taken from. */
    private View output(final int index, final String name) throws ModelException {
        final Value value = values.containsKey(name) ? values.get(name) : Value.of(name, compiler.constant(name));
        final View view = value.isConstant() ? weight(value) : value.view();
        final Step maker = makers.get(name);
        final boolean isOurs = view.storage().kind() == Storage.Kind.WORKSPACE && view.isPlain() && view.offset() == 0
            && view.elements() == view.storage().elements();
        if (isOurs && view.type() != ElementType.BFLOAT16) {
            view.storage().becomeOutput(index);
            return view;
        }
        final ElementType type = view.type() == ElementType.BFLOAT16 ? ElementType.FLOAT32 : view.type();
        final Storage storage = new Storage(Storage.Kind.OUTPUT, index, type, view.elements());
        if (isOurs && maker != null && graph.uses(name) == 1 && (maker.op() instanceof Op.Conv
            || maker.op() instanceof Op.MatMul)) {
            maker.writeTo(new View(storage, 0, maker.output().dims(), maker.output().strides()));
        } else {
            steps.add(new Step(new Op.Copy(), name, List.of(view), View.plain(storage, view.dims())));
        }
        return View.plain(storage, view.dims());
    }

    private void dropUnused() {
        final Set<Storage> needed = new HashSet<>();
        for (int i = steps.size() - 1; i >= 0; i--) {
            final Step step = steps.get(i);
            if (step.output().storage().kind() == Storage.Kind.OUTPUT || needed.contains(step.output().storage())) {
                needed.addAll(step.reads());
            } else {
                steps.remove(i);
            }
        }
    }

    /** A part of an idiom that was not found as a whole has no step of its own. */
    private void requireWritten() throws ModelException {
        final Set<Storage> written = new HashSet<>();
        for (final Step step : steps) {
            for (final Storage storage : step.reads()) {
                if (storage.kind() == Storage.Kind.WORKSPACE && !written.contains(storage)) {
                    throw new ModelException(Reason.UNSUPPORTED_OPERATOR, "node '" + step.node()
                        + "': it reads what only a larger pattern of nodes can make, and that is not there as a whole");
                }
            }
            written.add(step.output().storage());
        }
    }

    private List<Weight> numberWeights() {
        final Map<Integer, Weight> used = new TreeMap<>();
        for (final Step step : steps) {
            for (final Storage storage : step.reads()) {
                final Pending weight = pending.get(storage);
                if (weight != null) {
                    final Weight numbered = compiler.weight(weight.key(), weight.dims(), weight.source());
                    storage.number(numbered.index());
                    used.put(numbered.index(), numbered);
                }
            }
        }
        return List.copyOf(used.values());
    }

    // what the parts of the lowering use

    Graph graph() {
        return graph;
    }

    /** The value of an input that must be there. */
    Value value(final Node node, final int input) throws ModelException {
        final String name = node.input(input);
        Value value = values.get(name);
        if (value == null) {
            final Constant constant = name.isEmpty() ? null : compiler.constant(name);
            if (constant == null) {
                throw graph.tensor(name) != null ? node.unsupported("tensor '" + name + "' has an element type without a plan")
                    : node.invalid("its input " + input + " is missing");
            }
            value = Value.of(name, constant);
            values.put(name, value);
        }
        return value;
    }

    boolean has(final Node node, final int input) {
        return !node.input(input).isEmpty();
    }

    /** The constant of an input; null if it is left out. */
    Constant constant(final Node node, final int input) throws ModelException {
        if (!has(node, input)) {
            return null;
        }
        final Value value = value(node, input);
        if (!value.isConstant()) {
            throw node.unsupported("its input '" + value.name() + "' is not constant");
        }
        return value.constant();
    }

    /** A tensor of floats in the precision of the plan; constants are taken as weights. */
    View floats(final Node node, final int input) throws ModelException {
        final Value value = value(node, input);
        if (value.isConstant()) {
            return weight(value);
        }
        final View view = value.view();
        if (view.type() != ElementType.FLOAT32 && view.type() != ElementType.BFLOAT16) {
            throw node.unsupported("its input '" + value.name() + "' is " + view.type());
        }
        if (view.type() == precision) {
            return view;
        }
        final View copied = copy(node, view, view.rank() == 4 ? View.channelsLastStrides(view.dims())
            : View.plainStrides(view.dims()));
        values.put(value.name(), Value.of(value.name(), copied));
        return copied;
    }

    /** A constant as a weight in its own shape. */
    View weight(final Value value) throws ModelException {
        final Constant constant = value.constant();
        if (!constant.isFloat()) {
            throw new ModelException(Reason.UNSUPPORTED_OPERATOR, "'" + value.name() + "' is no tensor of floats");
        }
        return weight(value.name(), constant.dims(), () -> constant.floats().duplicate());
    }

    /** A weight; the same name and shape are one weight. */
    View weight(final String name, final long[] dims, final Supplier<FloatBuffer> source) {
        final String key = name + Arrays.toString(dims);
        return weightViews.computeIfAbsent(key, k -> {
            final long elements = View.plain(null, dims).elements();
            final View view = View.plain(new Storage(Storage.Kind.WEIGHTS, -1, ElementType.FLOAT32, elements), dims);
            pending.put(view.storage(), new Pending(key, dims, source));
            return view;
        });
    }

    void set(final Node node, final Constant constant) {
        values.put(node.output(0), Value.of(node.output(0), constant));
    }

    /** The node's output is this view, made by nobody that could still be changed. */
    void set(final Node node, final View view) {
        values.put(node.output(0), Value.of(node.output(0), view));
    }

    void set(final String name, final View view) {
        values.put(name, Value.of(name, view));
    }

    /** The node's output is this view of all that the step makes. */
    void set(final Node node, final View view, final Step step) {
        final String name = node.output(0);
        makers.put(name, step);
        values.put(name, new Value(name, null, view, graph.uses(name) == 1 ? step : null));
    }

    /** The node's output is what another node's was just set to. */
    void same(final Node node, final Node as) {
        final Value value = values.get(as.output(0));
        if (node != as) {
            final Step step = makers.get(as.output(0));
            if (step != null) {
                set(node, value.view(), step);
            } else {
                set(node, value.view());
            }
        }
    }

    /** The numbers of a weight. */
    Supplier<FloatBuffer> numbers(final View weight) {
        return pending.get(weight.storage()).source();
    }

    /** The step that makes a name, however often it is used. */
    Step maker(final String name) {
        return makers.get(name);
    }

    /** A new storage of the plan's precision. */
    Storage storage(final Node node, final long... dims) throws ModelException {
        return new Storage(Storage.Kind.WORKSPACE, 0, precision, Constant.elements(node.name(), dims));
    }

    Storage storage(final Node node, final ElementType type, final long... dims) throws ModelException {
        return new Storage(Storage.Kind.WORKSPACE, 0, type, Constant.elements(node.name(), dims));
    }

    Step emit(final Node node, final Op op, final View output, final View... in) {
        final Step step = new Step(op, node.name(), Stream.of(in).toList(), output);
        steps.add(step);
        return step;
    }

    int position(final Step step) {
        return steps.lastIndexOf(step);
    }

    /** Everything that the step reads is made by now: it can go to the end. */
    void moveToEnd(final Step step) {
        steps.remove(steps.lastIndexOf(step));
        steps.add(step);
    }

    /** The same elements with these strides in a storage of their own. */
    View copy(final Node node, final View view, final long[] strides) throws ModelException {
        final View to = new View(storage(node, view.dims()), 0, view.dims(), strides);
        emit(node, new Op.Copy(), to, view);
        return to;
    }

    View plain(final Node node, final View view) throws ModelException {
        return view.isPlain() ? view.withStrides(View.plainStrides(view.dims()))
            : copy(node, view, View.plainStrides(view.dims()));
    }

    View channelsLast(final Node node, final View view) throws ModelException {
        final long[] strides = View.channelsLastStrides(view.dims());
        return view.isChannelsLast() ? view.withStrides(strides) : copy(node, view, strides);
    }

    /** Without gaps, in whatever order. */
    View dense(final Node node, final View view) throws ModelException {
        return view.isDense() ? view : view.rank() == 4 ? channelsLast(node, view) : plain(node, view);
    }

    View reshape(final Node node, final View view, final long... dims) throws ModelException {
        final View moved = view.reshape(dims);
        return moved != null ? moved : plain(node, view).reshape(dims);
    }
}
