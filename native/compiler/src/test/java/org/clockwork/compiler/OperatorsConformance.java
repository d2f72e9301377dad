package org.clockwork.compiler;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Small graphs of single operators in their variants: whatever executes plans gives ONNX Runtime's answers. A backend's
 * module extends this with how it compares them.
 */
public abstract class OperatorsConformance {
    /** Largest difference as a part of the largest number. */
    protected static final double TOLERANCE = 2e-5;

    /** Compares the answers with ONNX Runtime's at batch sizes 1 and 3. */
    protected abstract void check(ModelProto model) throws Exception;

    private static Nets image() {
        return new Nets().input("x", -1, 6, 9, 7);
    }

    private void check(final Nets nets, final String... outputs) throws Exception {
        check(nets.model(outputs));
    }

    @Test
    void convolutions() throws Exception {
        final Map<String, Object> padded = Map.of("pads", new long[] {1, 0, 2, 1}, "strides", new long[] {2, 1});
        check(image().noise("w", 8, 6, 3, 3).noise("b", 8).node("Conv", "y", List.of("x", "w", "b"), padded), "y");
        check(image().noise("w", 8, 6, 3, 3).node("Conv", "y", List.of("x", "w"), Map.of("pads", new long[] {1, 1, 1, 1})), "y");
        check(image().noise("w", 6, 3, 3, 3).node("Conv", "y", List.of("x", "w"), Map.of("group", 2)), "y");
        check(image().noise("w", 6, 1, 3, 3).node("Conv", "y", List.of("x", "w"),
            Map.of("group", 6, "dilations", new long[] {2, 2})), "y");
        check(image().noise("w", 6, 1, 3, 3).node("Conv", "y", List.of("x", "w"),
            Map.of("group", 6, "strides", new long[] {2, 2}, "pads", new long[] {0, 1, 1, 1})), "y");
        check(image().noise("w", 4, 6, 3, 3).node("Conv", "y", List.of("x", "w"),
            Map.of("auto_pad", "SAME_UPPER", "strides", new long[] {2, 2})), "y");
        check(new Nets().input("x", -1, 5, 20).noise("w", 8, 5, 3).noise("b", 8)
            .node("Conv", "c", List.of("x", "w", "b"), Map.of("strides", new long[] {2}, "pads", new long[] {1, 1}))
            .node("Relu", "y", "c"), "y");
        check(image().noise("w", 6, 6, 1, 1).noise("b", 6).node("Conv", "c", "x", "w", "b").node("Add", "a", "c", "x")
            .node("Relu", "y", "a"), "y");
    }

    @Test
    void sumsInPlace() throws Exception {
        check(image().noise("w", 6, 6, 1, 1).noise("v", 6, 6, 3, 3).node("Relu", "r", "x")
            .node("Conv", "a", "r", "w").node("Relu", "b", "a")
            .node("Conv", "c", List.of("b", "v"), Map.of("pads", new long[] {1, 1, 1, 1}))
            .node("Add", "s", "c", "b").node("Relu", "t", "s").node("Conv", "u", "t", "w").node("Add", "y", "u", "t"), "y");
    }

    @Test
    void transposedConvolutions() throws Exception {
        check(image().noise("w", 6, 4, 4, 4).noise("b", 4)
            .node("ConvTranspose", "y", List.of("x", "w", "b"),
            Map.of("strides", new long[] {2, 2}, "pads", new long[] {1, 1, 1, 1})), "y");
        check(image().noise("w", 6, 2, 3, 3).node("ConvTranspose", "y", List.of("x", "w"),
            Map.of("strides", new long[] {2, 2}, "group", 3, "output_padding", new long[] {1, 1})), "y");
    }

    @Test
    void poolings() throws Exception {
        final long[] three = {3, 3};
        final long[] two = {2, 2};
        check(image().node("MaxPool", "y", List.of("x"), Map.of("kernel_shape", three, "strides", two, "ceil_mode", 1)), "y");
        check(image().node("MaxPool", "y", List.of("x"), Map.of("kernel_shape", three, "pads", new long[] {1, 1, 1, 1})), "y");
        check(image().node("MaxPool", "y", List.of("x"), Map.of("kernel_shape", three, "strides", two, "pads",
            new long[] {0, 0, 1, 1})), "y");
        check(image().node("AveragePool", "y", List.of("x"), Map.of("kernel_shape", three, "strides", two, "pads",
            new long[] {1, 1, 1, 1})), "y");
        check(image().node("AveragePool", "y", List.of("x"), Map.of("kernel_shape", three, "strides", two, "pads",
            new long[] {0, 1, 1, 1})), "y");
        check(image().node("AveragePool", "y", List.of("x"),
            Map.of("kernel_shape", three, "strides", two, "pads", new long[] {1, 1, 1, 1}, "count_include_pad", 1)), "y");
        check(image().node("AveragePool", "y", List.of("x"),
            Map.of("kernel_shape", three, "strides", two, "pads", new long[] {0, 1, 2, 1}, "count_include_pad", 1)), "y");
        check(image().node("GlobalAveragePool", "g", "x").node("GlobalMaxPool", "m", "x").node("Sub", "y", "g", "m"), "y");
    }

    @Test
    void meansOfConvolutions() throws Exception {
        final Map<String, Object> halves = Map.of("kernel_shape", new long[] {2, 2}, "strides", new long[] {2, 2});
        check(image().noise("w", 8, 6, 1, 1).noise("b", 8).node("Conv", "c", "x", "w", "b")
            .node("AveragePool", "p", List.of("c"), halves).node("Relu", "y", "p"), "y");
        check(image().noise("w", 8, 3, 1, 1).node("Conv", "c", List.of("x", "w"), Map.of("group", 2))
            .node("AveragePool", "p", List.of("c"), halves).noise("g", 8).noise("b", 8).noise("m", 8)
            .floats("v", new long[] {8}, 1, 2, 3, 4, 5, 6, 7, 8).node("BatchNormalization", "y", "p", "g", "b", "m", "v"), "y");
        check(image().noise("w", 8, 6, 1, 1).node("Conv", "c", "x", "w")
            .node("AveragePool", "p", List.of("c"), halves).node("Relu", "r", "c"), "p", "r");
        check(image().noise("w", 6, 6, 1, 1).node("Conv", "c", "x", "w").node("AveragePool", "p", List.of("c"), halves)
            .node("AveragePool", "q", List.of("x"), halves).node("Add", "s", "p", "q")
            .node("Concat", "y", List.of("s", "p"), Map.of("axis", 1)), "y");
    }

    @Test
    void functionsOfOneNumber() throws Exception {
        for (final String operator : List.of("Relu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Exp", "Abs", "Neg",
            "Softplus", "Elu", "LeakyRelu")) {
            check(image().node(operator, "y", "x"), "y");
        }
        check(image().node("Abs", "a", "x").floats("one", new long[0], 1).node("Add", "b", "a", "one").node("Log", "l", "b")
            .node("Reciprocal", "y", "b"), "l", "y");
        check(image().floats("a", new long[0], -0.5f).floats("b", new long[0], 0.7f).node("Clip", "y", "x", "a", "b"), "y");
        check(image().node("Sigmoid", "s", "x").node("Mul", "y", "s", "x"), "y");
        check(image().node("HardSigmoid", "s", "x").node("Mul", "y", "x", "s"), "y");
        check(image().floats("two", new long[0], 2).node("Pow", "p", "x", "two").floats("c", new long[] {1}, 0.3f)
            .node("Add", "a", "p", "c").node("Sqrt", "y", "a"), "y");
        check(image().floats("r", new long[0], (float) Math.sqrt(2)).floats("one", new long[0], 1).floats("h", new long[0], 0.5f)
            .node("Div", "d", "x", "r").node("Erf", "e", "d").node("Add", "a", "e", "one").node("Mul", "m", "x", "a")
            .node("Mul", "y", "m", "h"), "y");
        check(image().opset(20).node("Gelu", "y", List.of("x"), Map.of("approximate", "tanh")), "y");
    }

    @Test
    void hardSwishAsExportersWriteIt() throws Exception {
        for (final boolean isDividedLast : new boolean[] {false, true}) {
            final Nets nets = image().noise("w", 6, 6, 1, 1).floats("three", new long[0], 3).floats("zero", new long[0], 0)
                .floats("six", new long[0], 6).node("Conv", "c", "x", "w").node("Add", "a", "c", "three")
                .node("Clip", "l", "a", "zero", "six");
            final Nets whole = isDividedLast ? nets.node("Mul", "m", "c", "l").node("Div", "y", "m", "six")
                : nets.node("Div", "d", "l", "six").node("Mul", "y", "c", "d");
            check(whole, "y");
        }
    }

    @Test
    void tensorsThatAreRepeated() throws Exception {
        check(image().noise("c", 6, 1, 1).node("Mul", "y", "x", "c"), "y");
        check(image().noise("c", 7).node("Add", "y", "x", "c"), "y");
        check(image().noise("c", 9, 7).node("Sub", "y", "x", "c"), "y");
        check(image().noise("c", 9, 1).node("Div", "y", "x", "c"), "y");
        check(image().noise("c", 9, 1).node("Max", "m", "x", "c").node("Min", "y", "m", "c"), "y");
        check(image().floats("c", new long[] {1}, 2).node("Sub", "y", "c", "x"), "y");
        check(image().noise("w", 6, 6, 1, 1).node("Conv", "c", "x", "w").node("GlobalAveragePool", "g", "c")
            .node("Sigmoid", "s", "g").node("Mul", "m", "c", "s").node("Relu", "y", "m"), "y");
    }

    @Test
    void productsOfMatrices() throws Exception {
        check(new Nets().input("x", -1, 5, 8).noise("w", 8, 4).noise("b", 4).node("MatMul", "m", "x", "w")
            .node("Add", "y", "m", "b"), "y");
        check(new Nets().input("x", -1, 5, 8).input("z", -1, 6, 8)
            .node("Transpose", "t", List.of("z"), Map.of("perm", new long[] {0, 2, 1}))
            .node("MatMul", "m", "x", "t").node("Softmax", "y", List.of("m"), Map.of("axis", -1)), "y");
        check(new Nets().input("x", -1, 8).noise("w", 4, 8).noise("b", 4)
            .node("Gemm", "y", List.of("x", "w", "b"), Map.of("transB", 1)), "y");
        check(new Nets().input("x", -1, 5, 4, 8).input("z", -1, 5, 4, 8)
            .node("Transpose", "s", List.of("x"), Map.of("perm", new long[] {0, 2, 1, 3}))
            .node("Transpose", "t", List.of("z"), Map.of("perm", new long[] {0, 2, 3, 1}))
            .node("MatMul", "y", "s", "t"), "y");
    }

    @Test
    void elementsThatMove() throws Exception {
        check(image().node("Transpose", "y", List.of("x"), Map.of("perm", new long[] {0, 3, 1, 2})), "y");
        check(new Nets().input("x", -1, 40, 50).node("Transpose", "y", List.of("x"), Map.of("perm", new long[] {0, 2, 1})), "y");
        check(image().integers("s", 0, -1).node("Reshape", "r", "x", "s").noise("w", 378, 3).node("MatMul", "y", "r", "w"), "y");
        check(image().integers("from", 1, 0).integers("to", 6, 8).integers("axes", 1, 2).integers("by", 2, 3)
            .node("Slice", "s", "x", "from", "to", "axes", "by").node("Relu", "y", "s"), "y");
        check(image().noise("w", 8, 6, 1, 1).node("Conv", "c", "x", "w")
            .node("Concat", "j", List.of("x", "c", "x"), Map.of("axis", 1)).node("Relu", "y", "j"), "y");
        check(new Nets().input("x", -1, 8, 3, 5).node("DepthToSpace", "d", List.of("x"), Map.of("blocksize", 2, "mode", "CRD"))
            .node("Relu", "y", "d"), "y");
        check(new Nets().input("x", -1, 8, 3, 5).node("DepthToSpace", "d", List.of("x"), Map.of("blocksize", 2))
            .node("Relu", "y", "d"), "y");
        check(image().floats("none", new long[] {0}).floats("scales", new long[] {4}, 1, 1, 2, 2).node("Resize", "y",
            List.of("x", "none", "scales"), Map.of("mode", "nearest", "coordinate_transformation_mode", "asymmetric",
            "nearest_mode", "floor")), "y");
    }

    @Test
    void sumsAndNorms() throws Exception {
        check(image().node("ReduceMean", "y", List.of("x"), Map.of("axes", new long[] {2, 3}, "keepdims", 0)), "y");
        check(image().integers("a", 1).node("ReduceSum", "y", List.of("x", "a"), Map.of("keepdims", 0)), "y");
        check(image().node("ReduceMax", "y", List.of("x"), Map.of("axes", new long[] {1, 3})), "y");
        check(image().node("ReduceMin", "y", List.of("x"), Map.of("axes", new long[] {2})), "y");
        check(image().node("Softmax", "y", List.of("x"), Map.of("axis", 1)), "y");
        check(image().node("Softmax", "y", List.of("x"), Map.of("axis", 2)), "y");
        check(new Nets().opset(11).input("x", -1, 6, 9).node("Softmax", "y", List.of("x"), Map.of("axis", 1)), "y");
        check(new Nets().input("x", -1, 6, 16).noise("g", 16).noise("b", 16).node("LayerNormalization", "y", "x", "g", "b"), "y");
        check(image().noise("g", 6).noise("b", 6).noise("m", 6).floats("v", new long[] {6}, 1, 2, 3, 4, 5, 6)
            .node("BatchNormalization", "n", "x", "g", "b", "m", "v").node("Relu", "y", "n"), "y");
    }

    @Test
    void tablesAndIntegers() throws Exception {
        check(new Nets().input("x", TensorProto.DataType.INT64, -1, 5).noise("t", 30_000, 3).node("Gather", "y", "t", "x"), "y");
        check(new Nets().input("x", TensorProto.DataType.INT32, -1, 5).node("Cast", "y", List.of("x"), Map.of("to", 1)), "y");
        check(new Nets().input("x", TensorProto.DataType.INT64, -1, 5).node("Cast", "y", List.of("x"), Map.of("to", 1)), "y");
    }
}
