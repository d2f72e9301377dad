package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights are used where they lie, and the process takes the memory that was stated. */
final class CpuMemoryTest {
    private static final long MIB = 1 << 20;
    @TempDir
    private static Path directory;

    @Test
    void weightsAreUsedWhereTheyLie() throws Exception {
        final Path file = new TestModels(directory).zoo("resnet18-64");
        try (Driver driver = new Driver(directory, 6);
            CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of(), 1))) {
            driver.load(1, model);
            final byte[] request = Answers.request(model.inputs(), 1);
            final byte[] right = driver.infer(1, model, 1, request)[0];
            final long region = ((CpuDevice) driver.device).loaded(1).range.address();
            final ByteBuffer weights = Posix.view(region, model.artifact().regionBytes());
            final byte[] kept = new byte[(int) model.artifact().regionBytes()];
            weights.get(kept);
            assertArrayEquals(payload(model), kept, "LOAD copied the payload");
            weights.clear().put(new byte[kept.length]);
            assertTrue(Answers.difference(Answers.floats(right), Answers.floats(driver.infer(1, model, 1, request)[0])) > 0.1);
            weights.clear().put(kept);
            assertArrayEquals(right, driver.infer(1, model, 1, request)[0]);
            driver.unload(1);
        }
    }

    @Test
    void packedWeightsAreWithinThePages() throws Exception {
        final int pages = 12;
        final Path file = new TestModels(directory).miniLm();
        try (Driver driver = new Driver(directory, pages);
            CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of("sequence_length", 16), 1))) {
            if (!model.artifact().prepacked()) {
                return;
            }
            assertTrue(model.artifact().packedBytes() > 40 * MIB);
            cycle(driver, model);
            final long before = resident();
            for (int i = 0; i < pages / model.pages(); i++) {
                assertEquals(DeviceStatus.OK, driver.load(i, model).status);
            }
            final long grown = resident() - before;
            assertTrue(grown < 40 * MIB, () -> "grown=" + grown);
        }
    }

    @Test
    void aSessionIsKeptWhileOthersUseItsPages() throws Exception {
        final Path file = new TestModels(directory).zoo("resnet18-64");
        final Path small = new TestModels(directory).zoo("mlp");
        try (Driver driver = new Driver(directory, 6);
            CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of(), 1));
            CompiledModel other = driver.backend.compile(TestModels.source(small, Map.of(), 1))) {
            final byte[] request = Answers.request(model.inputs(), 1);
            driver.load(1, model);
            final OrtSession kept = ((CpuDevice) driver.device).loaded(1).range.session();
            final byte[] right = driver.infer(1, model, 1, request)[0];
            final long objects = driver.backend.nativeBytes(NativeMemory.Tag.RUNTIME_OBJECTS);
            driver.load(2, model);
            assertArrayEquals(right, driver.infer(2, model, 1, request)[0]);
            driver.unload(1);
            driver.unload(2);
            for (int i = 0; i < 6; i++) {
                assertEquals(DeviceStatus.OK, driver.load(10 + i, other).status);
                driver.infer(10 + i, other, 1, Answers.request(other.inputs(), i));
            }
            for (int i = 0; i < 6; i++) {
                driver.unload(10 + i);
            }
            driver.load(3, model);
            assertSame(kept, ((CpuDevice) driver.device).loaded(3).range.session());
            assertArrayEquals(right, driver.infer(3, model, 1, request)[0]);
            driver.unload(3);
            final long tensors = driver.backend.nativeBytes(NativeMemory.Tag.RUNTIME_OBJECTS) - objects;
            driver.load(4, model);
            driver.load(5, model);
            assertEquals(tensors + 1, driver.backend.nativeBytes(NativeMemory.Tag.RUNTIME_OBJECTS) - objects,
                "one session more");
            driver.unload(4);
            driver.unload(5);
            assertEquals(tensors, driver.backend.nativeBytes(NativeMemory.Tag.RUNTIME_OBJECTS) - objects,
                "a second copy's session is not kept");
        }
    }

    @Test
    void loadsAndUnloadsLeaveNothingBehind() throws Exception {
        final Path file = new TestModels(directory).zoo("resnet18-64");
        try (Driver driver = new Driver(directory, 8);
            CompiledModel model = driver.backend.compile(TestModels.source(file, Map.of(), 1))) {
            cycle(driver, model);
            final long before = resident();
            final long objects = driver.backend.nativeBytes(NativeMemory.Tag.RUNTIME_OBJECTS);
            for (int i = 0; i < 50; i++) {
                cycle(driver, model);
            }
            assertEquals(objects, driver.backend.nativeBytes(NativeMemory.Tag.RUNTIME_OBJECTS));
            final long grown = resident() - before;
            assertTrue(grown < 40 * MIB, () -> "grown=" + grown);
        }
    }

    @Test
    void executionBeyondTheWorkspaceFailsAndTheDeviceGoesOn() throws Exception {
        final Path file = new TestModels(directory).zoo("mobilenet_v2");
        final Path small = new TestModels(directory).zoo("mlp");
        try (Driver driver = new Driver(new CpuBackend.Context().engine(CpuBackend.Engines.ONNXRUNTIME)
            .cacheDirectory(directory).memoryBytes(6 << 24).workspaceBytes(16 << 20));
            CompiledModel model = driver.backend.compile(TestModels.source(file, Map.of(), 8));
            CompiledModel other = driver.backend.compile(TestModels.source(small, Map.of(), 8))) {
            driver.load(1, model);
            driver.load(2, other);
            final byte[] request = Answers.request(model.inputs(), 1);
            final Operation large = driver.run(Driver.inferOperation(1, model, 8, request));
            assertEquals(DeviceStatus.FAILED, large.status);
            assertTrue(large.detail.contains(CpuBackend.Context.WORKSPACE_BYTES_PROPERTY), large.detail);
            final byte[] next = Answers.request(other.inputs(), 1);
            Answers.assertClose(Answers.direct(small, other.inputs(), true, next), driver.infer(2, other, 1, next)[0]);
        }
    }

    @Test
    void modelsLeftLoadedAreFreed() throws Exception {
        final Path file = new TestModels(directory).zoo("mlp");
        final Driver driver = new Driver(directory, 4);
        final CompiledModel model = driver.backend.compile(TestModels.source(file, Map.of(), 1));
        driver.load(1, model);
        driver.load(2, model);
        driver.backend.allocateHost(1000).putLong(0, 1);
        driver.device.start(Driver.inferOperation(1, model, 1, Answers.request(model.inputs(), 1)), System.nanoTime());
        driver.close();
        driver.close();
    }

    private static void cycle(final Driver driver, final CompiledModel model) {
        driver.load(1, model);
        driver.infer(1, model, 1, Answers.request(model.inputs(), 1));
        driver.unload(1);
    }

    private static byte[] payload(final CpuModel model) {
        final byte[] bytes = new byte[(int) model.artifact().regionBytes()];
        Posix.view(model.payload(), bytes.length).get(bytes);
        return bytes;
    }

    private static long resident() throws IOException {
        System.gc();
        final String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(l -> l.startsWith("RssAnon")).findFirst().orElseThrow();
        return Arrays.stream(line.split("\\s+")).skip(1).findFirst().map(Long::parseLong).orElseThrow() * 1024;
    }
}
