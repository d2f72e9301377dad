package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.InputTransform;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelOptions;
import org.clockwork.device.ModelSource;
import org.clockwork.device.TensorSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that come as bytes are answered as the same images made floats beforehand, whatever runs the model. */
final class PixelModelsTest {
    private static final int SIZE = 64;
    private static final int MAX_BATCH = 3;
    private static final List<Float> MEAN = List.of(0.485f, 0.456f, 0.406f);
    private static final List<Float> DEVIATION = List.of(0.229f, 0.224f, 0.225f);
    private static final List<TensorSpec> FLOATS =
        List.of(new TensorSpec("input", ElementType.FLOAT32, List.of(3, SIZE, SIZE)));
    @TempDir
    private Path directory;

    private Driver driver(final CpuBackend.Engines engine) {
        return new Driver(new CpuBackend.Context().cacheDirectory(directory.resolve("cache"))
            .memoryBytes(8L * Device.PAGE_BYTES).engine(engine));
    }

    private static ModelSource source(final Path file, final ModelOptions options) {
        return new ModelSource("pixels-" + Integer.toHexString(options.hashCode()), file, null, Map.of(), MAX_BATCH, options);
    }

    private static InputTransform transform(final boolean isChannelsLast) {
        return new InputTransform(isChannelsLast, 1 / 255f, MEAN, DEVIATION);
    }

    private static byte[] pixels(final long seed) {
        final byte[] pixels = new byte[3 * SIZE * SIZE];
        new SplittableRandom(seed).nextBytes(pixels);
        return pixels;
    }

    /** As a client would make floats of them. */
    private static byte[] floats(final byte[] pixels, final boolean isChannelsLast) {
        final ByteBuffer floats = ByteBuffer.allocate(pixels.length * Float.BYTES).order(ByteOrder.nativeOrder());
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < SIZE * SIZE; i++) {
                final int value = pixels[isChannelsLast ? i * 3 + c : c * SIZE * SIZE + i] & 0xFF;
                floats.putFloat((value / 255f - MEAN.get(c)) / DEVIATION.get(c));
            }
        }
        return floats.array();
    }

    @ParameterizedTest
    @CsvSource({"ONEDNN,true", "ONEDNN,false", "ONNXRUNTIME,true", "ONNXRUNTIME,false"})
    void bytesAnswerAsFloatsDo(final CpuBackend.Engines engine, final boolean isChannelsLast) throws Exception {
        final Path file = new TestModels(directory).zoo("resnet18-64");
        try (Driver driver = driver(engine);
            CpuModel model = (CpuModel) driver.backend.compile(
                source(file, new ModelOptions(null, transform(isChannelsLast))))) {
            final TensorSpec input = model.inputs().get(0);
            assertEquals(ElementType.UINT8, input.type());
            assertEquals(isChannelsLast ? List.of(SIZE, SIZE, 3) : List.of(3, SIZE, SIZE), input.shape());
            assertEquals(3 * SIZE * SIZE, input.bytes(), "a quarter of what floats take");
            assertEquals(engine == CpuBackend.Engines.ONEDNN, model.engine().startsWith("onednn/fp32 "), model.engine());
            assertEquals(DeviceStatus.OK, driver.load(1, model).status);
            final byte[][] requests = new byte[MAX_BATCH][];
            for (int i = 0; i < MAX_BATCH; i++) {
                requests[i] = pixels(i);
            }
            final byte[][] answers = driver.infer(1, model, MAX_BATCH, requests);
            for (int i = 0; i < MAX_BATCH; i++) {
                final float[] expected = Answers.direct(file, FLOATS, true, floats(requests[i], isChannelsLast));
                Answers.assertClose(expected, answers[i]);
                final float[] other = Answers.direct(file, FLOATS, true, floats(requests[i], !isChannelsLast));
                assertTrue(Answers.difference(expected, other) > 1e-2, "the order of the bytes matters");
            }
            assertEquals(DeviceStatus.OK, driver.unload(1).status);
        }
    }

    @Test
    void inHalfPrecisionTheErrorIsMeasuredWithTheTransform() throws Exception {
        final Path file = new TestModels(directory).zoo("resnet18-64");
        try (Driver driver = driver(CpuBackend.Engines.AUTO);
            CpuModel model = (CpuModel) driver.backend.compile(
                source(file, new ModelOptions(ElementType.BFLOAT16, transform(true))))) {
            assertTrue(model.engine().startsWith("onednn/bf16 error="), model.engine());
            driver.load(1, model);
            final byte[] request = pixels(7);
            final float[] expected = Answers.direct(file, FLOATS, true, floats(request, true));
            final double difference = Answers.difference(expected, Answers.floats(driver.infer(1, model, 1, request)[0]));
            assertTrue(difference < 0.05 && difference > 1e-6, "difference=" + difference);
            driver.unload(1);
        }
    }

    @Test
    void theSamePrecisionForEveryModelIsNoLongerNeeded() throws Exception {
        final Path file = new TestModels(directory).zoo("mlp");
        try (Driver driver = driver(CpuBackend.Engines.AUTO);
            CpuModel half = (CpuModel) driver.backend.compile(source(file, ModelOptions.of(ElementType.BFLOAT16)));
            CpuModel single = (CpuModel) driver.backend.compile(source(file, ModelOptions.of(ElementType.FLOAT32)))) {
            assertTrue(half.engine().startsWith("onednn/bf16 "), half.engine());
            assertTrue(single.engine().startsWith("onednn/fp32 "), single.engine());
            assertTrue(half.weightsBytes() < single.weightsBytes());
        }
    }

    @Test
    void halfPrecisionIsRefusedWhereItCannotBeHad() throws Exception {
        final Path file = new TestModels(directory).zoo("mlp");
        try (Driver driver = driver(CpuBackend.Engines.ONNXRUNTIME)) {
            final ModelException refusal = assertThrows(ModelException.class,
                () -> driver.backend.compile(source(file, ModelOptions.of(ElementType.BFLOAT16))));
            assertTrue(refusal.getMessage().contains("precision=bf16"), refusal.getMessage());
        }
        final Path branches = new TestModels(directory).write("branches", TestModels.model(TestModels.branches(64)));
        try (Driver driver = driver(CpuBackend.Engines.AUTO)) {
            final ModelException refusal = assertThrows(ModelException.class,
                () -> driver.backend.compile(source(branches, ModelOptions.of(ElementType.BFLOAT16))));
            assertEquals(ModelException.Reason.UNSUPPORTED_OPERATOR, refusal.reason());
            assertTrue(refusal.getMessage().contains("precision=bf16") && refusal.getMessage().contains("node 'flag'"),
                refusal.getMessage());
        }
    }

    @Test
    void aTransformThatDoesNotFitIsRefused() throws Exception {
        final TestModels models = new TestModels(directory);
        final InputTransform two = new InputTransform(true, 1, List.of(0f, 0f), List.of(1f));
        for (final CpuBackend.Engines engine : CpuBackend.Engines.values()) {
            try (Driver driver = driver(engine)) {
                final ModelException channels = assertThrows(ModelException.class,
                    () -> driver.backend.compile(source(models.zoo("resnet18-64"), new ModelOptions(null, two))));
                assertTrue(channels.getMessage().contains("3 channels"), channels.getMessage());
                final ModelException noImage = assertThrows(ModelException.class,
                    () -> driver.backend.compile(source(models.zoo("mlp"), new ModelOptions(null, transform(true)))));
                assertTrue(noImage.getMessage().contains("no input of the model is an image"), noImage.getMessage());
            }
        }
    }
}
