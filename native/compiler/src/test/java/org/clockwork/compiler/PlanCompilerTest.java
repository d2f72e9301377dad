package org.clockwork.compiler;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;
import org.junit.jupiter.api.Test;

/** What becomes of small graphs: what is fused, folded, free or refused. */
final class PlanCompilerTest {
    private static Plan plan(final PlanCompiler compiler) throws ModelException {
        return compiler.plan(2, ElementType.FLOAT32);
    }

    private static List<String> kinds(final Plan plan) {
        return plan.steps().stream().map(step -> step.op().title()).toList();
    }

    private static Nets image() {
        return new Nets().input("x", -1, 3, 8, 8).noise("w", 4, 3, 3, 3);
    }

    private static Nets residual() {
        return new Nets().input("x", -1, 4, 8, 8).noise("w", 4, 4, 1, 1).noise("v", 4, 4, 1, 1)
            .node("Conv", "a", "x", "w").node("Relu", "r", "a").node("Conv", "m", "r", "v").node("Conv", "b", "m", "w")
            .node("Add", "s", "b", "r").node("Relu", "y", "s");
    }

    @Test
    void normalisationIsFoldedIntoTheFilters() throws Exception {
        final Plan plan = plan(image().floats("g", new long[] {4}, 1, 2, 3, 4).floats("b", new long[] {4}, 5, 6, 7, 8)
            .floats("m", new long[] {4}, 1, 1, 1, 1).floats("v", new long[] {4}, 4, 4, 4, 4)
            .node("Conv", "c", "x", "w")
            .node("BatchNormalization", "n", List.of("c", "g", "b", "m", "v"), Map.of("epsilon", 0f))
            .node("Relu", "y", "n").compiler("y"));
        assertEquals(List.of("Copy", "Conv", "Copy"), kinds(plan));
        assertEquals(1, plan.steps().get(1).postOps().size());
        final FloatBuffer bias = plan.weights().get(1).data();
        assertEquals(4.5f, bias.get(0));
        assertEquals(6f, bias.get(3));
        final FloatBuffer plain = plan(image().node("Conv", "y", "x", "w").compiler("y")).weights().get(0).data();
        final FloatBuffer folded = plan.weights().get(0).data();
        assertEquals(plain.get(107) * 2, folded.get(107));
        assertEquals(plain.get(0) / 2, folded.get(0));
    }

    @Test
    void normalisationThatSomebodyElseSeesIsNotFolded() throws Exception {
        final Plan plan = plan(image().noise("g", 4).noise("b", 4).noise("m", 4).floats("v", new long[] {4}, 1, 1, 1, 1)
            .node("Conv", "c", "x", "w").node("BatchNormalization", "n", "c", "g", "b", "m", "v").node("Mul", "y", "n", "c")
            .compiler("y"));
        assertEquals(List.of("Copy", "Conv", "Affine", "Binary", "Copy"), kinds(plan));
    }

    @Test
    void residualIsAddedInPlaceByTheLaterConvolution() throws Exception {
        final Plan plan = plan(residual().compiler("y"));
        assertEquals(List.of("Copy", "Conv", "Conv", "Conv", "Copy"), kinds(plan));
        final Step last = plan.steps().get(3);
        assertTrue(last.postOps().get(0) instanceof PostOp.Add add && add.isInPlace());
        assertSame(plan.steps().get(1).output().storage(), last.output().storage());
        assertTrue(last.postOps().get(1) instanceof PostOp.Apply);
    }

    @Test
    void whatTheConvolutionItselfReadsIsNotWrittenOver() throws Exception {
        final Plan plan = plan(new Nets().input("x", -1, 4, 8, 8).noise("w", 4, 4, 1, 1).node("Conv", "r", "x", "w")
            .node("Conv", "c", "r", "w").node("Add", "y", "c", "r").compiler("y"));
        final Step conv = plan.steps().get(2);
        assertTrue(conv.postOps().get(0) instanceof PostOp.Add add && !add.isInPlace());
    }

    @Test
    void residualThatIsReadLaterIsLeftAlone() throws Exception {
        final Plan plan = plan(residual().node("Mul", "z", "y", "r").compiler("z"));
        final Step last = plan.steps().get(3);
        assertTrue(last.postOps().get(0) instanceof PostOp.Add add && !add.isInPlace());
        assertNotSame(plan.steps().get(1).output().storage(), last.output().storage());
    }

    @Test
    void whatIsInUseAtTheSameTimeDoesNotOverlap() throws Exception {
        final Plan plan = plan(residual().node("Mul", "z", "y", "r").compiler("z"));
        for (int i = 0; i < plan.steps().size(); i++) {
            final Step step = plan.steps().get(i);
            final Storage to = step.output().storage();
            for (final Storage from : step.reads()) {
                final boolean areOurs = from.kind() == Storage.Kind.WORKSPACE && to.kind() == Storage.Kind.WORKSPACE
                    && from != to;
                assertFalse(areOurs && from.offset() < to.offset() + to.bytes() && to.offset() < from.offset() + from.bytes(),
                    step.toString());
            }
            assertTrue(to.kind() != Storage.Kind.WORKSPACE || to.offset() + to.bytes() <= plan.workspaceBytes());
        }
    }

    @Test
    void geluAndLayerNormAreRecognised() throws Exception {
        final Plan plan = plan(new Nets().input("x", -1, 6, 8).noise("w", 8, 8).noise("b", 8).noise("g", 8).noise("h", 8)
            .floats("two", new long[0], 2).floats("eps", new long[0], 1e-5f).floats("root", new long[0], (float) Math.sqrt(2))
            .floats("one", new long[0], 1).floats("half", new long[0], 0.5f)
            .node("MatMul", "m", "x", "w").node("Add", "a", "b", "m")
            .node("Div", "d", "a", "root").node("Erf", "e", "d").node("Add", "e1", "e", "one").node("Mul", "p", "a", "e1")
            .node("Mul", "q", "p", "half")
            .node("ReduceMean", "mean", List.of("q"), Map.of("axes", new long[] {-1})).node("Sub", "c", "q", "mean")
            .node("Pow", "sq", "c", "two").node("ReduceMean", "var", List.of("sq"), Map.of("axes", new long[] {-1}))
            .node("Add", "ve", "var", "eps").node("Sqrt", "sd", "ve").node("Div", "n", "c", "sd").node("Mul", "s", "n", "g")
            .node("Add", "y", "s", "h").compiler("y"));
        assertEquals(List.of("MatMul", "LayerNorm"), kinds(plan));
        assertEquals(3, plan.steps().get(0).inputs().size(), "the bias is the product's");
        assertTrue(plan.steps().get(0).postOps().toString().contains("GELU"));
    }

    @Test
    void meansOfAPointwiseConvolutionAreTakenBeforeIt() throws Exception {
        final Map<String, Object> halves = Map.of("kernel_shape", new long[] {2, 2}, "strides", new long[] {2, 2});
        final Plan plan = plan(image().noise("v", 4, 3, 1, 1).noise("b", 4).node("Conv", "c", "x", "v", "b")
            .node("AveragePool", "p", List.of("c"), halves).node("Relu", "y", "p").compiler("y"));
        assertInstanceOf(Op.Pool.class, plan.steps().get(1).op(), plan::text);
        final Step conv = plan.steps().get(2);
        assertInstanceOf(Op.Conv.class, conv.op(), plan::text);
        assertArrayEquals(new long[] {2, 3, 4, 4}, conv.inputs().get(0).dims());
        assertEquals(1, conv.postOps().size());
        for (final Map<String, Object> other : List.<Map<String, Object>>of(
            Map.of("kernel_shape", new long[] {2, 2}),
            Map.of("kernel_shape", new long[] {3, 3}, "strides", new long[] {2, 2}, "pads", new long[] {1, 1, 1, 1}))) {
            final Plan left = plan(image().noise("v", 4, 3, 1, 1).node("Conv", "c", "x", "v")
                .node("AveragePool", "y", List.of("c"), other).compiler("y"));
            assertInstanceOf(Op.Conv.class, left.steps().get(1).op(), left::text);
        }
        final Plan seen = plan(image().noise("v", 4, 3, 1, 1).node("Conv", "c", "x", "v")
            .node("AveragePool", "p", List.of("c"), halves).compiler("c", "p"));
        assertInstanceOf(Op.Conv.class, seen.steps().get(1).op(), seen::text);
        final Plan wide = plan(image().node("Conv", "c", "x", "w")
            .node("AveragePool", "y", List.of("c"), halves).compiler("y"));
        assertInstanceOf(Op.Conv.class, wide.steps().get(1).op(), wide::text);
    }

    @Test
    void hardSwishIsRecognisedAsOldExportersWriteIt() throws Exception {
        final PlanCompiler compiler = image().noise("w", 4, 3, 1, 1).floats("three", new long[0], 3)
            .floats("six", new long[0], 6).node("Conv", "c", "x", "w").node("Add", "a", "c", "three")
            .node("Clip", "l", List.of("a"), Map.of("min", 0f, "max", 6f)).opset(10).node("Mul", "m", "c", "l")
            .node("Div", "y", "m", "six").compiler("y");
        assertTrue(compiler.plan(1, ElementType.FLOAT32).text().contains("HARD_SWISH"));
    }

    @Test
    void aGeluOfWhichAnInnerTensorIsAnOutputIsRefused() {
        final ModelException refusal = assertThrows(ModelException.class, () -> plan(new Nets().input("x", -1, 8)
            .floats("root", new long[0], (float) Math.sqrt(2)).node("Div", "d", "x", "root").node("Erf", "e", "d")
            .node("Relu", "y", "e").compiler("y")));
        assertEquals(Reason.UNSUPPORTED_OPERATOR, refusal.reason());
    }

    @Test
    void shapeArithmeticAndReshapesCostNothing() throws Exception {
        final Plan plan = plan(new Nets().input("x", -1, 4, 6).noise("w", 12, 5).integers("zero", 0).integers("rest", -1)
            .integers("twelve", 12).node("Shape", "s", "x").node("Gather", "n", "s", "zero")
            .node("Concat", "to", List.of("n", "rest", "twelve"), Map.of("axis", 0)).node("Reshape", "r", "x", "to")
            .node("MatMul", "y", "r", "w").compiler("y"));
        assertEquals(List.of("MatMul"), kinds(plan));
        assertArrayEquals(new long[] {2, 2, 5}, plan.outputs().get(0).dims());
    }

    @Test
    void samePlanForTheSameFileAndOneSetOfWeightsForAllBatches() throws Exception {
        final PlanCompiler compiler = residual().compiler("y");
        final Plan one = compiler.plan(1, ElementType.FLOAT32);
        final Plan four = compiler.plan(4, ElementType.FLOAT32);
        assertEquals(one.weights(), four.weights());
        assertNotEquals(one.checksum(), four.checksum());
        assertEquals(one.text(), residual().compiler("y").plan(1, ElementType.FLOAT32).text());
        assertEquals(3 * 4 * 4 * 64 * 2, one.flops());
        assertEquals(4 * one.flops(), four.flops());
        assertTrue(one.text().contains("Conv") && one.text().contains("checksum="), one.text());
    }

    @Test
    void anUnknownOperatorIsNamedWithItsNode() {
        final ModelException refusal = assertThrows(ModelException.class,
            () -> plan(new Nets().input("x", -1, 8).node("Relu", "r", "x").node("GridSample", "strange", "r", "r")
            .compiler("strange")));
        assertEquals(Reason.UNSUPPORTED_OPERATOR, refusal.reason());
        assertTrue(refusal.getMessage().contains("'strange'") && refusal.getMessage().contains("GridSample"),
            refusal.getMessage());
    }

    @Test
    void opsetsBeyondTheKnownOnesAreRefused() throws Exception {
        final Nets oldest = new Nets().opset(9).input("x", -1, 8).node("Relu", "y", "x");
        assertEquals(1, plan(oldest.compiler("y")).steps().size());
        assertThrows(ModelException.class, () -> new Nets().opset(8).input("x", -1, 8).node("Relu", "y", "x").compiler("y"));
        assertThrows(ModelException.class, () -> new Nets().opset(22).input("x", -1, 8).node("Relu", "y", "x").compiler("y"));
    }

    @Test
    void loopsAndContradictionsAreRefused() {
        refused(Reason.INVALID_FILE, "'b'", new Nets().input("x", -1, 8).node("Add", "a", "x", "b").node("Relu", "b", "a"), "b");
        refused(Reason.INVALID_FILE, "made twice", new Nets().input("x", -1, 8).node("Relu", "a", "x").node("Relu", "a", "x"),
            "a");
        refused(Reason.INVALID_FILE, "'nowhere'", new Nets().input("x", -1, 8).node("Relu", "a", "x"), "nowhere");
        refused(Reason.INVALID_FILE, "do not fit", new Nets().input("x", -1, 8).noise("n", 3).node("Add", "a", "x", "n"), "a");
        refused(Reason.INVALID_FILE, "filters", new Nets().input("x", -1, 5, 8, 8).noise("w", 4, 3, 3, 3)
            .node("Conv", "a", "x", "w"), "a");
        refused(Reason.INVALID_FILE, "larger than the image",
            new Nets().input("x", -1, 3, 2, 2).noise("w", 4, 3, 3, 3).node("Conv", "a", "x", "w"), "a");
        refused(Reason.INVALID_FILE, "shape", new Nets().input("x", -1, 8).integers("s", -1, 3).node("Reshape", "a", "x", "s"),
            "a");
    }

    @Test
    void sizesThatOverflowAreRefused() {
        refused(Reason.TOO_LARGE, "too large", new Nets().input("x", -1, 1L << 40, 1L << 40).node("Relu", "a", "x"), "a");
        refused(Reason.TOO_LARGE, "constant", new Nets().input("x", -1, 8).integers("s", 1L << 31, 1L << 31)
            .node("ConstantOfShape", "c", "s").node("Add", "a", "x", "c"), "a");
        refused(Reason.TOO_LARGE, "constant", new Nets().input("x", -1, 8).integers("from", 0).integers("to", Long.MAX_VALUE)
            .integers("by", 1).node("Range", "c", "from", "to", "by").node("Gather", "a", "x", "c"), "a");
    }

    private static void refused(final Reason reason, final String said, final Nets nets, final String output) {
        final ModelException refusal = assertThrows(ModelException.class, () -> plan(nets.compiler(output)));
        assertEquals(reason, refusal.reason(), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(said), refusal.getMessage());
    }
}
