package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.clockwork.compiler.Nets;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ModelException;
import org.clockwork.device.Operation;
import org.clockwork.emulatedcuda.EmulatedCuda;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each function of the driver and its libraries fails, the first, the middle and the last time that a short life of a device
 * calls it; once as an error that passes, once as one that takes the device. All ends in a status, and a device that is not
 * lost still computes.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class FaultsTest {
    private static final int OUT_OF_MEMORY = 2;
    private static final int LAUNCH_FAILED = 719;
    private static final int DNN_EXECUTION_FAILED = 5000;
    private static final int BLAS_EXECUTION_FAILED = 13;
    /** Only the stand-ins' own counters. */
    private static final Set<String> NO_FUNCTIONS = Set.of(EmulatedCuda.PAGEABLE_COPIES);
    @TempDir
    private static Path directory;
    private final List<String> problems = new ArrayList<>();

    @BeforeEach
    void load() {
        StandIns.load();
        EmulatedCuda.poison(false);
    }

    @AfterEach
    void reset() {
        EmulatedCuda.reset();
        EmulatedCuda.takeBreaches();
    }

    private static CudaBackend.Context context() {
        return Rig.context(directory, 2).graphs(true).workspaceBytes(1 << 20)
            .inputBytes(1 << 16).outputBytes(1 << 16).pieceBytes(1 << 16);
    }

    private static Path model() throws Exception {
        final Path file = directory.resolve("small.onnx");
        return Files.exists(file) ? file : Rig.write(directory, "small", new Nets()
            .input("x", -1, 4, 8, 8).input("i", TensorProto.DataType.INT64, -1, 2)
            .noise("w", 4, 4, 3, 3).noise("t", 30_000, 4).noise("v", 4, 16)
            .node("Conv", "c", List.of("x", "w"), Map.of("pads", new long[] {1, 1, 1, 1})).node("Relu", "r", "c")
            .node("MaxPool", "p", List.of("r"), Map.of("kernel_shape", new long[] {2, 2}, "strides", new long[] {2, 2}))
            .node("Flatten", "f", "p").node("Softmax", "y", "f").node("Gather", "g", "t", "i").node("MatMul", "z", "g", "v")
            .model("y", "z"));
    }

    /** One short life. What fails is noted where it is no status; {@code fault} is set when the backend is about to open. */
    private void live(final String what, final boolean isClean, final Runnable fault) throws Exception {
        final Path file = model();
        fault.run();
        final CudaBackend.Context context = context().watchdogNs(5_000_000_000L)
            .errorHandler(e -> assertFalse(isClean, () -> what + ": " + e));
        final Rig rig;
        try {
            rig = new Rig(context, false);
        } catch (final IllegalStateException | UnsupportedOperationException e) {
            require(what, !isClean && e.getMessage() != null, "opening: " + e);
            return;
        }
        try {
            final CompiledModel model = rig.compile(file, Map.of(), 4);
            useAndCheck(what, isClean, rig, model);
            model.close();
        } catch (final ModelException e) {
            require(what, !isClean && e.getMessage() != null, "compiling: " + e);
        } finally {
            rig.backend.close();
        }
        require(what, !isClean || EmulatedCuda.leftOver().isEmpty(), "left over: " + EmulatedCuda.leftOver());
    }

    private void useAndCheck(final String what, final boolean isClean, final Rig rig, final CompiledModel model) {
        final List<Operation> operations = new ArrayList<>();
        operations.add(rig.load(1, model));
        for (int i = 0; i < 3; i++) {
            final Operation infer = rig.infer(1, model, 2, 2, 1);
            infer.isProfile = i == 0;
            operations.add(rig.run(infer));
        }
        operations.add(rig.unload(1));
        for (final Operation operation : operations) {
            final boolean isOk = operation.status == DeviceStatus.OK;
            require(what, isOk || !isClean, operation.kind + " " + operation.status + " " + operation.detail);
            require(what, isOk || operation.status == DeviceStatus.NOT_LOADED || operation.detail != null,
                operation.kind + " says nothing: " + operation.status);
        }
        EmulatedCuda.reset();
        if (rig.device.isLost()) {
            require(what, rig.load(2, model).status == DeviceStatus.DEVICE_LOST, "a lost device does not say so");
            return;
        }
        final Operation load = rig.load(2, model);
        require(what, load.status == DeviceStatus.OK, "LOAD afterwards: " + load.status + " " + load.detail);
        final Operation infer = rig.run(rig.infer(2, model, 2, 2, 1));
        require(what, infer.status == DeviceStatus.OK, "INFER afterwards: " + infer.status + " " + infer.detail);
        require(what, rig.unload(2).status == DeviceStatus.OK, "UNLOAD afterwards");
    }

    private void require(final String what, final boolean isTrue, final String otherwise) {
        if (!isTrue) {
            problems.add(what + ": " + otherwise);
        }
    }

    /** How often each function is called in a life without faults. */
    private Map<String, Long> callsOfALife() throws Exception {
        final Map<String, Long> before = EmulatedCuda.functions();
        live("no fault", true, () -> { });
        assertEquals(List.of(), problems);
        assertEquals(List.of(), EmulatedCuda.takeBreaches());
        final Map<String, Long> calls = new TreeMap<>(EmulatedCuda.functions());
        calls.replaceAll((name, count) -> count - before.getOrDefault(name, 0L));
        calls.keySet().removeAll(NO_FUNCTIONS);
        calls.values().removeIf(count -> count <= 0);
        return calls;
    }

    private static int passingError(final String function) {
        return function.startsWith("cudnn") ? DNN_EXECUTION_FAILED : function.startsWith("cublas") ? BLAS_EXECUTION_FAILED
            : OUT_OF_MEMORY;
    }

    @Test
    void everyCallMayFail() throws Exception {
        final Map<String, Long> calls = callsOfALife();
        assertTrue(calls.containsKey("cuLaunchKernel") && calls.containsKey("cuMemMap"), () -> calls.toString());
        for (final Map.Entry<String, Long> entry : calls.entrySet()) {
            final String function = entry.getKey();
            final boolean isExecution = function.startsWith("execute:");
            for (final long nth : new TreeSet<>(List.of(1L, (entry.getValue() + 1) / 2, entry.getValue()))) {
                if (!isExecution) {
                    live(function + " call " + nth, false,
                        () -> EmulatedCuda.fail(function, nth, 1, passingError(function)));
                    EmulatedCuda.reset();
                }
                if (function.startsWith("cu") && !function.startsWith("cudnn") && !function.startsWith("cublas") || isExecution) {
                    live(function + " call " + nth + " takes the device", false,
                        () -> EmulatedCuda.failAndLose(function, nth, LAUNCH_FAILED));
                    EmulatedCuda.reset();
                }
            }
        }
        assertEquals(List.of(), problems);
    }

    @Test
    void aLostDeviceEndsEverythingAtOnce() throws Exception {
        try (Rig rig = new Rig(context().errorHandler(e -> { }), false)) {
            final CompiledModel model = rig.compile(model(), Map.of(), 4);
            Rig.requireOk(rig.load(1, model));
            Rig.requireOk(rig.run(rig.infer(1, model, 1, 1, 1)));
            EmulatedCuda.loseDevice(0, LAUNCH_FAILED);
            final Operation infer = rig.run(rig.infer(1, model, 1, 1, 1));
            assertEquals(DeviceStatus.DEVICE_LOST, infer.status);
            assertNotNull(infer.detail);
            assertTrue(rig.device.isLost());
            assertEquals(DeviceStatus.DEVICE_LOST, rig.unload(1).status);
            assertEquals(DeviceStatus.DEVICE_LOST, rig.load(2, model).status);
            rig.backend.close();
            EmulatedCuda.reset();
        } catch (final AssertionError e) {
            // what a lost device held can't be given back
            if (!String.valueOf(e.getMessage()).contains("expected: <{}>")) {
                throw e;
            }
        }
    }

    @Test
    void aDeviceThatDoesNotFinishIsLost() throws Exception {
        final Rig rig = new Rig(context().watchdogNs(200_000_000L)
            .errorHandler(e -> { }), false);
        final CompiledModel model = rig.compile(model(), Map.of(), 4);
        Rig.requireOk(rig.load(1, model));
        EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_KERNEL, 1_500_000_000L);
        final Operation infer = rig.run(rig.infer(1, model, 1, 1, 1));
        assertEquals(DeviceStatus.DEVICE_LOST, infer.status);
        assertTrue(infer.detail.contains("does not finish"), infer.detail);
        EmulatedCuda.reset();
        rig.backend.close();
    }
}
