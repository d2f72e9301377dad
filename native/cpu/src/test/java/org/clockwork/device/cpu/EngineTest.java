package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Windows, stamps and allocation of the engines, on a clock that goes one step with each look. */
final class EngineTest {
    private static final long STEP = 10;
    @TempDir
    private static Path directory;
    private final AtomicLong now = new AtomicLong(1000);
    private Driver driver;
    private CompiledModel model;
    private byte[] request;

    @BeforeEach
    void open() throws Exception {
        driver = new Driver(new CpuBackend.Context().engine(CpuBackend.Engines.ONNXRUNTIME).cacheDirectory(directory)
            .memoryBytes(4 << 24).maxBatch(4)
            .clock(() -> now.getAndAdd(STEP)));
        model = driver.backend.compile(TestModels.source(new TestModels(directory).zoo("mlp"), Map.of(), 4));
        request = Answers.request(model.inputs(), 1);
    }

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void stampsAreTheClocks() {
        final long before = now.get();
        final Operation load = driver.load(1, model);
        assertEquals(before, load.startNs);
        assertEquals(before, load.executeStartNs);
        assertEquals(STEP, load.executeNs);
        assertEquals(before + STEP, load.endNs);

        final Operation infer = driver.run(Driver.inferOperation(1, model, 1, request));
        assertEquals(before + 2 * STEP, infer.startNs);
        assertEquals(STEP, infer.copyInNs);
        assertEquals(before + 3 * STEP, infer.executeStartNs);
        assertEquals(STEP, infer.executeNs);
        assertEquals(STEP, infer.copyOutNs);
        assertEquals(before + 5 * STEP, infer.endNs);
    }

    @Test
    void windowOfAnExecution() {
        driver.load(1, model);
        // the engine looks when it begins and once more after copy-in, just before it executes
        assertEquals(DeviceStatus.TOO_LATE, infer(now.get() - 1).status);
        final Operation afterCopyIn = infer(now.get() + STEP - 1);
        assertEquals(DeviceStatus.TOO_LATE, afterCopyIn.status);
        assertEquals(Operation.NOT_REACHED, afterCopyIn.executeStartNs);
        final Operation justInTime = infer(now.get() + STEP);
        assertEquals(DeviceStatus.OK, justInTime.status);
        assertEquals(justInTime.latestNs, justInTime.executeStartNs);
    }

    @Test
    void windowOfALoad() {
        assertEquals(DeviceStatus.TOO_LATE, load(now.get() - 1).status);
        assertEquals(4, driver.device.freePages());
        assertEquals(DeviceStatus.OK, load(now.get()).status);
        assertEquals(3, driver.device.freePages());
    }

    @Test
    void loadsAllocateLittleOnTheAgentsSide() {
        final Operation load = new Operation(1);
        load.kind = Operation.Kind.LOAD;
        load.modelId = 5;
        load.model = model;
        final Operation unload = new Operation(1);
        unload.kind = Operation.Kind.UNLOAD;
        unload.modelId = 5;
        final Runnable work = () -> {
            for (int i = 0; i < 100; i++) {
                load.clearResults();
                unload.clearResults();
                driver.run(load);
                driver.run(unload);
            }
        };
        final long bytes = leastBytesOf(work);
        assertTrue(bytes < 100, () -> "bytes=" + bytes);
    }

    @Test
    void executionAddsNothingToTheRuntimesOwnGarbage() throws Exception {
        driver.load(1, model);
        final Operation operation = Driver.inferOperation(1, model, 1, request);
        final long thread = Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().equals("cpu-0-execute") && t.isAlive()).findFirst().orElseThrow().getId();
        final int runs = 3_000;
        long bytes = 0;
        for (int i = 0; i < 2 * runs; i++) {
            if (i == runs) {
                bytes = Allocation.bytesOf(thread);
            }
            operation.clearResults();
            driver.run(operation);
        }
        final long perRun = (Allocation.bytesOf(thread) - bytes) / runs;
        assertTrue(perRun < 600, () -> "bytes=" + perRun);
    }

    /** Of several rounds: what classes and compilers allocate once is not meant. */
    private static long leastBytesOf(final Runnable work) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            least = Math.min(least, Allocation.bytesOf(work));
        }
        return least;
    }

    private Operation load(final long latestNs) {
        final Operation operation = new Operation(1);
        operation.kind = Operation.Kind.LOAD;
        operation.modelId = 1;
        operation.model = model;
        operation.latestNs = latestNs;
        return driver.run(operation);
    }

    private Operation infer(final long latestNs) {
        final Operation operation = Driver.inferOperation(1, model, 1, request);
        operation.latestNs = latestNs;
        return driver.run(operation);
    }
}
