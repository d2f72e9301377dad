package org.clockwork.device.engine;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;

/** A device whose engines a test can hold up, and whose operations end as it says. */
final class TestDevice extends EngineDevice<TestDevice.Model, TestDevice.Copy> {
    static final int DEPTH = 2;
    static final int MAX_BATCH = 3;
    static final int INPUT_BYTES = 8;
    static final int OUTPUT_BYTES = 4;
    private static final long HANDED_BACK = 77;
    private static final int POLLS = 1_000_000;
    final TestEngine loads;
    final TestEngine infers;
    List<Copy> freed;
    private final CompletionHandler onCompleted = operation -> operation.actionId = HANDED_BACK;

    private TestDevice(final int pages, final DeviceHealth health, final TestEngine loads, final TestEngine infers) {
        super(1, "test", pages, MAX_BATCH, Model.class, Copy::new, health, loads, infers);
        this.loads = loads;
        this.infers = infers;
    }

    static TestDevice open(final int pages) {
        return open(pages, () -> null);
    }

    static TestDevice open(final int pages, final Supplier<IdleStrategy> strategy) {
        final DeviceHealth health = new DeviceHealth();
        return new TestDevice(pages, health, new TestEngine("test-load", health, strategy.get()),
            new TestEngine("test-execute", health, strategy.get()));
    }

    @Override
    protected void free(final List<Copy> resident) {
        freed = resident;
    }

    static Operation operation(final Operation.Kind kind, final long modelId) {
        final Operation operation = new Operation(MAX_BATCH);
        operation.kind = kind;
        operation.modelId = modelId;
        return operation;
    }

    static Operation load(final long modelId, final int pages) {
        final Operation operation = operation(Operation.Kind.LOAD, modelId);
        operation.model = new Model(pages);
        return operation;
    }

    static Operation unload(final long modelId) {
        return operation(Operation.Kind.UNLOAD, modelId);
    }

    static Operation infer(final long modelId) {
        final Operation operation = operation(Operation.Kind.INFER, modelId);
        operation.batchSize = 1;
        operation.requestCount = 1;
        operation.inputs[0] = new UnsafeBuffer(new byte[INPUT_BYTES]);
        operation.outputs[0] = new UnsafeBuffer(new byte[OUTPUT_BYTES]);
        return operation;
    }

    /** Starts it and waits for its end. */
    DeviceStatus run(final Operation operation) {
        begin(operation);
        await(operation);
        return operation.status;
    }

    /** Starts it. */
    void begin(final Operation operation) {
        operation.actionId = 0;
        if (!start(operation, 0)) {
            throw new AssertionError("not taken: " + operation.kind);
        }
    }

    /** Polls until it is handed back. */
    void await(final Operation operation) {
        for (int i = 0; operation.actionId != HANDED_BACK; i++) {
            if (i == POLLS) {
                throw new AssertionError(operation.kind + " does not end");
            }
            if (poll(onCompleted, 0) == 0) {
                LockSupport.parkNanos(1_000);
            }
        }
    }

    /** Takes nothing while it is held up. */
    static final class TestEngine extends Engine<Copy> {
        volatile boolean isHeld;
        volatile DeviceStatus ends = DeviceStatus.OK;
        volatile RuntimeException failure;

        TestEngine(final String name, final DeviceHealth health, final IdleStrategy strategy) {
            super(name, DEPTH, health, () -> 7, strategy);
        }

        @Override
        protected boolean canTake() {
            return !isHeld;
        }

        @Override
        protected boolean isBusy() {
            return isHeld;
        }

        @Override
        protected void take(final Work<Copy> work) {
            if (failure != null) {
                lose(failure);
                finish(work, DeviceStatus.DEVICE_LOST, failure.getMessage());
                return;
            }
            if (ends == DeviceStatus.OK && work.operation.kind != Operation.Kind.INFER) {
                work.loaded.isThere = work.operation.kind == Operation.Kind.LOAD;
            }
            finish(work, ends, null);
        }
    }

    /** A copy. */
    static final class Copy extends LoadedCopy<Model> {
        private volatile boolean isThere;

        @Override
        protected boolean isResident() {
            return isThere;
        }
    }

    /** A model of a few bytes that takes so many pages. */
    record Model(int pages) implements EngineModel {
        private static final List<TensorSpec> INPUTS = List.of(new TensorSpec("x", ElementType.UINT8, List.of(INPUT_BYTES)));
        private static final List<TensorSpec> OUTPUTS = List.of(new TensorSpec("y", ElementType.UINT8, List.of(OUTPUT_BYTES)));
        private static final IoLayout LAYOUT = new IoLayout(INPUTS, OUTPUTS, 1);

        @Override
        public IoLayout io() {
            return LAYOUT;
        }

        @Override
        public List<TensorSpec> inputs() {
            return INPUTS;
        }

        @Override
        public List<TensorSpec> outputs() {
            return OUTPUTS;
        }

        @Override
        public long weightsBytes() {
            return (long) pages * PAGE_BYTES;
        }

        @Override
        public int maxBatch() {
            return MAX_BATCH;
        }

        @Override
        public void close() {
        }
    }
}
