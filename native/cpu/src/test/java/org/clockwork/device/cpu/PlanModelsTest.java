package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that run by plans answer on the device what ONNX Runtime answers; what has no plan falls back and says so. */
final class PlanModelsTest {
    private static final int MAX_BATCH = 6;
    @TempDir
    private Path directory;

    private Driver driver(final CpuBackend.Engines engine) {
        return new Driver(context(engine));
    }

    private CpuBackend.Context context(final CpuBackend.Engines engine) {
        return new CpuBackend.Context().cacheDirectory(directory.resolve("cache")).memoryBytes(12L * Device.PAGE_BYTES)
            .engine(engine);
    }

    @Test
    void convolutions() throws Exception {
        check(new TestModels(directory).zoo("resnet18-64"), Map.of());
    }

    @Test
    void transformer() throws Exception {
        check(new TestModels(directory).miniLm(), Map.of("sequence_length", 16));
    }

    private void check(final Path file, final Map<String, Integer> dimensions) throws Exception {
        try (Driver driver = driver(CpuBackend.Engines.ONEDNN);
            CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, dimensions, MAX_BATCH))) {
            assertTrue(model.engine().startsWith("onednn/fp32 ") && model.engine().contains("error="), model.engine());
            assertEquals(MAX_BATCH, model.maxBatch());
            assertEquals(DeviceStatus.OK, driver.load(1, model).status);
            assertEquals(DeviceStatus.OK, driver.load(2, model).status, "a second copy at other addresses");
            final byte[][] requests = new byte[MAX_BATCH][];
            final float[][] expected = new float[MAX_BATCH][];
            for (int i = 0; i < MAX_BATCH; i++) {
                requests[i] = Answers.request(model.inputs(), i);
                expected[i] = Answers.direct(file, model.inputs(), true, requests[i]);
            }
            for (int batch = 1; batch <= MAX_BATCH; batch++) {
                final byte[][] some = java.util.Arrays.copyOf(requests, batch);
                final byte[][] answers = driver.infer(1 + batch % 2, model, batch, some);
                for (int i = 0; i < batch; i++) {
                    Answers.assertClose(expected[i], answers[i]);
                }
            }
            Answers.assertClose(expected[5], driver.infer(1, model, 4, requests[5])[0]);
            assertEquals(DeviceStatus.OK, driver.unload(1).status);
            Answers.assertClose(expected[3], driver.infer(2, model, 1, requests[3])[0]);
            assertEquals(DeviceStatus.OK, driver.unload(2).status);
        }
    }

    @Test
    void whatHasNoPlanFallsBackAndSaysWhy() throws Exception {
        final Path file = new TestModels(directory).write("branches", TestModels.model(TestModels.branches(64)));
        try (Driver driver = driver(CpuBackend.Engines.AUTO);
            CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of(), 2))) {
            assertTrue(model.engine().startsWith("onnxruntime: ") && model.engine().contains("node 'flag'"), model.engine());
            assertEquals(DeviceStatus.OK, driver.load(1, model).status);
            final byte[] request = Answers.request(model.inputs(), 1);
            Answers.assertClose(Answers.direct(file, model.inputs(), true, request), driver.infer(1, model, 1, request)[0]);
            driver.unload(1);
        }
        try (Driver driver = driver(CpuBackend.Engines.ONEDNN)) {
            final ModelException refusal = assertThrows(ModelException.class,
                () -> driver.backend.compile(TestModels.source(file, Map.of(), 2)));
            assertEquals(ModelException.Reason.UNSUPPORTED_OPERATOR, refusal.reason());
        }
    }

    @Test
    void aPlanWhoseAnswersDifferIsNotUsed() throws Exception {
        final Path file = new TestModels(directory).zoo("mlp");
        try (Driver driver = new Driver(context(CpuBackend.Engines.AUTO).planTolerance(1e-12));
            CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of(), 2))) {
            assertTrue(model.engine().startsWith("onnxruntime: ") && model.engine().contains("error="), model.engine());
        }
    }

    @Test
    void aDamagedPlanIsMadeAgain() throws Exception {
        final Path file = new TestModels(directory).zoo("mlp");
        for (int round = 0; round < 3; round++) {
            try (Driver driver = driver(CpuBackend.Engines.ONEDNN);
                CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of(), 2))) {
                driver.load(1, model);
                final byte[] request = Answers.request(model.inputs(), 1);
                Answers.assertClose(Answers.direct(file, model.inputs(), true, request), driver.infer(1, model, 1, request)[0]);
                driver.unload(1);
            }
            try (var files = Files.list(directory.resolve("cache"))) {
                final Path plan = files.filter(path -> path.toString().endsWith(".plan")).findFirst().orElseThrow();
                final byte[] bytes = Files.readAllBytes(plan);
                bytes[bytes.length - 1 - round * 1000] ^= 1;
                Files.write(plan, bytes);
            }
        }
    }

    @Test
    void compiledModelsKeepWithinHostMemory() throws Exception {
        final Path file = new TestModels(directory).zoo("mlp");
        final long one;
        try (Driver driver = driver(CpuBackend.Engines.ONNXRUNTIME);
            CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of(), 2))) {
            one = model.hostBytes();
            assertTrue(one >= model.artifact().payloadBytes(), "hostBytes=" + one);
            assertEquals(one, driver.backend.hostBytes());
        }
        try (Driver driver = new Driver(context(CpuBackend.Engines.ONNXRUNTIME).hostMemoryBytes(2 * one))) {
            final CpuModel first = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of(), 2));
            try (CompiledModel second = driver.backend.compile(TestModels.source(file, Map.of(), 2))) {
                final ModelException refusal = assertThrows(ModelException.class,
                    () -> driver.backend.compile(TestModels.source(file, Map.of(), 2)));
                assertEquals(ModelException.Reason.TOO_LARGE, refusal.reason());
                assertTrue(refusal.getMessage().contains(CpuBackend.Context.HOST_MEMORY), refusal.getMessage());
                assertEquals(2 * one, driver.backend.hostBytes(), "what was refused takes nothing");
                first.close();
                driver.backend.compile(TestModels.source(file, Map.of(), 2)).close();
                assertEquals(one, driver.backend.hostBytes());
                assertTrue(second.pages() > 0);
            }
        }
    }

    @Test
    void halfPrecisionStatesItsError() throws Exception {
        final Path file = new TestModels(directory).zoo("resnet18-64");
        try (Driver driver = new Driver(context(CpuBackend.Engines.ONEDNN).precision(ElementType.BFLOAT16));
            CpuModel model = (CpuModel) driver.backend.compile(TestModels.source(file, Map.of(), 2))) {
            assertTrue(model.engine().startsWith("onednn/bf16 error="), model.engine());
            driver.load(1, model);
            final byte[] request = Answers.request(model.inputs(), 1);
            final Operation operation = driver.run(Driver.inferOperation(1, model, 1, request));
            assertEquals(DeviceStatus.OK, operation.status, operation.detail);
            driver.unload(1);
        }
    }
}
