package org.clockwork.model;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** Runs a file of one float input and one float output in ONNX Runtime. */
public final class Runner implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;

    /** Opens a file. */
    public Runner(final Path onnx) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            session = environment.createSession(onnx.toString(), options);
        }
    }

    /** Shape of the input with -1 for the batch. */
    public long[] inputShape() throws OrtException {
        return ((TensorInfo) session.getInputInfo().values().iterator().next().getInfo()).getShape();
    }

    /** Shape of the output with -1 for the batch. */
    public long[] outputShape() throws OrtException {
        return ((TensorInfo) session.getOutputInfo().values().iterator().next().getInfo()).getShape();
    }

    /** Runs a batch. */
    public float[] run(final int batchSize, final float[] input) throws OrtException {
        final long[] shape = inputShape();
        shape[0] = batchSize;
        final String name = session.getInputNames().iterator().next();
        try (OnnxTensor tensor = OnnxTensor.createTensor(environment, FloatBuffer.wrap(input), shape);
            OrtSession.Result result = session.run(Map.of(name, tensor))) {
            final FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
            final float[] values = new float[output.remaining()];
            output.get(values);
            return values;
        }
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
