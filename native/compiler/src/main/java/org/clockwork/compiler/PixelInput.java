package org.clockwork.compiler;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clockwork.device.InputTransform;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/**
 * A model whose image comes as bytes: which input that is, and the same model with operators in front that make floats of
 * them, for engines that execute model files. Stateless.
 */
public final class PixelInput {
    private static final int IMAGE_RANK = 4;
    private static final int FIRST_OPSET_WITH_REPETITION = 7;
    private static final String FLOATS = "/floats";

    private PixelInput() {
    }

    /** Which input of a model becomes bytes: the only image of floats it takes. */
    static int find(final Dimensions.Fixed fixed, final InputTransform transform) throws ModelException {
        int found = -1;
        for (int i = 0; i < fixed.inputs().size(); i++) {
            final Dimensions.Input input = fixed.inputs().get(i);
            if (input.onnxType() == TensorProto.DataType.FLOAT_VALUE && input.shape().length == IMAGE_RANK) {
                if (found >= 0) {
                    throw refusal("the model takes several images: '" + fixed.inputs().get(found).name() + "' and '"
                        + input.name() + "'");
                }
                found = i;
            }
        }
        if (found < 0) {
            throw refusal("no input of the model is an image of FLOAT32 in 4 dimensions");
        }
        final Dimensions.Input input = fixed.inputs().get(found);
        final long[] shape = input.shape();
        if (!transform.suits(shape[1])) {
            throw refusal("input '" + input.name() + "' has " + shape[1] + " channels (" + Arrays.toString(shape)
                + "), there are " + transform.mean().size() + " means and " + transform.deviation().size() + " deviations"
                + (transform.suits(shape[3]) ? "; only models whose channels are the second dimension take one" : ""));
        }
        return found;
    }

    private static ModelException refusal(final String why) {
        return new ModelException(Reason.COMPILE_FAILED, "The input transform does not fit: " + why + ".");
    }

    /** The model that takes bytes: the input keeps its name and has another type, and for NHWC another order. */
    public static Dimensions.Fixed rewrite(final Dimensions.Fixed fixed, final InputTransform transform) throws ModelException {
        final int index = find(fixed, transform);
        for (final OperatorSetIdProto opset : fixed.model().getOpsetImportList()) {
            if (opset.getDomain().isEmpty() && opset.getVersion() < FIRST_OPSET_WITH_REPETITION) {
                throw refusal("the model is of opset " + opset.getVersion() + ", which can't repeat numbers for each pixel");
            }
        }
        final Dimensions.Input input = fixed.inputs().get(index);
        final long[] s = input.shape();
        final long[] shape = transform.isChannelsLast() ? new long[] {s[0], s[2], s[3], s[1]} : s;
        final List<Dimensions.Input> inputs = new ArrayList<>(fixed.inputs());
        inputs.set(index, new Dimensions.Input(input.name(), TensorProto.DataType.UINT8_VALUE, shape));
        final String name = input.name();
        final GraphProto from = fixed.model().getGraph();
        final GraphProto.Builder graph = from.toBuilder().clearNode();
        graph.setInput(index, bytes(from.getInput(index), transform.isChannelsLast()));
        addTransform(graph, name, transform, Math.toIntExact(s[1]));
        from.getNodeList().forEach(node -> graph.addNode(reading(node, name, name + FLOATS)));
        final ModelProto model = fixed.model().toBuilder().setGraph(graph).build();
        return new Dimensions.Fixed(model, fixed.batched(), List.copyOf(inputs));
    }

    private static ValueInfoProto bytes(final ValueInfoProto info, final boolean isChannelsLast) {
        final TypeProto.Tensor tensor = info.getType().getTensorType();
        final TensorShapeProto from = tensor.getShape();
        final TensorShapeProto shape = isChannelsLast ? TensorShapeProto.newBuilder().addDim(from.getDim(0))
            .addDim(from.getDim(2)).addDim(from.getDim(3)).addDim(from.getDim(1)).build() : from;
        return info.toBuilder().setType(info.getType().toBuilder().setTensorType(
            tensor.toBuilder().setElemType(TensorProto.DataType.UINT8_VALUE).setShape(shape))).build();
    }

    private static void addTransform(final GraphProto.Builder graph, final String name, final InputTransform transform,
        final int channels) {
        final TensorProto.Builder factors = TensorProto.newBuilder().setName(name + "/factor");
        final TensorProto.Builder shifts = TensorProto.newBuilder().setName(name + "/shift");
        for (int c = 0; c < channels; c++) {
            factors.addFloatData(transform.factor(c));
            shifts.addFloatData(transform.shift(c));
        }
        for (final TensorProto.Builder row : List.of(factors, shifts)) {
            graph.addInitializer(
                row.setDataType(TensorProto.DataType.FLOAT_VALUE).addAllDims(List.of(1L, (long) channels, 1L, 1L)));
        }
        String last = name;
        if (transform.isChannelsLast()) {
            graph.addNode(node("Transpose", name + "/transposed", last).addAttribute(AttributeProto.newBuilder().setName("perm")
                .setType(AttributeProto.AttributeType.INTS).addAllInts(List.of(0L, 3L, 1L, 2L))));
            last = name + "/transposed";
        }
        graph.addNode(node("Cast", name + "/cast", last).addAttribute(AttributeProto.newBuilder().setName("to")
            .setType(AttributeProto.AttributeType.INT).setI(TensorProto.DataType.FLOAT_VALUE)));
        graph.addNode(node("Mul", name + "/scaled", name + "/cast", factors.getName()));
        graph.addNode(node("Add", name + FLOATS, name + "/scaled", shifts.getName()));
    }

    private static NodeProto.Builder node(final String operator, final String output, final String... inputs) {
        return NodeProto.newBuilder().setOpType(operator).setName(output).addOutput(output).addAllInput(List.of(inputs));
    }

    /** A node, and all graphs that hang on it, with another name for what it reads. */
    private static NodeProto reading(final NodeProto node, final String old, final String now) {
        final NodeProto.Builder result = node.toBuilder();
        for (int i = 0; i < node.getInputCount(); i++) {
            if (node.getInput(i).equals(old)) {
                result.setInput(i, now);
            }
        }
        for (int i = 0; i < node.getAttributeCount(); i++) {
            final AttributeProto attribute = node.getAttribute(i);
            if (attribute.hasG() || attribute.getGraphsCount() > 0) {
                final AttributeProto.Builder inner = attribute.toBuilder();
                if (attribute.hasG()) {
                    inner.setG(reading(attribute.getG(), old, now));
                }
                for (int g = 0; g < attribute.getGraphsCount(); g++) {
                    inner.setGraphs(g, reading(attribute.getGraphs(g), old, now));
                }
                result.setAttribute(i, inner);
            }
        }
        return result.build();
    }

    private static GraphProto reading(final GraphProto graph, final String old, final String now) {
        final GraphProto.Builder result = graph.toBuilder().clearNode();
        graph.getNodeList().forEach(node -> result.addNode(reading(node, old, now)));
        for (int i = 0; i < graph.getOutputCount(); i++) {
            if (graph.getOutput(i).getName().equals(old)) {
                result.setOutput(i, graph.getOutput(i).toBuilder().setName(now));
            }
        }
        return result.build();
    }
}
