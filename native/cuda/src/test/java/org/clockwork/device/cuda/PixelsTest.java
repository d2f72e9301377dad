package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.clockwork.compiler.Nets;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.ElementType;
import org.clockwork.device.InputTransform;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelOptions;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;
import org.clockwork.model.zoo.ModelZoo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that come as bytes are answered as ONNX Runtime answers the same images made floats beforehand. */
final class PixelsTest {
    private static final double TOLERANCE = 1e-3;
    private static final int BATCH = 3;
    @TempDir
    private static Path directory;

    private static ModelSource source(final Path file, final ModelOptions options) {
        return new ModelSource(file.getFileName().toString(), file, null, Map.of(), 4, options);
    }

    /** As a client would make floats of a request's bytes. */
    private static float[] floats(final DirectBuffer bytes, final int offset, final InputTransform transform,
        final boolean isChannelsLast, final int channels, final int plane) {
        final float[] floats = new float[channels * plane];
        for (int c = 0; c < channels; c++) {
            final float mean = transform.mean().get(transform.mean().size() == 1 ? 0 : c);
            final float deviation = transform.deviation().get(transform.deviation().size() == 1 ? 0 : c);
            for (int i = 0; i < plane; i++) {
                final int value = bytes.getByte(offset + (isChannelsLast ? i * channels + c : c * plane + i)) & 0xFF;
                floats[c * plane + i] = (value * transform.scale() - mean) / deviation;
            }
        }
        return floats;
    }

    private static float[] expected(final OrtSession session, final float[] image, final long... shape) throws Exception {
        final OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OnnxTensor tensor = OnnxTensor.createTensor(environment, FloatBuffer.wrap(image), shape);
            OrtSession.Result result = session.run(Map.of(session.getInputNames().iterator().next(), tensor))) {
            final FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
            final float[] answer = new float[values.remaining()];
            values.get(answer);
            return answer;
        }
    }

    private static void check(final Path file, final InputTransform transform, final int channels, final int rows,
        final int columns) throws Exception {
        final boolean isLast = transform.isChannelsLast();
        try (Rig rig = new Rig(Rig.context(directory, 6));
            OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString())) {
            final CompiledModel model = rig.backend.compile(source(file, new ModelOptions(null, transform)));
            assertEquals(List.of(new TensorSpec(model.inputs().get(0).name(), ElementType.UINT8,
                isLast ? List.of(rows, columns, channels) : List.of(channels, rows, columns))), model.inputs());
            assertTrue(model.engine().contains("kernel:pixels"), model.engine());
            Rig.requireOk(rig.load(1, model));
            final Operation operation = rig.run(rig.infer(1, model, BATCH, BATCH, 1));
            Rig.requireOk(operation);
            final float[] answers = Rig.answers(model, operation, 0);
            final int each = answers.length / BATCH;
            for (int i = 0; i < BATCH; i++) {
                final float[] answer = java.util.Arrays.copyOfRange(answers, i * each, (i + 1) * each);
                final DirectBuffer bytes = operation.inputs[i];
                final int at = operation.inputOffsets[i];
                final int plane = rows * columns;
                final float[] right = expected(session, floats(bytes, at, transform, isLast, channels, plane), 1, channels, rows,
                    columns);
                assertTrue(Rig.distance(answer, right) <= TOLERANCE, "request " + i + ": " + Rig.distance(answer, right));
                final float[] turned = expected(session, floats(bytes, at, transform, !isLast, channels, plane), 1, channels,
                    rows, columns);
                assertTrue(channels == 1 || Rig.distance(answer, turned) > 10 * TOLERANCE, "the order of the bytes matters");
            }
            Rig.requireOk(rig.unload(1));
            model.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bytesOfAnImageNet(final boolean isChannelsLast) throws Exception {
        final Path file = directory.resolve("resnet18-" + isChannelsLast + ".onnx");
        new ModelZoo().write("resnet18-64", 1, file);
        check(file, new InputTransform(isChannelsLast, 1 / 255f, List.of(0.485f, 0.456f, 0.406f),
            List.of(0.229f, 0.224f, 0.225f)), 3, 64, 64);
    }

    /** One mean for all, more channels than an image's, and one alone, where both orders are the same. */
    @ParameterizedTest
    @CsvSource({"1,true", "1,false", "5,true", "5,false"})
    void otherNumbersOfChannels(final int channels, final boolean isChannelsLast) throws Exception {
        final Path file = Rig.write(directory, "channels" + channels + isChannelsLast, new Nets()
            .input("x", -1, channels, 7, 11).noise("w", 4, channels, 3, 3).node("Conv", "c", "x", "w")
            .node("Relu", "y", "c").model("y"));
        check(file, new InputTransform(isChannelsLast, 0.5f, List.of(60f), List.of(-40f)), channels, 7, 11);
    }

    @Test
    void whatTheDeviceDoesNotHaveIsRefused() throws Exception {
        final Path image = directory.resolve("resnet.onnx");
        final Path vector = directory.resolve("mlp.onnx");
        new ModelZoo().write("resnet18-64", 1, image);
        new ModelZoo().write("mlp", 1, vector);
        final InputTransform transform = new InputTransform(true, 1, List.of(0f), List.of(1f));
        try (Rig rig = new Rig(Rig.context(directory, 4))) {
            assertTrue(assertThrows(ModelException.class, () -> rig.backend.compile(
                source(vector, new ModelOptions(null, transform)))).getMessage().contains("no input of the model is an image"));
            assertTrue(assertThrows(ModelException.class, () -> rig.backend.compile(
                source(image, ModelOptions.of(ElementType.BFLOAT16)))).getMessage().contains("32-bit floats"));
        }
    }
}
