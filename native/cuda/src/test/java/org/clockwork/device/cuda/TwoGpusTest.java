package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
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

/** Two GPUs in one process compute different models at the same time; when one is lost the other goes on. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class TwoGpusTest {
    private static final double TOLERANCE = 1e-3;
    private static final int LAUNCH_FAILED = 719;
    private static final int ROUNDS = 12;
    private static final long KERNEL_NS = 1_000_000;
    @TempDir
    private static Path directory;
    private final Set<Operation> done = new HashSet<>();

    @BeforeEach
    void load() {
        StandIns.load();
        EmulatedCuda.devices(2);
    }

    @AfterEach
    void reset() {
        EmulatedCuda.reset();
    }

    private static Path file(final String name) throws Exception {
        final Path file = directory.resolve(name + ".onnx");
        if (!Files.exists(file)) {
            new ModelZoo().write(name, 1, file);
        }
        return file;
    }

    private static CudaBackend.Context context() {
        return Rig.context(directory, 6).workspaceBytes(16 << 20).errorHandler(e -> { });
    }

    private static Operation load(final long modelId, final CompiledModel model) {
        final Operation operation = new Operation(1);
        operation.kind = Operation.Kind.LOAD;
        operation.modelId = modelId;
        operation.model = model;
        return operation;
    }

    /** Starts one on each device before it waits for any. */
    private void run(final CudaBackend backend, final Operation... perDevice) {
        final List<Device> devices = backend.devices();
        for (int i = 0; i < perDevice.length; i++) {
            if (perDevice[i] != null) {
                assertTrue(devices.get(i).start(perDevice[i], System.nanoTime()));
            }
        }
        for (final Operation operation : perDevice) {
            while (operation != null && !done.contains(operation)) {
                devices.forEach(device -> device.poll(done::add, System.nanoTime()));
                LockSupport.parkNanos(20_000);
            }
        }
        done.clear();
    }

    private static void requireRight(final Path file, final CompiledModel model, final Operation infer) throws Exception {
        Rig.requireOk(infer);
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString())) {
            assertTrue(Rig.distance(session, model, infer) <= TOLERANCE);
        }
    }

    @Test
    void differentModelsAtTheSameTime() throws Exception {
        try (Rig rig = new Rig(context(), false)) {
            final CompiledModel resnet = rig.compile(file("resnet18-64"), Map.of(), 2);
            final CompiledModel perceptron = rig.compile(file("mlp"), Map.of(), 2);
            assertEquals(2, rig.backend.devices().size());
            final Operation first = load(1, resnet);
            final Operation second = load(1, perceptron);
            run(rig.backend, first, second);
            Rig.requireOk(first);
            Rig.requireOk(second);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_KERNEL, KERNEL_NS);
            int together = 0;
            for (int round = 0; round < ROUNDS; round++) {
                final Operation one = rig.infer(1, resnet, 2, 2, round);
                final Operation other = rig.infer(1, perceptron, 2, 2, round);
                run(rig.backend, one, other);
                requireRight(file("resnet18-64"), resnet, one);
                requireRight(file("mlp"), perceptron, other);
                together += one.executeStartNs < other.endNs && other.executeStartNs < one.endNs ? 1 : 0;
            }
            assertTrue(together > 0, "never did both execute at once");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theOtherGoesOnWhenOneIsLost(final int lost) throws Exception {
        final Path file = file("mlp");
        final CudaBackend backend = new CudaBackend(context().emulated(true));
        try (Rig rig = Rig.around(backend)) {
            final int left = 1 - lost;
            final CompiledModel model = rig.compile(file, Map.of(), 2);
            final Operation[] loads = {load(1, model), load(1, model)};
            run(backend, loads);
            Rig.requireOk(loads[0]);
            Rig.requireOk(loads[1]);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_KERNEL, KERNEL_NS);
            final Operation[] infers = {rig.infer(1, model, 2, 2, 1), rig.infer(1, model, 2, 2, 2)};
            for (int i = 0; i < 2; i++) {
                assertTrue(backend.devices().get(i).start(infers[i], System.nanoTime()));
            }
            EmulatedCuda.loseDevice(lost, LAUNCH_FAILED);
            while (done.size() < 2) {
                backend.devices().forEach(device -> device.poll(done::add, System.nanoTime()));
                LockSupport.parkNanos(20_000);
            }
            assertEquals(DeviceStatus.DEVICE_LOST, infers[lost].status);
            assertNotNull(infers[lost].detail);
            requireRight(file, model, infers[left]);
            assertTrue(backend.devices().get(lost).isLost());
            assertFalse(backend.devices().get(left).isLost());

            // what comes later is refused there, and everything works here: compiling, too
            final CompiledModel later = rig.compile(file("resnet18-64"), Map.of(), 2);
            final Operation[] after = {load(2, later), load(2, later)};
            run(backend, after);
            assertEquals(DeviceStatus.DEVICE_LOST, after[lost].status);
            Rig.requireOk(after[left]);
            final Operation[] last = new Operation[2];
            last[left] = rig.infer(2, later, 1, 1, 3);
            run(backend, last);
            requireRight(file("resnet18-64"), later, last[left]);
            assertNotNull(backend.allocateHost(1 << 16));
        }
    }
}
