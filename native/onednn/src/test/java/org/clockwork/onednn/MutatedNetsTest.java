package org.clockwork.onednn;

import static org.junit.jupiter.api.Assertions.*;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.clockwork.compiler.Dimensions;
import org.clockwork.compiler.Nets;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.PlanCompiler;
import org.clockwork.compiler.View;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Networks that are damaged but still networks: other strides, pads, axes, shapes, operators and edges. Whatever has a plan
 * is built, executed and gives ONNX Runtime's answers where that takes the model too; all else is refused with a sentence.
 */
final class MutatedNetsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long[] NUMBERS =
        {0, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 16, 31, -1, -2, 1 << 20, Integer.MAX_VALUE, Long.MAX_VALUE};
    private static final String[] OPERATORS = {"Relu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Add", "Mul", "Sub", "Div",
        "Max", "Concat", "Softmax", "GlobalAveragePool", "MaxPool", "AveragePool", "Conv", "ConvTranspose", "MatMul", "Gemm",
        "Flatten", "Transpose", "Exp", "Neg", "Identity", "ReduceMean", "Clip", "LeakyRelu", "Erf", "Sqrt", "Pow"};
    private static final long MOST_NUMBERS = 1 << 22;
    private static final double TOLERANCE = 1e-3;
    private static final OneDnn LIBRARY = OneDnn.load();
    private int planned;
    private int compared;

    private static ModelProto pictures() {
        return new Nets().input("x", -1, 8, 12, 12).noise("w", 16, 4, 3, 3).noise("wb", 16).noise("w1", 8, 16, 1, 1)
            .noise("wt", 8, 8, 2, 2).noise("g", 8).noise("b", 8).floats("m", new long[] {8}, new float[8])
            .floats("v", new long[] {8}, 1, 1, 1, 1, 2, 2, 2, 2).floats("scales", new long[] {4}, 1, 1, 2, 2).noise("f", 16, 5)
            .node("Conv", "c", List.of("x", "w", "wb"), Map.of("pads", new long[] {1, 1, 1, 1}, "group", 2,
                "strides", new long[] {1, 1}, "dilations", new long[] {1, 1}))
            .node("Relu", "r", "c").node("Conv", "d", List.of("r", "w1"), Map.of("kernel_shape", new long[] {1, 1}))
            .node("BatchNormalization", "n", "d", "g", "b", "m", "v").node("Add", "a", "n", "x")
            .node("MaxPool", "p", List.of("a"), Map.of("kernel_shape", new long[] {2, 2}, "strides", new long[] {2, 2},
                "pads", new long[] {0, 0, 0, 0}))
            .node("ConvTranspose", "t", List.of("p", "wt"), Map.of("strides", new long[] {2, 2}))
            .node("Resize", "z", List.of("p", "", "scales"), Map.of("mode", "nearest", "coordinate_transformation_mode",
                "asymmetric", "nearest_mode", "floor"))
            .node("Concat", "k", List.of("t", "z"), Map.of("axis", 1)).node("HardSigmoid", "h", "k").node("Mul", "q", "h", "k")
            .node("AveragePool", "e", List.of("q"), Map.of("kernel_shape", new long[] {3, 3}, "pads", new long[] {1, 1, 1, 1},
                "strides", new long[] {2, 2}, "count_include_pad", 1, "ceil_mode", 0))
            .node("GlobalAveragePool", "o", "e").node("Flatten", "l", List.of("o"), Map.of("axis", 1))
            .node("MatMul", "u", "l", "f").node("Softmax", "y", List.of("u"), Map.of("axis", -1)).model("y");
    }

    private static ModelProto words() {
        return new Nets().input("x", -1, 6, 16).noise("w", 16, 24).noise("wb", 24).noise("s", 16).noise("h", 16)
            .integers("shape", 0, 6, 2, 8).integers("back", 0, 6, 16).noise("o", 8, 16).noise("half", 16)
            .node("LayerNormalization", "n", List.of("x", "s", "h"), Map.of("axis", -1, "epsilon", 1e-5f))
            .node("MatMul", "m", "n", "w").node("Add", "a", "m", "wb")
            .node("Split", "q", List.of("a"), Map.of("axis", 2)).node("Tanh", "t", "a")
            .node("Slice", "k", "t", "from", "to", "axes").integers("from", 0).integers("to", 16).integers("axes", 2)
            .node("Reshape", "r", "k", "shape").node("Transpose", "p", List.of("r"), Map.of("perm", new long[] {0, 2, 1, 3}))
            .node("Transpose", "pt", List.of("r"), Map.of("perm", new long[] {0, 2, 3, 1}))
            .node("MatMul", "scores", "p", "pt").node("Softmax", "sm", List.of("scores"), Map.of("axis", 3))
            .node("MatMul", "c", "sm", "p").node("Transpose", "ct", List.of("c"), Map.of("perm", new long[] {0, 2, 1, 3}))
            .node("Reshape", "j", "ct", "back").node("Add", "res", "j", "x")
            .node("ReduceMean", "y", List.of("res"), Map.of("axes", new long[] {1}, "keepdims", 0)).model("y");
    }

    @Test
    void damagedNetsAreRefusedOrRightOnEveryEngine() {
        fuzz(pictures(), 31, 160);
        fuzz(words(), 32, 120);
        assertTrue(planned > 50 && compared > 40, "planned=" + planned + " compared=" + compared);
    }

    @Tag("slow")
    @Test
    void manyMore() {
        fuzz(pictures(), 33, 3_000);
        fuzz(words(), 34, 2_000);
    }

    private void fuzz(final ModelProto good, final long seed, final int rounds) {
        final SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < rounds; round++) {
            final ModelProto.Builder model = good.toBuilder();
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                model.setGraph(mutate(model.getGraph(), random));
            }
            final String name = "seed=" + seed + " round=" + round;
            assertTimeoutPreemptively(LIMIT, () -> check(model.build(), name), name);
        }
    }

    private static GraphProto mutate(final GraphProto graph, final SplittableRandom random) {
        final GraphProto.Builder result = graph.toBuilder();
        final int node = random.nextInt(graph.getNodeCount());
        switch (random.nextInt(7)) {
            case 0, 1 -> result.setNode(node, withOtherAttribute(graph.getNode(node), random));
            case 2 -> result.setNode(node,
                graph.getNode(node).toBuilder().setOpType(OPERATORS[random.nextInt(OPERATORS.length)]));
            case 3 -> result.setNode(node, withOtherInput(graph, graph.getNode(node), node, random));
            case 4 -> {
                final int tensor = random.nextInt(graph.getInitializerCount());
                result.setInitializer(tensor, withOtherShape(graph.getInitializer(tensor), random));
            }
            case 5 -> result.setInput(0, withOtherShape(graph.getInput(0), random));
            default -> result.removeNode(node);
        }
        return result.build();
    }

    private static NodeProto withOtherAttribute(final NodeProto node, final SplittableRandom random) {
        final NodeProto.Builder result = node.toBuilder();
        if (node.getAttributeCount() == 0) {
            return result.addAttribute(AttributeProto.newBuilder().setName("axis").setType(AttributeProto.AttributeType.INT)
                .setI(NUMBERS[random.nextInt(NUMBERS.length)])).build();
        }
        final int index = random.nextInt(node.getAttributeCount());
        final AttributeProto.Builder attribute = node.getAttribute(index).toBuilder();
        final long number = NUMBERS[random.nextInt(NUMBERS.length)];
        if (attribute.getIntsCount() > 0) {
            if (random.nextInt(5) == 0) {
                attribute.addInts(number);
            } else {
                attribute.setInts(random.nextInt(attribute.getIntsCount()), number);
            }
        } else {
            attribute.setI(number);
        }
        return (random.nextInt(6) == 0 ? result.removeAttribute(index) : result.setAttribute(index, attribute)).build();
    }

    private static NodeProto withOtherInput(final GraphProto graph, final NodeProto node, final int position,
        final SplittableRandom random) {
        final NodeProto.Builder result = node.toBuilder();
        final int which = random.nextInt(6);
        final String name = which == 0 ? "x" : which == 1 ? graph.getInitializer(random.nextInt(graph.getInitializerCount()))
            .getName() : graph.getNode(random.nextInt(Math.max(1, position))).getOutput(0);
        if (random.nextInt(6) == 0 || node.getInputCount() == 0) {
            return result.addInput(name).build();
        }
        return result.setInput(random.nextInt(node.getInputCount()), name).build();
    }

    /** The same numbers in another shape, or as many of them as another shape has. */
    private static TensorProto withOtherShape(final TensorProto tensor, final SplittableRandom random) {
        final TensorProto.Builder result = tensor.toBuilder();
        if (tensor.getDataType() != 1 || !tensor.hasRawData()) {
            if (tensor.getInt64DataCount() > 0) {
                result.setInt64Data(random.nextInt(tensor.getInt64DataCount()), NUMBERS[random.nextInt(NUMBERS.length)]);
            }
            return result.build();
        }
        final int axis = random.nextInt(tensor.getDimsCount());
        final int other = random.nextInt(tensor.getDimsCount());
        if (random.nextBoolean()) {
            return result.setDims(axis, tensor.getDims(other)).setDims(other, tensor.getDims(axis)).build();
        }
        final long dim = Math.max(1, tensor.getDims(axis) / 2);
        final int bytes = (int) (tensor.getRawData().size() / tensor.getDims(axis) * dim);
        return result.setDims(axis, dim).setRawData(tensor.getRawData().substring(0, bytes)).build();
    }

    private static ValueInfoProto withOtherShape(final ValueInfoProto input, final SplittableRandom random) {
        final TensorShapeProto.Builder shape = input.getType().getTensorType().getShape().toBuilder();
        final long size = 1 + random.nextInt(20);
        if (random.nextInt(5) == 0) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(size));
        } else {
            shape.setDim(random.nextInt(1, shape.getDimCount()), TensorShapeProto.Dimension.newBuilder().setDimValue(size));
        }
        final TypeProto.Tensor.Builder tensor = input.getType().getTensorType().toBuilder().setShape(shape);
        return input.toBuilder().setType(input.getType().toBuilder().setTensorType(tensor)).build();
    }

    private void check(final ModelProto model, final String name) throws Exception {
        final List<Plan> plans = new ArrayList<>();
        try {
            final PlanCompiler compiler = new PlanCompiler(Dimensions.fix(model, Map.of()));
            plans.add(compiler.plan(1, ElementType.FLOAT32));
            plans.add(compiler.plan(3, ElementType.FLOAT32));
        } catch (final ModelException e) {
            assertFalse(e.getMessage().isEmpty(), name);
            return;
        }
        for (final View view : plans.get(1).outputs()) {
            if (view.elements() > MOST_NUMBERS) {
                return;
            }
        }
        try (Bench bench = new Bench(LIBRARY, plans)) {
            planned++;
            bench.fill(1);
            for (final Plan plan : plans) {
                bench.run(plan.batchSize());
                compare(bench, plan, model, name);
            }
        } catch (final ModelException e) {
            assertFalse(e.getMessage().isEmpty(), name);
        }
    }

    private void compare(final Bench bench, final Plan plan, final ModelProto model, final String name) throws ModelException {
        final float[][] answers = bench.answers(plan);
        final float[][] expected;
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            options.setIntraOpNumThreads(1);
            try (OrtSession session = OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options)) {
                expected = bench.expected(session, plan);
            }
        } catch (final OrtException e) {
            // a plan may exist for what ONNX Runtime refuses; the device then has no artifact of it either
            return;
        }
        for (int i = 0; i < answers.length; i++) {
            for (final float number : expected[i]) {
                if (!Float.isFinite(number) || Math.abs(number) > 1e20f) {
                    return;
                }
            }
            final double error = Bench.distance(answers[i], expected[i]);
            compared++;
            assertTrue(error <= TOLERANCE, () -> name + " error=" + error + '\n' + plan.text());
        }
    }
}
