package org.clockwork.cli.demo;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.agrona.DirectBuffer;

/**
 * Runs ONNX Runtime directly on an original model file, one request at a time, and compares its answers with those that
 * were served. Nothing of the serving path is used: file, input, ONNX Runtime, output. Used by the command's thread only.
 */
final class ReferenceCheck implements AutoCloseable {
    /** Largest difference allowed, as a share of the largest value of the answer. */
    static final double TOLERANCE = 1e-4;

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession.SessionOptions options;
    private final OrtSession session;

    /** Opens the file as it is. */
    ReferenceCheck(final Path file) throws OrtException {
        options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(1);
        session = environment.createSession(file.toString(), options);
    }

    /**
     * Compares.
     *
     * @param input  all input tensors, one after the other.
     * @param shapes per input tensor in the order of the input, its dimensions with a batch of 1.
     * @param answer served: all output tensors, one after the other.
     * @return the largest difference as a share of the largest value of the reference; infinite if the sizes differ.
     */
    double difference(
        final DirectBuffer input, final int inputOffset, final Map<String, long[]> shapes,
        final DirectBuffer answer, final int answerOffset, final int answerBytes) throws OrtException {
        final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        try {
            int at = inputOffset;
            for (final Map.Entry<String, long[]> entry : shapes.entrySet()) {
                final NodeInfo node = session.getInputInfo().get(entry.getKey());
                final OnnxJavaType type = ((TensorInfo) node.getInfo()).type;
                final int bytes = Math.toIntExact(elements(entry.getValue()) * type.size);
                final ByteBuffer copy = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
                input.getBytes(at, copy, 0, bytes);
                tensors.put(entry.getKey(), OnnxTensor.createTensor(environment, copy, entry.getValue(), type));
                at += bytes;
            }
            try (OrtSession.Result result = session.run(tensors)) {
                return compare(result, answer, answerOffset, answerBytes);
            }
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
    }

    @Override
    public void close() throws OrtException {
        session.close();
        options.close();
    }

    private static double compare(
        final OrtSession.Result result, final DirectBuffer answer, final int answerOffset, final int answerBytes)
            throws OrtException {
        double largestValue = 0.0;
        double largestDifference = 0.0;
        int at = 0;
        for (final Map.Entry<String, ai.onnxruntime.OnnxValue> entry : result) {
            final FloatBuffer expected = ((OnnxTensor) entry.getValue()).getFloatBuffer();
            while (expected.hasRemaining()) {
                if (at + Float.BYTES > answerBytes) {
                    return Double.POSITIVE_INFINITY;
                }
                final double value = expected.get();
                final double served = answer.getFloat(answerOffset + at, ByteOrder.LITTLE_ENDIAN);
                largestValue = Math.max(largestValue, Math.abs(value));
                final double difference = Math.abs(value - served);
                largestDifference = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largestDifference, difference);
                at += Float.BYTES;
            }
        }
        if (at != answerBytes) {
            return Double.POSITIVE_INFINITY;
        }
        return 0.0 == largestDifference ? 0.0 : largestDifference / largestValue;
    }

    private static long elements(final long[] shape) {
        long elements = 1;
        for (final long dimension : shape) {
            elements *= dimension;
        }
        return elements;
    }
}
