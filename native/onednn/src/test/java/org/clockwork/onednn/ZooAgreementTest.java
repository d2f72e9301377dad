package org.clockwork.onednn;

import static org.junit.jupiter.api.Assertions.*;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.PlanCompiler;
import org.clockwork.compiler.Step;
import org.clockwork.device.ElementType;
import org.clockwork.model.PackagedModels;
import org.clockwork.model.zoo.ModelZoo;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every architecture gives ONNX Runtime's answers, alone and in a batch; the tolerance is a hundredth at most of what two
 * inputs differ by.
 */
final class ZooAgreementTest {
    /** One of each family; all others run with the slow tests. */
    private static final List<String> QUICK = List.of("mlp", "resnet18-64", "mobilenet_v2-96", "googlenet", "densenet121",
        "mobile_pose_mobilenetv3", "simple_pose_resnet18_v1b", "resnest14", "resnet18_v2", "cifar_wideresnet16_10", "dla34");
    private static final double TOLERANCE = 1e-4;
    private static final double APART = 100 * TOLERANCE;
    private static final OneDnn LIBRARY = OneDnn.load();
    @TempDir
    private Path directory;

    @TestFactory
    Stream<DynamicTest> oneOfEachFamily() {
        return QUICK.stream().map(name -> DynamicTest.dynamicTest(name, () -> zoo(name)));
    }

    @Tag("slow")
    @TestFactory
    Stream<DynamicTest> allOthers() {
        return new ModelZoo().names().stream().filter(name -> !QUICK.contains(name))
            .map(name -> DynamicTest.dynamicTest(name, () -> zoo(name)));
    }

    @Test
    void transformer() throws Exception {
        final Path file = PackagedModels.extractMiniLm(directory);
        check(file, PlanCompiler.open(file, Integer.MAX_VALUE, Map.of(PackagedModels.MINILM_LENGTH_DIMENSION, 32)));
    }

    /** Real weights: hard sigmoids and swishes, resizes, transposed convolutions, attention. */
    @ParameterizedTest
    @CsvSource({"DETECTION,320,320", "DETECTION,96,160", "RECOGNITION,48,320", "DIRECTION,48,192"})
    void ocr(final PackagedModels.OcrNet net, final int rows, final int columns) throws Exception {
        final Path file = net.extract(directory);
        final PlanCompiler compiler = PlanCompiler.open(file, Integer.MAX_VALUE, Map.of("x:2", rows, "x:3", columns));
        check(file, compiler, Bench::fillWithLines);
    }

    @Test
    void aWrongStepIsNoticed() throws Exception {
        final Path file = directory.resolve("wrong.onnx");
        new ModelZoo().write("resnet18-64", 1, file);
        final Plan plan = PlanCompiler.open(file, Integer.MAX_VALUE, Map.of()).plan(1, ElementType.FLOAT32);
        try (OrtSession session = session(file)) {
            for (final int left : new int[] {2, plan.steps().size() / 2, plan.steps().size() - 2}) {
                final List<Step> steps = new ArrayList<>(plan.steps());
                steps.remove(left);
                final Plan wrong = new Plan(1, plan.precision(), steps, plan.inputs(), plan.outputs(), plan.weights(),
                    plan.workspaceBytes());
                try (Bench bench = new Bench(LIBRARY, List.of(wrong))) {
                    bench.fill(1);
                    bench.run(1);
                    assertTrue(Bench.distance(bench.answers(plan)[0], bench.expected(session, plan)[0]) > 10 * TOLERANCE,
                        "without " + plan.steps().get(left));
                }
            }
        }
    }

    private void zoo(final String name) throws Exception {
        final Path file = directory.resolve(name + ".onnx");
        new ModelZoo().write(name, 1, file);
        try {
            check(file, PlanCompiler.open(file, Integer.MAX_VALUE, Map.of()));
        } finally {
            Files.delete(file);
        }
    }

    private static OrtSession session(final Path file) throws Exception {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            return OrtEnvironment.getEnvironment().createSession(file.toString(), options);
        }
    }

    private static void check(final Path file, final PlanCompiler compiler) throws Exception {
        check(file, compiler, Bench::fill);
    }

    private static void check(final Path file, final PlanCompiler compiler, final BiConsumer<Bench, Long> fill)
            throws Exception {
        final List<Plan> plans = List.of(compiler.plan(1, ElementType.FLOAT32), compiler.plan(4, ElementType.FLOAT32));
        try (Bench bench = new Bench(LIBRARY, plans); OrtSession session = session(file)) {
            assertEquals(0, bench.model.referenceSteps(), () -> "slow steps: " + bench.model.text());
            float[] last = null;
            for (final Plan plan : plans) {
                for (long seed = 1; seed <= 2; seed++) {
                    fill.accept(bench, seed);
                    bench.run(plan.batchSize());
                    final float[][] answers = bench.answers(plan);
                    final float[][] expected = bench.expected(session, plan);
                    for (int i = 0; i < answers.length; i++) {
                        final double error = Bench.distance(answers[i], expected[i]);
                        assertTrue(error <= TOLERANCE, "batch=" + plan.batchSize() + " output=" + i + " error=" + error);
                    }
                    if (seed == 2) {
                        assertTrue(Bench.distance(answers[0], last) >= APART, "two inputs give nearly the same");
                    }
                    last = answers[0];
                }
            }
        }
    }
}
