package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;

/** A backend on real threads with the steps that tests take: start an operation, wait for it. */
final class Driver implements AutoCloseable {
    private static final long LIMIT_NS = 60_000_000_000L;
    final CpuBackend backend;
    final Device device;
    private final Device.CompletionHandler onCompleted = this::onCompleted;
    private Operation last;

    Driver(final Path cache, final int pages) {
        this(new CpuBackend.Context().engine(CpuBackend.Engines.ONNXRUNTIME)
            .cacheDirectory(cache).memoryBytes((long) pages * Device.PAGE_BYTES));
    }

    Driver(final CpuBackend.Context context) {
        backend = new CpuBackend(context);
        device = backend.devices().get(0);
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

    /** Executes requests and returns the answers, one after the other. */
    byte[][] infer(final long modelId, final CompiledModel model, final int batchSize, final byte[]... requests) {
        final Operation operation = run(inferOperation(modelId, model, batchSize, requests));
        assertEquals(DeviceStatus.OK, operation.status, operation.detail);
        final byte[][] answers = new byte[requests.length][];
        for (int i = 0; i < requests.length; i++) {
            answers[i] = new byte[bytes(model.outputs())];
            operation.outputs[i].getBytes(operation.outputOffsets[i], answers[i]);
        }
        return answers;
    }

    static Operation inferOperation(final long modelId, final CompiledModel model, final int batchSize,
        final byte[]... requests) {
        final Operation operation = new Operation(Math.max(1, batchSize));
        operation.kind = Operation.Kind.INFER;
        operation.modelId = modelId;
        operation.batchSize = batchSize;
        operation.requestCount = requests.length;
        for (int i = 0; i < requests.length; i++) {
            final MutableDirectBuffer input = new UnsafeBuffer(new byte[requests[i].length + i]);
            input.putBytes(i, requests[i]);
            operation.inputs[i] = input;
            operation.inputOffsets[i] = i;
            operation.outputs[i] = new UnsafeBuffer(new byte[bytes(model.outputs()) + 3]);
            operation.outputOffsets[i] = 3;
        }
        return operation;
    }

    static int bytes(final List<TensorSpec> specs) {
        return specs.stream().mapToInt(TensorSpec::bytes).sum();
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

    @Override
    public void close() {
        backend.close();
        for (final NativeMemory.Tag tag : NativeMemory.Tag.values()) {
            assertEquals(0, backend.nativeBytes(tag), () -> "leaked: " + tag);
        }
    }
}
