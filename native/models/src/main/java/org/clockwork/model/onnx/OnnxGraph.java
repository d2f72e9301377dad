package org.clockwork.model.onnx;

import ai.onnx.proto.OnnxMl;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The parts of an ONNX file while it is built: nodes in the order of execution, tensors as descriptions. Single-threaded.
 * The batch is the symbolic first dimension {@link #BATCH} of each input and output.
 */
final class OnnxGraph {
    /** Name of the batch dimension. */
    static final String BATCH = "N";
    private static final int IR_VERSION = 8;
    private static final int OPSET = 14;

    private final String name;
    private final long seed;
    private final OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder();
    private final List<Weights> weights = new ArrayList<>();
    private final Map<String, Integer> counts = new HashMap<>();

    OnnxGraph(final String name, final long seed) {
        this.name = name;
        this.seed = seed;
        graph.setName(name);
    }

    /** A name that is not taken, such as {@code Conv_12}. */
    String unique(final String kind) {
        return kind + "_" + counts.merge(kind, 1, Integer::sum);
    }

    /** Adds a tensor and returns its name. */
    String add(final Weights tensor) {
        weights.add(tensor);
        return tensor.name;
    }

    /** Adds a node with one output of the node's own name. */
    void node(final String operator, final String nodeName, final List<String> inputs,
        final OnnxMl.AttributeProto... attributes) {
        graph.addNode(OnnxMl.NodeProto.newBuilder().setOpType(operator).setName(nodeName).addAllInput(inputs)
            .addOutput(nodeName).addAllAttribute(Arrays.asList(attributes)));
    }

    void input(final String inputName, final List<Integer> shape) {
        graph.addInput(valueInfo(inputName, shape));
    }

    /** Gives a value its name to the outside. */
    void output(final String outputName, final Value value) {
        node("Identity", outputName, List.of(value.name()));
        graph.addOutput(valueInfo(outputName, value.shape()));
    }

    /** Elements of all tensors of a kind. */
    long elements(final Weights.Kind kind) {
        return weights.stream().filter(tensor -> tensor.kind == kind).mapToLong(Weights::elements).sum();
    }

    int nodes() {
        return graph.getNodeCount();
    }

    /** Writes the file; it appears complete or not at all. */
    void write(final Path file) throws IOException {
        final Path directory = file.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        final Path unfinished = Files.createTempFile(directory, name, ".unfinished");
        try {
            try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(unfinished))) {
                write(stream);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    void write(final OutputStream stream) throws IOException {
        final OnnxMl.ModelProto model = OnnxMl.ModelProto.newBuilder().setIrVersion(IR_VERSION).setProducerName("clockwork")
            .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET)).build();
        OnnxWriter.write(model, graph.build(), weights, seed, stream);
    }

    static OnnxMl.AttributeProto ints(final String attribute, final long... values) {
        final OnnxMl.AttributeProto.Builder builder = OnnxMl.AttributeProto.newBuilder().setName(attribute)
            .setType(OnnxMl.AttributeProto.AttributeType.INTS);
        Arrays.stream(values).forEach(builder::addInts);
        return builder.build();
    }

    static OnnxMl.AttributeProto integer(final String attribute, final long value) {
        return OnnxMl.AttributeProto.newBuilder().setName(attribute).setI(value)
            .setType(OnnxMl.AttributeProto.AttributeType.INT).build();
    }

    static OnnxMl.AttributeProto real(final String attribute, final float value) {
        return OnnxMl.AttributeProto.newBuilder().setName(attribute).setF(value)
            .setType(OnnxMl.AttributeProto.AttributeType.FLOAT).build();
    }

    private static OnnxMl.ValueInfoProto valueInfo(final String valueName, final List<Integer> shape) {
        final OnnxMl.TensorShapeProto.Builder dims = OnnxMl.TensorShapeProto.newBuilder();
        dims.addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimParam(BATCH));
        shape.forEach(size -> dims.addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimValue(size)));
        return OnnxMl.ValueInfoProto.newBuilder().setName(valueName).setType(OnnxMl.TypeProto.newBuilder()
            .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder().setElemType(OnnxMl.TensorProto.DataType.FLOAT_VALUE)
                .setShape(dims))).build();
    }
}
