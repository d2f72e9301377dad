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
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.clockwork.device.ModelException;

/** Small graphs written down node by node. The batch is the dimension {@code N}. */
public final class Nets {
    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("net");
    private long opset = 17;
    private int seed = 1;

    /** Another opset. */
    public Nets opset(final long version) {
        opset = version;
        return this;
    }

    /** An input of floats; -1 is the batch. */
    public Nets input(final String name, final long... dims) {
        return input(name, TensorProto.DataType.FLOAT, dims);
    }

    /** An input of a type. */
    public Nets input(final String name, final TensorProto.DataType type, final long... dims) {
        graph.addInput(info(name, type, dims));
        return this;
    }

    /** A constant of noise. */
    public Nets noise(final String name, final long... dims) {
        final SplittableRandom random = new SplittableRandom(seed++);
        final float[] values = new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextDouble() - 0.4);
        }
        return floats(name, dims, values);
    }

    /** A constant of floats. */
    public Nets floats(final String name, final long[] dims, final float... values) {
        final ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        graph.addInitializer(TensorProto.newBuilder().setName(name).setDataType(1)
            .addAllDims(Arrays.stream(dims).boxed().toList()).setRawData(ByteString.copyFrom(bytes)));
        return this;
    }

    /** A constant vector of integers. */
    public Nets integers(final String name, final long... values) {
        graph.addInitializer(TensorProto.newBuilder().setName(name).setDataType(7).addDims(values.length)
            .addAllInt64Data(Arrays.stream(values).boxed().toList()));
        return this;
    }

    /** A node named like its output; attributes are longs, floats, long arrays or strings. */
    public Nets node(final String operator, final String output, final List<String> inputs, final Map<String,
        Object> attributes) {
        final NodeProto.Builder node = NodeProto.newBuilder().setOpType(operator).setName(output).addAllInput(inputs)
            .addOutput(output);
        attributes.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(entry -> {
            final AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(entry.getKey());
            if (entry.getValue() instanceof Integer value) {
                attribute.setType(AttributeProto.AttributeType.INT).setI(value);
            } else if (entry.getValue() instanceof Float value) {
                attribute.setType(AttributeProto.AttributeType.FLOAT).setF(value);
            } else if (entry.getValue() instanceof long[] values) {
                attribute.setType(AttributeProto.AttributeType.INTS).addAllInts(Arrays.stream(values).boxed().toList());
            } else {
                attribute.setType(AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8((String) entry.getValue()));
            }
            node.addAttribute(attribute);
        });
        graph.addNode(node);
        return this;
    }

    /** A node without attributes. */
    public Nets node(final String operator, final String output, final String... inputs) {
        return node(operator, output, List.of(inputs), Map.of());
    }

    /** The model with its outputs. */
    public ModelProto model(final String... outputs) {
        for (final String output : outputs) {
            graph.addOutput(ValueInfoProto.newBuilder().setName(output).setType(TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(1))));
        }
        return ModelProto.newBuilder().setIrVersion(8).setGraph(graph)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset)).build();
    }

    /** A compiler of the model. */
    public PlanCompiler compiler(final String... outputs) throws ModelException {
        return new PlanCompiler(Dimensions.fix(model(outputs), Map.of()));
    }

    private static ValueInfoProto info(final String name, final TensorProto.DataType type, final long... dims) {
        final TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (final long dim : dims) {
            final TensorShapeProto.Dimension.Builder dimension = shape.addDimBuilder();
            if (dim < 0) {
                dimension.setDimParam("N");
            } else {
                dimension.setDimValue(dim);
            }
        }
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder()
            .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape))).build();
    }
}
