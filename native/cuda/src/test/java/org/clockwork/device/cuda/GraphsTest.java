package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Operation;
import org.clockwork.emulatedcuda.EmulatedCuda;
import org.clockwork.model.zoo.ModelZoo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** As an option a PROFILE captures the launches of a plan, and an INFER in the same place launches them at once. */
@Timeout(60)
final class GraphsTest {
    private static final double TOLERANCE = 1e-3;
    private static final int OUT_OF_MEMORY = 2;
    @TempDir
    private static Path directory;

    @BeforeEach
    void load() {
        StandIns.load();
    }

    @AfterEach
    void reset() {
        EmulatedCuda.reset();
    }

    private static Path file() throws Exception {
        final Path file = directory.resolve("resnet.onnx");
        if (!Files.exists(file)) {
            new ModelZoo().write("resnet18-64", 1, file);
        }
        return file;
    }

    private static CudaBackend.Context context(final boolean hasGraphs) {
        return Rig.context(directory, 6).workspaceBytes(32 << 20).graphs(hasGraphs);
    }

    /** One after the other take the slots in turns. */
    private static void infers(final Rig rig, final long modelId, final CompiledModel model, final int count,
        final boolean isProfile) throws Exception {
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file().toString())) {
            for (int i = 0; i < count; i++) {
                final Operation operation = rig.infer(modelId, model, 2, 2, i);
                operation.isProfile = isProfile;
                Rig.requireOk(rig.run(operation));
                assertTrue(Rig.distance(session, model, operation) <= TOLERANCE);
            }
        }
    }

    private static void launched(final long graphs, final boolean hasSingle, final Runnable body) {
        final long graphsBefore = EmulatedCuda.calls("cuGraphLaunch");
        final long singleBefore = EmulatedCuda.calls("cuLaunchKernel");
        body.run();
        assertEquals(graphs, EmulatedCuda.calls("cuGraphLaunch") - graphsBefore);
        assertEquals(hasSingle, EmulatedCuda.calls("cuLaunchKernel") > singleBefore);
    }

    private static void quietly(final Rig rig, final long modelId, final CompiledModel model, final int count,
        final boolean isProfile) {
        try {
            infers(rig, modelId, model, count, isProfile);
        } catch (final Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatAProfileCapturedIsLaunchedAtOnce() throws Exception {
        try (Rig rig = new Rig(context(true), false)) {
            final CompiledModel model = rig.compile(file(), Map.of(), 2);
            Rig.requireOk(rig.load(1, model));
            launched(0, true, () -> quietly(rig, 1, model, 2, false));
            launched(2, true, () -> quietly(rig, 1, model, 2, true));
            launched(6, false, () -> quietly(rig, 1, model, 6, false));
            // weights in another place: one by one, until it is profiled there
            Rig.requireOk(rig.load(2, model));
            launched(0, true, () -> quietly(rig, 2, model, 2, false));
            launched(2, true, () -> quietly(rig, 2, model, 2, true));
            launched(4, false, () -> quietly(rig, 2, model, 4, false));
            Rig.requireOk(rig.unload(1));
            Rig.requireOk(rig.unload(2));
            Rig.requireOk(rig.load(3, model));
            launched(2, false, () -> quietly(rig, 3, model, 2, false));
            assertTrue(EmulatedCuda.counts().get("graphs") > 0);
            Rig.requireOk(rig.unload(3));
            model.close();
            assertEquals(0, EmulatedCuda.counts().get("graphs"));
        }
    }

    @Test
    void nothingIsCapturedUnlessAskedFor() throws Exception {
        try (Rig rig = new Rig(context(false), false)) {
            final CompiledModel model = rig.compile(file(), Map.of(), 2);
            Rig.requireOk(rig.load(1, model));
            launched(0, true, () -> quietly(rig, 1, model, 4, true));
            Rig.requireOk(rig.unload(1));
            model.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags"})
    void whereCaptureFailsLaunchesGoOutOneByOne(final String function) throws Exception {
        EmulatedCuda.fail(function, 1, 100, OUT_OF_MEMORY);
        try (Rig rig = new Rig(context(true), false)) {
            final CompiledModel model = rig.compile(file(), Map.of(), 2);
            Rig.requireOk(rig.load(1, model));
            launched(0, true, () -> quietly(rig, 1, model, 2, true));
            launched(0, true, () -> quietly(rig, 1, model, 2, false));
            Rig.requireOk(rig.unload(1));
            model.close();
        }
    }
}
