package org.clockwork.device.emulated;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;

/** A backend, its first device and shorthands for operations; keeps what was handed back in order. */
final class Fixture {
    static final long MS = 1_000_000L;
    /** 1 byte a nanosecond each way: sizes read as times. */
    static final long BYTE_PER_NS = 1_000_000_000L;

    final EmulatedBackend backend;
    final EmulatedDevice device;
    final List<Operation> completed = new ArrayList<>();

    Fixture(final EmulatedContext context) {
        backend = new EmulatedBackend(context);
        device = backend.device(0);
    }

    /** One device of 10 pages without jitter, and a model of 3 pages, 8 ms LOAD, 1,000 bytes in, 500 out, 2 and 5 ms. */
    static EmulatedContext exact() {
        return new EmulatedContext().exact().pcieBytesPerSecond(BYTE_PER_NS).memoryBytes(10L * Device.PAGE_BYTES)
            .profiles(ProfileTable.zero().with(
                Profile.parse("three:weights=48MiB,load=8ms,input=1000B,output=500B,b1=2ms,b4=5ms"),
                Profile.parse("one:weights=16MiB,load=1ms,input=1000B,output=500B,b1=2ms,b4=5ms"),
                Profile.parse("huge:weights=161MiB,load=1ms,b1=2ms")));
    }

    CompiledModel model(final String profile) {
        try {
            return backend.compile(new ModelSource("key", null, profile, Map.of(), 16));
        } catch (final ModelException ex) {
            throw new AssertionError(ex);
        }
    }

    Operation load(final long modelId, final String profile, final long nowNs) {
        return started(loadOperation(modelId, profile), nowNs);
    }

    Operation loadOperation(final long modelId, final String profile) {
        final Operation operation = operation(Operation.Kind.LOAD, modelId);
        operation.model = model(profile);
        return operation;
    }

    Operation unload(final long modelId, final long nowNs) {
        return started(operation(Operation.Kind.UNLOAD, modelId), nowNs);
    }

    Operation infer(final long modelId, final int batchSize, final long nowNs) {
        return started(inferOperation(modelId, batchSize), nowNs);
    }

    Operation inferOperation(final long modelId, final int batchSize) {
        final Operation operation = operation(Operation.Kind.INFER, modelId);
        operation.batchSize = batchSize;
        operation.requestCount = batchSize;
        for (int i = 0; i < batchSize; i++) {
            operation.inputs[i] = new UnsafeBuffer(new byte[1000]);
            operation.outputs[i] = new UnsafeBuffer(new byte[500]);
        }
        return operation;
    }

    static Operation operation(final Operation.Kind kind, final long modelId) {
        final Operation operation = new Operation(64);
        operation.kind = kind;
        operation.modelId = modelId;
        return operation;
    }

    Operation started(final Operation operation, final long nowNs) {
        if (!device.start(operation, nowNs)) {
            throw new AssertionError("not taken: " + operation.kind);
        }
        return operation;
    }

    int poll(final long nowNs) {
        return device.poll(completed::add, nowNs);
    }

    /** Holds {@code modelId} from here on; returns the time at which it does. */
    long loaded(final long modelId, final String profile, final long nowNs) {
        load(modelId, profile, nowNs);
        final long endNs = device.nextWakeNs();
        poll(endNs);
        final Operation operation = completed.remove(completed.size() - 1);
        if (operation.status != DeviceStatus.OK) {
            throw new AssertionError(operation.status);
        }
        return endNs;
    }
}
