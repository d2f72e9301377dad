package org.clockwork.device.cpu;

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
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.clockwork.device.ModelSource;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;
import org.clockwork.model.zoo.ModelZoo;

/** Model files for tests, written once into a directory of the test's. */
final class TestModels {
    private static final int OPSET = 17;
    private final Path directory;

    TestModels(final Path directory) {
        this.directory = directory;
    }

    /** What to compile for a file, under its own name. */
    static ModelSource source(final Path file, final Map<String, Integer> dimensions, final int maxBatch) {
        final String name = file.getFileName().toString().replace('.', '-');
        return new ModelSource(name + '-' + Integer.toHexString(dimensions.hashCode()), file, null, dimensions, maxBatch);
    }

    Path zoo(final String name) throws IOException {
        final Path file = directory.resolve(name + ".onnx");
        if (!Files.exists(file)) {
            new ModelZoo().write(name, 7, file);
        }
        return file;
    }

    /** One dense layer; its weights fill this many pages. */
    Path pages(final int pages) throws IOException {
        final Path file = directory.resolve("pages" + pages + ".onnx");
        if (!Files.exists(file)) {
            final Net net = new Net("pages" + pages, pages);
            final Value input = net.input("input", 1024);
            net.output("output", net.dense(input, 4096 * pages - 1024, true));
            net.write(file);
        }
        return file;
    }

    /** The sentence transformer from its package. */
    Path miniLm() throws IOException {
        final Path file = directory.resolve("minilm.onnx");
        if (!Files.exists(file)) {
            try (InputStream in = TestModels.class.getResourceAsStream("/all-minilm-l6-v2.onnx")) {
                Files.copy(in, file);
            }
        }
        return file;
    }

    Path write(final String name, final ModelProto model) throws IOException {
        return Files.write(directory.resolve(name + ".onnx"), model.toByteArray());
    }

    static ModelProto model(final GraphProto.Builder graph) {
        return ModelProto.newBuilder().setIrVersion(8).setProducerName("test").setGraph(graph.setName("g"))
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET)).build();
    }

    /** {@code output = input x w}, the input's dimensions as given: numbers are fixed, other text is a symbol. */
    static GraphProto.Builder matMul(final int width, final String... inputDims) {
        return GraphProto.newBuilder()
            .addInput(value("input", TensorProto.DataType.FLOAT, inputDims))
            .addInitializer(floats("w", 11, width, width))
            .addNode(node("MatMul", "output", "input", "w"))
            .addOutput(value("output", TensorProto.DataType.FLOAT));
    }

    /** Multiplies with one of two matrices, depending on the input; the branches are graphs. */
    static GraphProto.Builder branches(final int width) {
        final GraphProto.Builder then = GraphProto.newBuilder().setName("then")
            .addInitializer(floats("wt", 3, width, width))
            .addNode(node("MatMul", "a", "input", "wt"))
            .addOutput(value("a", TensorProto.DataType.FLOAT));
        final GraphProto.Builder otherwise = GraphProto.newBuilder().setName("else")
            .addInitializer(floats("we", 4, width, width))
            .addNode(node("MatMul", "b", "input", "we"))
            .addOutput(value("b", TensorProto.DataType.FLOAT));
        return GraphProto.newBuilder()
            .addInput(value("input", TensorProto.DataType.FLOAT, "N", Integer.toString(width)))
            .addInitializer(floats("w", 5, width, width))
            .addInitializer(floats("zero", 0))
            .addNode(node("Mul", "square", "input", "input"))
            .addNode(node("ReduceSum", "sum", "square").toBuilder().addAttribute(integer("keepdims", 0)))
            .addNode(node("Greater", "flag", "sum", "zero"))
            .addNode(NodeProto.newBuilder().setOpType("If").addInput("flag").addOutput("branch")
                .addAttribute(graph("then_branch", then)).addAttribute(graph("else_branch", otherwise)))
            .addNode(node("MatMul", "output", "branch", "w"))
            .addOutput(value("output", TensorProto.DataType.FLOAT));
    }

    /** Looks rows of a table up; an index outside it makes ONNX Runtime fail. */
    static GraphProto.Builder lookup(final int rows, final int width) {
        return GraphProto.newBuilder()
            .addInput(value("index", TensorProto.DataType.INT64, "N", "2"))
            .addInitializer(floats("table", 9, rows, width))
            .addNode(node("Gather", "output", "table", "index"))
            .addOutput(value("output", TensorProto.DataType.FLOAT));
    }

    static NodeProto node(final String operator, final String output, final String... inputs) {
        return NodeProto.newBuilder().setOpType(operator).setName(output).addAllInput(List.of(inputs)).addOutput(output).build();
    }

    static AttributeProto integer(final String name, final long value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INT).setI(value).build();
    }

    private static AttributeProto graph(final String name, final GraphProto.Builder graph) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.GRAPH).setG(graph).build();
    }

    static TensorProto floats(final String name, final long seed, final int... shape) {
        final SplittableRandom random = new SplittableRandom(seed);
        int count = 1;
        final TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE);
        for (final int dimension : shape) {
            tensor.addDims(dimension);
            count *= dimension;
        }
        final ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putFloat((float) random.nextDouble(-1, 1));
        }
        return tensor.setRawData(ByteString.copyFrom(bytes.flip())).build();
    }

    static ValueInfoProto value(final String name, final TensorProto.DataType type, final String... dims) {
        final TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(type.getNumber());
        final TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (final String dim : dims) {
            if (dim.matches("\\d+")) {
                shape.addDimBuilder().setDimValue(Long.parseLong(dim));
            } else if (dim.isEmpty()) {
                shape.addDimBuilder();
            } else {
                shape.addDimBuilder().setDimParam(dim);
            }
        }
        if (dims.length > 0) {
            tensor.setShape(shape);
        }
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(tensor)).build();
    }
}
