package org.clockwork.onednn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.util.List;
import java.util.Map;
import org.clockwork.compiler.Dimensions;
import org.clockwork.compiler.OperatorsConformance;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.PlanCompiler;
import org.clockwork.device.ElementType;

/** Operators in their variants on oneDNN. */
final class OperatorsTest extends OperatorsConformance {
    private static final OneDnn LIBRARY = OneDnn.load();
    /** Small: it is cleared for each graph. */
    private static final int WORKSPACE = 1 << 20;

    @Override
    protected void check(final ModelProto model) throws Exception {
        final PlanCompiler compiler = new PlanCompiler(Dimensions.fix(model, Map.of()));
        final List<Plan> plans = List.of(compiler.plan(1, ElementType.FLOAT32), compiler.plan(3, ElementType.FLOAT32));
        try (Bench bench = new Bench(LIBRARY, plans, WORKSPACE);
            OrtSession session = OrtEnvironment.getEnvironment().createSession(model.toByteArray())) {
            for (final Plan plan : plans) {
                bench.fill(7);
                bench.run(plan.batchSize());
                final float[][] answers = bench.answers(plan);
                final float[][] expected = bench.expected(session, plan);
                for (int i = 0; i < answers.length; i++) {
                    assertTrue(Bench.distance(answers[i], expected[i]) <= TOLERANCE, plan.text());
                }
            }
        }
    }
}
