package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models of several kinds answer on the device what ONNX Runtime answers when it is run directly on their files. */
final class CpuModelsTest {
    @TempDir
    private static Path directory;
    private static TestModels files;
    private static Driver driver;

    @BeforeAll
    static void open() {
        files = new TestModels(directory);
        driver = new Driver(directory.resolve("cache"), 10);
    }

    @AfterAll
    static void close() {
        driver.close();
    }

    @Test
    void perceptron() throws Exception {
        check(files.zoo("mlp"), Map.of());
    }

    @Test
    void residualNet() throws Exception {
        check(files.zoo("resnet18-64"), Map.of());
    }

    @Test
    void mobileNet() throws Exception {
        check(files.zoo("mobilenet_v2-96"), Map.of());
    }

    @Test
    void transformer() throws Exception {
        final CpuModel model = check(files.miniLm(), Map.of("sequence_length", 32));
        assertEquals(List.of(32), model.inputs().get(0).shape());
        assertEquals(List.of(32, 384), model.outputs().get(0).shape());
    }

    @Test
    void branches() throws Exception {
        final Path file = files.write("branches", TestModels.model(TestModels.branches(64)));
        final CpuModel model = check(file, Map.of());
        assertTrue(model.artifact().runtimeFormat());
    }

    @Test
    void fixedBatchIsServedOneAtATime() throws Exception {
        final Path file = files.write("fixed", TestModels.model(TestModels.matMul(32, "1", "32")));
        try (CompiledModel model = driver.backend.compile(TestModels.source(file, Map.of(), 8))) {
            assertEquals(1, model.maxBatch());
            assertEquals(List.of(32), model.inputs().get(0).shape());
            assertEquals(List.of(32), model.outputs().get(0).shape());
            driver.load(1, model);
            final byte[] request = Answers.request(model.inputs(), 1);
            Answers.assertClose(Answers.direct(file, model.inputs(), true, request), driver.infer(1, model, 1, request)[0]);
            driver.unload(1);
        }
    }

    @Test
    void noBatchAtAll() throws Exception {
        final Path file = files.write("plain", TestModels.model(TestModels.matMul(32, "3", "32")));
        try (CompiledModel model = driver.backend.compile(TestModels.source(file, Map.of(), 8))) {
            assertEquals(1, model.maxBatch());
            assertEquals(List.of(3, 32), model.inputs().get(0).shape());
            driver.load(1, model);
            final byte[] request = Answers.request(model.inputs(), 1);
            Answers.assertClose(Answers.direct(file, model.inputs(), false, request), driver.infer(1, model, 1, request)[0]);
            driver.unload(1);
        }
    }

    @Test
    void failureEndsTheOperationNotTheDevice() throws Exception {
        final Path file = files.write("lookup", TestModels.model(TestModels.lookup(100, 16)));
        try (CompiledModel model = driver.backend.compile(TestModels.source(file, Map.of(), 2))) {
            driver.load(1, model);
            final byte[] good = new byte[16];
            final byte[] bad = new byte[16];
            bad[3] = 1;
            final Operation failed = driver.run(Driver.inferOperation(1, model, 1, bad));
            assertEquals(DeviceStatus.FAILED, failed.status);
            assertTrue(failed.detail.contains("Gather"), failed.detail);
            assertFalse(driver.device.isLost());
            Answers.assertClose(Answers.direct(file, model.inputs(), true, good), driver.infer(1, model, 1, good)[0]);
            driver.unload(1);
        }
    }

    private static CpuModel check(final Path file, final Map<String, Integer> dimensions) throws Exception {
        try (CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, dimensions, 4))) {
            assertEquals(4, model.maxBatch());
            final Operation load = driver.load(5, model);
            assertEquals(DeviceStatus.OK, load.status, load.detail);
            final byte[][] requests = {request(model, 1), request(model, 2), request(model, 3)};
            final float[][] expected = new float[requests.length][];
            for (int i = 0; i < requests.length; i++) {
                expected[i] = Answers.direct(file, model.inputs(), true, requests[i]);
                Answers.assertClose(expected[i], driver.infer(5, model, 1, requests[i])[0]);
            }
            assertTrue(Answers.difference(expected[0], expected[1]) > 1e-3, "inputs make no difference");
            final byte[][] three = driver.infer(5, model, 3, requests);
            final byte[][] padded = driver.infer(5, model, 4, requests[2], requests[0]);
            for (int i = 0; i < requests.length; i++) {
                Answers.assertClose(expected[i], three[i]);
            }
            Answers.assertClose(expected[2], padded[0]);
            Answers.assertClose(expected[0], padded[1]);
            assertEquals(DeviceStatus.OK, driver.unload(5).status);
            return model;
        }
    }

    private static byte[] request(final CompiledModel model, final long seed) {
        return Answers.request(model.inputs(), seed);
    }
}
