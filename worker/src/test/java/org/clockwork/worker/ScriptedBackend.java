package org.clockwork.worker;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;

/**
 * A device that is moved by a test: operations end when the test says so. It computes something simple, so that answers
 * can be checked: output byte i is input byte i (modulo the input's length) plus one.
 */
final class ScriptedBackend implements Backend {
    final OneDevice device = new OneDevice();
    final List<ModelSource> compiled = new ArrayList<>();
    List<TensorSpec> inputs = List.of(new TensorSpec("x", ElementType.UINT8, List.of(8)));
    List<TensorSpec> outputs = List.of(new TensorSpec("y", ElementType.UINT8, List.of(8)));
    ModelException failure;
    RuntimeException crash;
    int pages = 1;
    int openModels;
    boolean isClosed;

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public boolean isEmulated() {
        return false;
    }

    @Override
    public List<Device> devices() {
        return List.of(device);
    }

    @Override
    public CompiledModel compile(final ModelSource source) throws ModelException {
        compiled.add(source);
        if (crash != null) {
            throw crash;
        }
        if (failure != null) {
            throw failure;
        }
        if (source.file() != null && !Files.exists(source.file())) {
            throw new ModelException(ModelException.Reason.INVALID_FILE, "no file");
        }
        openModels++;
        return new Model(source.maxBatch());
    }

    @Override
    public MutableDirectBuffer allocateHost(final long bytes) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect((int) bytes));
    }

    @Override
    public void close() {
        isClosed = true;
    }

    private static int bytes(final List<TensorSpec> specs) {
        return specs.stream().mapToInt(TensorSpec::bytes).sum();
    }

    /** What {@link #compile} makes. */
    private final class Model implements CompiledModel {
        private final int maxBatch;
        private final int modelPages = pages;
        private final List<TensorSpec> in = inputs;
        private final List<TensorSpec> out = outputs;
        private boolean isOpen = true;

        Model(final int maxBatch) {
            this.maxBatch = maxBatch;
        }

        @Override
        public List<TensorSpec> inputs() {
            return in;
        }

        @Override
        public List<TensorSpec> outputs() {
            return out;
        }

        @Override
        public long weightsBytes() {
            return 1000;
        }

        @Override
        public int pages() {
            return modelPages;
        }

        @Override
        public int maxBatch() {
            return maxBatch;
        }

        @Override
        public void close() {
            if (!isOpen) {
                throw new IllegalStateException("closed twice");
            }
            isOpen = false;
            openModels--;
        }
    }

    /** The device. */
    static final class OneDevice implements Device {
        final ArrayDeque<Operation> running = new ArrayDeque<>();
        final ArrayDeque<Operation> done = new ArrayDeque<>();
        final List<String> started = new ArrayList<>();
        final TreeMap<Long, CompiledModel> loaded = new TreeMap<>();
        boolean isStarting = true;
        boolean isLost;
        int depth = 1;
        int totalPages = 4;
        private int freePages = 4;

        /** Ends the operation that was started first. */
        void finish(final DeviceStatus status, final long nowNs) {
            final Operation operation = running.remove();
            operation.status = status;
            operation.endNs = nowNs;
            operation.executeNs = nowNs - operation.executeStartNs;
            if (status == DeviceStatus.OK) {
                switch (operation.kind) {
                    case LOAD -> {
                        loaded.put(operation.modelId, operation.model);
                        freePages -= operation.model.pages();
                    }
                    case UNLOAD -> freePages += loaded.remove(operation.modelId).pages();
                    default -> compute(operation);
                }
            } else {
                operation.detail = "as the test says";
            }
            done.add(operation);
        }

        private void compute(final Operation operation) {
            final CompiledModel model = loaded.get(operation.modelId);
            final int in = bytes(model.inputs());
            final int out = bytes(model.outputs());
            for (int i = 0; i < operation.requestCount; i++) {
                for (int b = 0; operation.outputs[i] != null && b < out; b++) {
                    final byte value = operation.inputs[i].getByte(operation.inputOffsets[i] + b % in);
                    operation.outputs[i].putByte(operation.outputOffsets[i] + b, (byte) (value + 1));
                }
            }
        }

        @Override
        public int index() {
            return 0;
        }

        @Override
        public String description() {
            return "scripted";
        }

        @Override
        public int totalPages() {
            return totalPages;
        }

        @Override
        public int freePages() {
            return freePages;
        }

        @Override
        public int maxBatch() {
            return 8;
        }

        @Override
        public int inferDepth() {
            return depth;
        }

        @Override
        public boolean start(final Operation operation, final long nowNs) {
            if (!isStarting) {
                return false;
            }
            operation.clearResults();
            operation.startNs = nowNs;
            operation.executeStartNs = nowNs;
            running.add(operation);
            started.add(operation.kind + " " + operation.modelId);
            return true;
        }

        @Override
        public boolean canStart(final Operation.Kind kind) {
            return true;
        }

        @Override
        public int poll(final CompletionHandler handler, final long nowNs) {
            int count = 0;
            while (!done.isEmpty()) {
                handler.onCompleted(done.remove());
                count++;
            }
            return count;
        }

        @Override
        public long nextWakeNs() {
            return Long.MAX_VALUE;
        }

        @Override
        public boolean isLost() {
            return isLost;
        }

        @Override
        public void close() {
            loaded.clear();
        }
    }
}
