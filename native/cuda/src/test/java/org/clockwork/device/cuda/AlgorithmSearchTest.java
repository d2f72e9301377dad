package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.clockwork.compiler.Nets;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.Operation;
import org.clockwork.emulatedcuda.EmulatedCuda;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A PROFILE measures the algorithms of convolutions on the device, takes the fastest that works within the workspace, and keeps
 * it; nothing is measured at any other time. Of the stand-ins' algorithms two suit: 1, which is recommended, and 0.
 */
@Timeout(60)
final class AlgorithmSearchTest {
    private static final int RECOMMENDED = 1;
    private static final int OTHER = 0;
    private static final int CONVOLUTIONS = 3;
    private static final long SLOW_NS = 20_000_000;
    private static final int EXECUTION_FAILED = 5000;
    private static final double TOLERANCE = 1e-4;
    @TempDir
    private Path directory;
    private long recommended;
    private long other;

    @BeforeEach
    void load() {
        StandIns.load();
    }

    @AfterEach
    void reset() {
        EmulatedCuda.reset();
    }

    /** Three convolutions for cuDNN, the second of which adds to what is there. */
    private Path file() throws Exception {
        final long[] around = {1, 1, 1, 1};
        return Rig.write(directory, "net", new Nets().input("x", -1, 6, 9, 7).noise("u", 6, 6, 3, 3).noise("v", 6, 6, 3, 3)
            .noise("w", 4, 6, 3, 3).node("Conv", "a", List.of("x", "u"), Map.of("pads", around)).node("Relu", "b", "a")
            .node("Conv", "c", List.of("b", "v"), Map.of("pads", around)).node("Add", "d", "c", "b").node("Relu", "e", "d")
            .node("Conv", "y", "e", "w").model("y"));
    }

    private CudaBackend.Context context() {
        return Rig.context(directory, 2).workspaceBytes(4 << 20);
    }

    private static Operation infer(final Rig rig, final CompiledModel model, final boolean isProfile) {
        final Operation operation = rig.infer(1, model, 1, 1, 1);
        operation.isProfile = isProfile;
        Rig.requireOk(rig.run(operation));
        return operation;
    }

    /** Launches by each algorithm since this was last asked. */
    private void launches(final long expectedRecommended, final long expectedOther) {
        final long recommendedNow = EmulatedCuda.calls(EmulatedCuda.convolution(RECOMMENDED));
        final long otherNow = EmulatedCuda.calls(EmulatedCuda.convolution(OTHER));
        assertEquals(List.of(expectedRecommended, expectedOther), List.of(recommendedNow - recommended, otherNow - other));
        recommended = recommendedNow;
        other = otherNow;
    }

    private void mark() {
        recommended = EmulatedCuda.calls(EmulatedCuda.convolution(RECOMMENDED));
        other = EmulatedCuda.calls(EmulatedCuda.convolution(OTHER));
    }

    private void requireRight(final CompiledModel model, final Operation operation) throws Exception {
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file().toString())) {
            assertTrue(Rig.distance(session, model, operation) <= TOLERANCE);
        }
    }

    private List<String> stored() throws Exception {
        final List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (final Path file : files.filter(name -> name.toString().endsWith(".algorithms")).toList()) {
                lines.addAll(Files.readAllLines(file));
            }
        }
        return lines;
    }

    /** What is done with a loaded model. */
    private interface Use {
        void with(Rig rig, CompiledModel model) throws Exception;
    }

    /** Compiles and loads the net on a device of its own; its closing waits until what was found is on disk. */
    private void withModel(final CudaBackend.Context context, final Use use) throws Exception {
        try (Rig rig = new Rig(context, false)) {
            final CompiledModel model = rig.compile(file(), Map.of(), 1);
            Rig.requireOk(rig.load(1, model));
            use.with(rig, model);
            Rig.requireOk(rig.unload(1));
            model.close();
        }
    }

    @Test
    void theFasterOneIsTakenAndKept() throws Exception {
        EmulatedCuda.latencyNs(EmulatedCuda.convolution(RECOMMENDED), SLOW_NS);
        withModel(context(), (rig, model) -> {
            mark();
            infer(rig, model, false);
            launches(CONVOLUTIONS, 0);
            final Operation profile = infer(rig, model, true);
            launches(3 * CONVOLUTIONS, 3 * CONVOLUTIONS + CONVOLUTIONS);
            requireRight(model, profile);
            assertTrue(profile.executeNs < SLOW_NS, "only the execution counts");
            requireRight(model, infer(rig, model, false));
            launches(0, CONVOLUTIONS);
            infer(rig, model, true);
            launches(0, CONVOLUTIONS);
            while (stored().isEmpty()) {
                LockSupport.parkNanos(1_000_000);
            }
        });
        assertEquals(1 + CONVOLUTIONS, stored().size());
        withModel(context(), (rig, model) -> {
            infer(rig, model, false);
            infer(rig, model, true);
            launches(0, 2 * CONVOLUTIONS);
        });
    }

    /** A PROFILE runs on one GPU; another one of the same kind has the choice at once. */
    @Test
    void anotherGpuOfTheSameKindTakesItToo() throws Exception {
        EmulatedCuda.devices(2);
        EmulatedCuda.latencyNs(EmulatedCuda.convolution(RECOMMENDED), SLOW_NS);
        try (Rig rig = new Rig(context(), false)) {
            final CompiledModel model = rig.compile(file(), Map.of(), 1);
            Rig.requireOk(rig.load(1, model));
            infer(rig, model, true);
            mark();
            final Device second = rig.backend.devices().get(1);
            final Operation load = new Operation(1);
            load.kind = Operation.Kind.LOAD;
            load.modelId = 1;
            load.model = model;
            final Operation infer = rig.infer(1, model, 1, 1, 1);
            for (final Operation operation : List.of(load, infer)) {
                assertTrue(second.start(operation, System.nanoTime()));
                while (second.poll(done -> { }, System.nanoTime()) == 0) {
                    LockSupport.parkNanos(20_000);
                }
                Rig.requireOk(operation);
            }
            requireRight(model, infer);
            launches(0, CONVOLUTIONS);
        }
    }

    @Test
    void whatIsRecommendedStaysWhereItIsTheFaster() throws Exception {
        EmulatedCuda.latencyNs(EmulatedCuda.convolution(OTHER), SLOW_NS);
        withModel(context(), (rig, model) -> {
            infer(rig, model, true);
            mark();
            infer(rig, model, true);
            launches(CONVOLUTIONS, 0);
        });
        assertTrue(stored().subList(1, 1 + CONVOLUTIONS).stream().allMatch(line -> line.endsWith("=" + RECOMMENDED)));
    }

    @Test
    void oneThatFailsIsLeftOut() throws Exception {
        EmulatedCuda.latencyNs(EmulatedCuda.convolution(RECOMMENDED), SLOW_NS);
        EmulatedCuda.fail(EmulatedCuda.convolution(OTHER), 1, 1_000, EXECUTION_FAILED);
        withModel(context(), (rig, model) -> {
            requireRight(model, infer(rig, model, true));
            mark();
            requireRight(model, infer(rig, model, true));
            launches(CONVOLUTIONS, 0);
        });
    }

    @Test
    void whatTheWorkspaceDoesNotHoldIsNotTakenEvenIfItIsStored() throws Exception {
        EmulatedCuda.latencyNs(EmulatedCuda.convolution(OTHER), SLOW_NS);
        withModel(context(), (rig, model) -> {
            infer(rig, model, true);
        });
        // enough for what is between the steps, not for the indices of the recommended algorithm
        withModel(context().workspaceBytes(4_096), (rig, model) -> {
            mark();
            requireRight(model, infer(rig, model, true));
            launches(0, CONVOLUTIONS);
        });
    }

    @Test
    void whatAnotherGpuOrDriverFoundIsNotTaken() throws Exception {
        EmulatedCuda.latencyNs(EmulatedCuda.convolution(RECOMMENDED), SLOW_NS);
        withModel(context(), (rig, model) -> {
            infer(rig, model, true);
        });
        final String head = stored().get(0);
        assertTrue(head.contains(" driver ") && head.contains(" cuDNN ") && head.contains(" sm_70 "), head);
        try (Stream<Path> files = Files.list(directory)) {
            for (final Path file : files.filter(name -> name.toString().endsWith(".algorithms")).toList()) {
                Files.writeString(file, Files.readString(file).replaceFirst(" driver ", " driver 1"));
            }
        }
        withModel(context(), (rig, model) -> {
            mark();
            infer(rig, model, false);
            launches(CONVOLUTIONS, 0);
        });
    }

    @Test
    void aProfileMeasuresNoLongerThanItMay() throws Exception {
        EmulatedCuda.latencyNs(EmulatedCuda.convolution(RECOMMENDED), SLOW_NS);
        withModel(context().searchNs(1), (rig, model) -> {
            mark();
            for (int found = 1; found <= CONVOLUTIONS; found++) {
                infer(rig, model, true);
                launches(3 + CONVOLUTIONS - found, 3 + found);
            }
            infer(rig, model, true);
            launches(0, CONVOLUTIONS);
        });
    }

    @Test
    void itCanBeSwitchedOff() throws Exception {
        withModel(context().searchNs(0), (rig, model) -> {
            mark();
            infer(rig, model, true);
            launches(CONVOLUTIONS, 0);
        });
        assertFalse(stored().stream().anyMatch(line -> line.contains("=")));
    }
}
