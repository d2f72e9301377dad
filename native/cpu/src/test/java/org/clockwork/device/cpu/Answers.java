package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.clockwork.device.TensorSpec;

/** What ONNX Runtime answers when it is run directly on a model file, as the measure of what a device answers. */
final class Answers {
    private Answers() {
    }

    /** Plausible tensors for one request: small numbers of both signs, small indexes. */
    static byte[] request(final List<TensorSpec> inputs, final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final ByteBuffer bytes = ByteBuffer.allocate(Driver.bytes(inputs)).order(ByteOrder.nativeOrder());
        for (final TensorSpec input : inputs) {
            for (int i = 0; i < input.elements(); i++) {
                switch (input.type()) {
                    case FLOAT32 -> bytes.putFloat((float) random.nextDouble(-1, 1));
                    case INT64 -> bytes.putLong(input.name().contains("ids") && !input.name().contains("type")
                        ? random.nextLong(1000, 20_000) : input.name().contains("mask") ? 1 : 0);
                    default -> throw new AssertionError(input);
                }
            }
        }
        return bytes.array();
    }

    /** The output tensors of one request, one after the other. */
    static float[] direct(final Path file, final List<TensorSpec> inputs, final boolean batched, final byte[] request)
            throws OrtException {
        final OrtEnvironment environment = OrtEnvironment.getEnvironment();
        final Map<String, OnnxTensor> tensors = new TreeMap<>();
        try (OrtSession session = environment.createSession(file.toString())) {
            int at = 0;
            for (final TensorSpec input : inputs) {
                final ByteBuffer bytes = ByteBuffer.allocateDirect(input.bytes()).order(ByteOrder.nativeOrder());
                bytes.put(request, at, input.bytes()).flip();
                at += input.bytes();
                final List<Long> shape = new ArrayList<>();
                if (batched) {
                    shape.add(1L);
                }
                input.shape().forEach(d -> shape.add((long) d));
                tensors.put(input.name(), OnnxTensor.createTensor(environment, bytes,
                    shape.stream().mapToLong(Long::longValue).toArray(), ElementTypes.toRuntime(input.type())));
            }
            try (OrtSession.Result result = session.run(tensors)) {
                return floats(result);
            }
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
    }

    private static float[] floats(final OrtSession.Result result) {
        final List<float[]> parts = new ArrayList<>();
        int total = 0;
        for (final Map.Entry<String, OnnxValue> entry : result) {
            final FloatBuffer buffer = ((OnnxTensor) entry.getValue()).getFloatBuffer();
            final float[] part = new float[buffer.remaining()];
            buffer.get(part);
            parts.add(part);
            total += part.length;
        }
        final FloatBuffer all = FloatBuffer.allocate(total);
        parts.forEach(all::put);
        return all.array();
    }

    static float[] floats(final byte[] bytes) {
        final float[] floats = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer().get(floats);
        return floats;
    }

    /** Equal within 1e-4 of the largest magnitude. */
    static void assertClose(final float[] expected, final byte[] answer) {
        final float[] actual = floats(answer);
        assertEquals(expected.length, actual.length);
        assertTrue(difference(expected, actual) <= 1e-4, () -> "off by " + difference(expected, actual));
    }

    /** Largest difference as a share of the largest magnitude. */
    static double difference(final float[] expected, final float[] actual) {
        double largest = 1e-30;
        double off = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            off = Math.max(off, Math.abs(expected[i] - actual[i]));
        }
        return off / largest;
    }
}
