package org.clockwork.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.model.zoo.ModelZoo;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The comparison finds what is wrong and accepts what is right. */
class ReferenceCheckTest {
    private static final int INPUTS = 784;
    private static final int INPUT_BYTES = INPUTS * Float.BYTES;
    @TempDir
    private static Path directory;
    private static Path file;
    private static String inputName;
    private static byte[] input;
    private static byte[] answer;

    @BeforeAll
    static void answerDirectly() throws IOException, OrtException {
        file = directory.resolve("mlp.onnx");
        new ModelZoo().write("mlp", 1, file);
        final UnsafeBuffer picture = new UnsafeBuffer(new byte[INPUT_BYTES]);
        new SyntheticPictures(new Xoshiro(1, "test")).draw(picture, 0, 1, 28);
        input = picture.byteArray();
        final OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(file.toString())) {
            inputName = session.getInputNames().iterator().next();
            final FloatBuffer floats = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
            try (OnnxTensor tensor = OnnxTensor.createTensor(environment, floats, new long[] {1, INPUTS});
                OrtSession.Result result = session.run(Map.of(inputName, tensor))) {
                final FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
                final ByteBuffer bytes = ByteBuffer.allocate(output.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(output);
                answer = bytes.array();
            }
        }
    }

    @Test
    void theSameAnswerIsRight() throws OrtException {
        assertTrue(difference(answer, answer.length) <= 1e-6);
    }

    @Test
    void theEdgeOfTheToleranceFromBothSides() throws OrtException {
        final ByteBuffer values = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
        float largest = 0;
        for (int i = 0; i < answer.length; i += Float.BYTES) {
            largest = Math.max(largest, Math.abs(values.getFloat(i)));
        }
        final float step = (float) (largest * ReferenceCheck.TOLERANCE);
        assertTrue(difference(changed(0.9f * step), answer.length) <= ReferenceCheck.TOLERANCE);
        assertFalse(difference(changed(1.1f * step), answer.length) <= ReferenceCheck.TOLERANCE);
    }

    @Test
    void anotherSizeOrNoNumberIsWrong() throws OrtException {
        assertEquals(Double.POSITIVE_INFINITY, difference(answer, answer.length - Float.BYTES));
        assertEquals(Double.POSITIVE_INFINITY, difference(new byte[answer.length + 8], answer.length + 8));
        assertEquals(Double.POSITIVE_INFINITY, difference(changed(Float.NaN), answer.length));
    }

    @Test
    void anotherInputHasAnotherAnswer() throws OrtException {
        final byte[] other = new byte[INPUT_BYTES];
        new SyntheticPictures(new Xoshiro(2, "test")).draw(new UnsafeBuffer(other), 0, 1, 28);
        try (ReferenceCheck check = new ReferenceCheck(file)) {
            assertFalse(check.difference(new UnsafeBuffer(other), 0, Map.of(inputName, new long[] {1, INPUTS}),
                new UnsafeBuffer(answer), 0, answer.length) <= ReferenceCheck.TOLERANCE);
        }
    }

    private static double difference(final byte[] served, final int bytes) throws OrtException {
        try (ReferenceCheck check = new ReferenceCheck(file)) {
            return check.difference(new UnsafeBuffer(input), 0, Map.of(inputName, new long[] {1, INPUTS}),
                new UnsafeBuffer(served), 0, bytes);
        }
    }

    private static byte[] changed(final float by) {
        final byte[] copy = answer.clone();
        final ByteBuffer values = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        values.putFloat(0, values.getFloat(0) + by);
        return copy;
    }
}
