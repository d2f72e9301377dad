package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;

/** A CUDA backend on the stand-ins with the steps that tests take: start an operation, wait for it, compare answers. */
final class Rig implements AutoCloseable {
    private static final long LIMIT_NS = 120_000_000_000L;
    final CudaBackend backend;
    final Device device;
    private final boolean isReal;
    private final Device.CompletionHandler onCompleted = this::onCompleted;
    private Operation last;

    Rig(final CudaBackend.Context context) {
        this(context, true);
    }

    /** With or without setting the stand-ins back. */
    Rig(final CudaBackend.Context context, final boolean isFresh) {
        this(onStandIns(context, isFresh), false);
    }

    private static CudaBackend onStandIns(final CudaBackend.Context context, final boolean isFresh) {
        if (isFresh) {
            StandIns.load();
        }
        return new CudaBackend(context.emulated(true));
    }

    private Rig(final CudaBackend backend, final boolean isReal) {
        this.backend = backend;
        this.isReal = isReal;
        device = backend.devices().get(0);
    }

    /** Around a backend on stand-ins that somebody else looks after, and which may lose devices. */
    static Rig around(final CudaBackend backend) {
        return new Rig(backend, true);
    }

    /** On this machine's GPU; throws {@link UnsupportedOperationException} with a sentence if it has none. */
    static Rig onGpu(final CudaBackend.Context context) {
        return new Rig(new CudaBackend(context), true);
    }

    /** Small memory for small models. */
    static CudaBackend.Context context(final Path cache, final int pages) {
        return new CudaBackend.Context().cacheDirectory(cache).memoryBytes((long) pages * Device.PAGE_BYTES).maxBatch(4)
            .inputBytes(8 << 20).outputBytes(8 << 20).workspaceBytes(256 << 20);
    }

    static Path write(final Path directory, final String name, final ModelProto model) throws IOException {
        return Files.write(directory.resolve(name + ".onnx"), model.toByteArray());
    }

    CompiledModel compile(final Path file, final Map<String, Integer> dimensions, final int maxBatch) throws ModelException {
        return backend.compile(new ModelSource(file.getFileName().toString(), file, null, dimensions, maxBatch));
    }

    Operation load(final long modelId, final CompiledModel model) {
        final Operation operation = new Operation(1);
        operation.kind = Operation.Kind.LOAD;
        operation.modelId = modelId;
        operation.model = model;
        return run(operation);
    }

    Operation unload(final long modelId) {
        final Operation operation = new Operation(1);
        operation.kind = Operation.Kind.UNLOAD;
        operation.modelId = modelId;
        return run(operation);
    }

    /** Writes the inputs of a request to where they start in its buffer. */
    @FunctionalInterface
    interface Filler {
        void fill(List<TensorSpec> inputs, MutableDirectBuffer buffer, int offset, SplittableRandom random);
    }

    /** An INFER of noise with its buffers. */
    Operation infer(final long modelId, final CompiledModel model, final int batchSize, final int requests, final long seed) {
        return infer(modelId, model, batchSize, requests, seed, Rig::fill);
    }

    /** An INFER of made-up inputs with its buffers. */
    Operation infer(final long modelId, final CompiledModel model, final int batchSize, final int requests, final long seed,
        final Filler filler) {
        final Operation operation = new Operation(batchSize);
        operation.kind = Operation.Kind.INFER;
        operation.modelId = modelId;
        operation.batchSize = batchSize;
        operation.requestCount = requests;
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < requests; i++) {
            final int inputBytes = model.inputs().stream().mapToInt(TensorSpec::bytes).sum();
            final int outputBytes = model.outputs().stream().mapToInt(TensorSpec::bytes).sum();
            final MutableDirectBuffer input = new UnsafeBuffer(ByteBuffer.allocateDirect(inputBytes + i));
            filler.fill(model.inputs(), input, i, random);
            operation.inputs[i] = input;
            operation.inputOffsets[i] = i;
            operation.outputs[i] = new UnsafeBuffer(new byte[outputBytes + 3]);
            operation.outputOffsets[i] = 3;
        }
        return operation;
    }

    /** Noise of mean 0 and variance 1; any bytes; for other integers the ids, mask and types of a transformer. */
    static void fill(final List<TensorSpec> inputs, final MutableDirectBuffer buffer, final int offset,
        final SplittableRandom random) {
        int at = offset;
        for (int index = 0; index < inputs.size(); index++) {
            final TensorSpec spec = inputs.get(index);
            for (int i = 0; i < spec.elements(); i++, at += spec.type().bytes()) {
                switch (spec.type()) {
                    case FLOAT32 -> buffer.putFloat(at, (float) ((random.nextDouble() * 2 - 1) * Math.sqrt(3)));
                    case UINT8 -> buffer.putByte(at, (byte) random.nextInt(256));
                    case INT64 -> buffer.putLong(at, number(index, random));
                    default -> buffer.putInt(at, number(index, random));
                }
            }
        }
    }

    private static int number(final int index, final SplittableRandom random) {
        return index == 0 ? random.nextInt(30_000) : index == 1 && random.nextInt(8) > 0 ? 1 : 0;
    }

    /** An image with lines of something like letters, dark on light: rows of upright and level strokes. */
    static void fillWithLines(final List<TensorSpec> inputs, final MutableDirectBuffer buffer, final int offset,
        final SplittableRandom random) {
        final List<Integer> shape = inputs.get(0).shape();
        final int rows = shape.get(1);
        final int columns = shape.get(2);
        for (int at = 0; at < inputs.get(0).elements(); at++) {
            buffer.putFloat(offset + at * Float.BYTES, 2);
        }
        final int pitch = 24;
        for (int letter = 0; letter < rows * columns / pitch / pitch * 2; letter++) {
            final int top = letter * pitch / 2 / columns * pitch + 4;
            final int left = letter * pitch / 2 % columns + random.nextInt(4);
            for (int stroke = 0; stroke < 3; stroke++) {
                final boolean isUpright = random.nextBoolean();
                final int across = random.nextInt(10);
                for (int i = 0; i < 3 * 13; i++) {
                    final int row = top + (isUpright ? i / 3 : across + i % 3);
                    final int column = left + (isUpright ? across + i % 3 : i / 3);
                    for (int channel = 0; row < rows && column < columns && channel < shape.get(0); channel++) {
                        buffer.putFloat(offset + ((channel * rows + row) * columns + column) * Float.BYTES, -2);
                    }
                }
            }
        }
    }

    Operation run(final Operation operation) {
        assertTrue(device.start(operation, System.nanoTime()));
        return await(operation);
    }

    Operation await(final Operation operation) {
        final long startNs = System.nanoTime();
        while (last != operation) {
            if (device.poll(onCompleted, System.nanoTime()) == 0) {
                LockSupport.parkNanos(20_000);
                if (System.nanoTime() - startNs > LIMIT_NS) {
                    throw new AssertionError(operation.kind + " does not end");
                }
            }
        }
        last = null;
        return operation;
    }

    private void onCompleted(final Operation operation) {
        last = operation;
    }

    /** The answers of an output, one request after the other. */
    static float[] answers(final CompiledModel model, final Operation operation, final int output) {
        int offset = 0;
        for (int i = 0; i < output; i++) {
            offset += model.outputs().get(i).bytes();
        }
        final int elements = model.outputs().get(output).elements();
        final float[] answers = new float[operation.requestCount * elements];
        for (int i = 0; i < answers.length; i++) {
            final int request = i / elements;
            answers[i] = operation.outputs[request].getFloat(
                operation.outputOffsets[request] + offset + i % elements * Float.BYTES);
        }
        return answers;
    }

    /** The largest difference to ONNX Runtime's answers, as a part of its largest number; over all outputs. */
    static double distance(final OrtSession session, final CompiledModel model, final Operation operation) throws OrtException {
        final OrtEnvironment environment = OrtEnvironment.getEnvironment();
        final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        int offset = 0;
        for (final TensorSpec spec : model.inputs()) {
            final int requests = operation.requestCount;
            final ByteBuffer bytes = ByteBuffer.allocateDirect(requests * spec.bytes()).order(ByteOrder.nativeOrder());
            for (int i = 0; i < requests; i++) {
                operation.inputs[i].getBytes(operation.inputOffsets[i] + offset, bytes, i * spec.bytes(), spec.bytes());
            }
            bytes.clear();
            final long[] shape = new long[spec.shape().size() + 1];
            shape[0] = requests;
            for (int i = 1; i < shape.length; i++) {
                shape[i] = spec.shape().get(i - 1);
            }
            tensors.put(spec.name(), switch (spec.type()) {
                case FLOAT32 -> OnnxTensor.createTensor(environment, bytes.asFloatBuffer(), shape);
                case INT64 -> OnnxTensor.createTensor(environment, bytes.asLongBuffer(), shape);
                default -> OnnxTensor.createTensor(environment, bytes.asIntBuffer(), shape);
            });
            offset += spec.bytes();
        }
        double worst = 0;
        try (OrtSession.Result result = session.run(tensors)) {
            for (int i = 0; i < model.outputs().size(); i++) {
                final FloatBuffer values = ((OnnxTensor) result.get(i)).getFloatBuffer();
                final float[] expected = new float[values.remaining()];
                values.get(expected);
                worst = Math.max(worst, distance(answers(model, operation, i), expected));
            }
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
        return worst;
    }

    /** Largest difference as a part of the largest number. */
    static double distance(final float[] a, final float[] b) {
        if (a.length != b.length) {
            return Double.POSITIVE_INFINITY;
        }
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(b[i]));
            final double apart = Math.abs((double) a[i] - b[i]);
            difference = Double.isNaN(apart) ? Double.POSITIVE_INFINITY : Math.max(difference, apart);
        }
        return difference / largest;
    }

    static void requireOk(final Operation operation) {
        assertEquals(DeviceStatus.OK, operation.status, operation.detail);
    }

    @Override
    public void close() {
        backend.close();
        assertEquals(0, backend.hostBytes(), "pinned memory is left");
        if (!isReal) {
            StandIns.requireNothingLeft();
        }
    }
}
