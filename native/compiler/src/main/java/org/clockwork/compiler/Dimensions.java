package org.clockwork.compiler;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/** Fixes every dimension of a model's inputs but the batch: the first one, where all inputs leave it open. */
public final class Dimensions {
    /** What the batch is called in the model that is handed on. */
    public static final String BATCH = "batch";
    private static final int FIRST_IR_WITH_PLAIN_INITIALIZERS = 4;
    private static final long OPEN = -1;

    /**
     * A model whose inputs are fixed.
     *
     * @param model   the same graph, its inputs' shapes written out.
     * @param batched whether the first dimension of each input is the batch.
     * @param inputs  in the order of the file.
     */
    public record Fixed(ModelProto model, boolean batched, List<Input> inputs) {
    }

    /**
     * One input.
     *
     * @param name     in the graph.
     * @param onnxType element type as ONNX numbers it.
     * @param shape    its dimensions; the batch is negative.
     */
    public record Input(String name, int onnxType, long[] shape) {
    }

    private final ModelProto model;
    private final Map<String, Integer> given;
    private final Set<String> unused;
    private final Set<String> symbols = new TreeSet<>();

    private Dimensions(final ModelProto model, final Map<String, Integer> given) {
        this.model = model;
        this.given = given;
        unused = new TreeSet<>(given.keySet());
    }

    /** Fixes them with the values given, by symbol or {@code input:axis}. */
    public static Fixed fix(final ModelProto model, final Map<String, Integer> given) throws ModelException {
        return new Dimensions(model, given).fix();
    }

    private Fixed fix() throws ModelException {
        for (final Map.Entry<String, Integer> entry : given.entrySet()) {
            if (entry.getValue() < 1) {
                throw new ModelException(Reason.COMPILE_FAILED, "A dimension is at least 1: " + entry);
            }
        }
        final GraphProto graph = model.getGraph();
        final Set<String> initializers = new HashSet<>();
        for (final TensorProto initializer : graph.getInitializerList()) {
            initializers.add(initializer.getName());
        }
        final List<Input> inputs = new ArrayList<>();
        final List<ValueInfoProto> infos = new ArrayList<>();
        for (final ValueInfoProto info : graph.getInputList()) {
            if (!initializers.contains(info.getName())) {
                infos.add(info);
                inputs.add(input(info));
            }
        }
        if (!unused.isEmpty()) {
            throw new ModelException(Reason.COMPILE_FAILED,
                "The model has no such dimension: " + unused + "; it leaves open " + symbols);
        }
        if (inputs.isEmpty()) {
            throw new ModelException(Reason.INVALID_FILE, "The graph has no inputs.");
        }
        return new Fixed(rewrite(infos, inputs), isBatched(inputs, infos), inputs);
    }

    private Input input(final ValueInfoProto info) throws ModelException {
        if (!info.getType().hasTensorType() || !info.getType().getTensorType().hasShape()) {
            throw new ModelException(Reason.COMPILE_FAILED, "Input '" + info.getName() + "' is no tensor of a stated shape.");
        }
        final TypeProto.Tensor tensor = info.getType().getTensorType();
        final long[] shape = new long[tensor.getShape().getDimCount()];
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = dimension(info.getName(), axis, tensor.getShape().getDim(axis));
        }
        return new Input(info.getName(), tensor.getElemType(), shape);
    }

    private long dimension(final String input, final int axis, final TensorShapeProto.Dimension dimension) throws ModelException {
        final String position = input + ':' + axis;
        final String symbol = dimension.getDimParam();
        unused.remove(position);
        unused.remove(symbol);
        final Integer byPosition = given.get(position);
        if (dimension.getDimValue() > 0) {
            if (byPosition != null && byPosition != dimension.getDimValue()) {
                throw new ModelException(Reason.COMPILE_FAILED,
                    "Dimension " + position + " is fixed in the file: " + dimension.getDimValue());
            }
            return dimension.getDimValue();
        }
        symbols.add(symbol.isEmpty() ? position : symbol);
        final Integer value = byPosition != null ? byPosition : given.get(symbol);
        return value == null ? OPEN : value;
    }

    private static boolean isBatched(final List<Input> inputs, final List<ValueInfoProto> infos) throws ModelException {
        int open = 0;
        for (int i = 0; i < inputs.size(); i++) {
            final long[] shape = inputs.get(i).shape();
            for (int axis = 1; axis < shape.length; axis++) {
                if (shape[axis] == OPEN) {
                    throw notFixed(infos.get(i), axis, "");
                }
            }
            open += shape.length > 0 && shape[0] == OPEN ? 1 : 0;
        }
        if (open > 0 && open < inputs.size()) {
            for (int i = 0; i < inputs.size(); i++) {
                final long[] shape = inputs.get(i).shape();
                if (shape.length > 0 && shape[0] == OPEN) {
                    throw notFixed(infos.get(i), 0, " It is no batch, as another input has none.");
                }
            }
        }
        return open > 0;
    }

    private static ModelException notFixed(final ValueInfoProto info, final int axis, final String why) {
        final String symbol = info.getType().getTensorType().getShape().getDim(axis).getDimParam();
        final String position = info.getName() + ':' + axis;
        return new ModelException(Reason.DIMENSION_NOT_FIXED, "Dimension "
            + (symbol.isEmpty() ? position : "'" + symbol + "' (" + position + ')') + " is open: give it a value." + why);
    }

    private ModelProto rewrite(final List<ValueInfoProto> infos, final List<Input> inputs) {
        final GraphProto.Builder graph = model.getGraph().toBuilder().clearInput().clearValueInfo();
        for (int i = 0; i < inputs.size(); i++) {
            graph.addInput(withShape(infos.get(i), inputs.get(i).shape()));
        }
        graph.clearOutput();
        for (final ValueInfoProto output : model.getGraph().getOutputList()) {
            graph.addOutput(withoutShape(output));
        }
        return model.toBuilder()
            .setIrVersion(Math.max(FIRST_IR_WITH_PLAIN_INITIALIZERS, model.getIrVersion()))
            .setGraph(graph)
            .build();
    }

    private static ValueInfoProto withShape(final ValueInfoProto info, final long[] dimensions) {
        final TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (final long dimension : dimensions) {
            final TensorShapeProto.Dimension.Builder builder = shape.addDimBuilder();
            if (dimension == OPEN) {
                builder.setDimParam(BATCH);
            } else {
                builder.setDimValue(dimension);
            }
        }
        final TypeProto.Tensor tensor = info.getType().getTensorType().toBuilder().setShape(shape).build();
        return info.toBuilder().setType(info.getType().toBuilder().setTensorType(tensor)).build();
    }

    /** ONNX Runtime infers output shapes again from the inputs as they are now. */
    private static ValueInfoProto withoutShape(final ValueInfoProto info) {
        if (!info.getType().hasTensorType()) {
            return info;
        }
        final TypeProto.Tensor tensor = info.getType().getTensorType().toBuilder().clearShape().build();
        return info.toBuilder().setType(info.getType().toBuilder().setTensorType(tensor)).build();
    }
}
