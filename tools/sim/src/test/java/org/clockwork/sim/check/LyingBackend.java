package org.clockwork.sim.check;

import java.util.List;
import java.util.function.Consumer;
import org.agrona.MutableDirectBuffer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;

/** A backend of one device that says of its operations what is not so. */
final class LyingBackend implements Backend {
    private final Backend backend;
    private final Device device;
    private CompiledModel lastCompiled;

    LyingBackend(final Backend backend, final Consumer<Operation> lie) {
        this.backend = backend;
        device = new LyingDevice(backend.devices().get(0), lie);
    }

    CompiledModel lastCompiled() {
        return lastCompiled;
    }

    @Override
    public String name() {
        return backend.name();
    }

    @Override
    public boolean isEmulated() {
        return backend.isEmulated();
    }

    @Override
    public List<Device> devices() {
        return List.of(device);
    }

    @Override
    public CompiledModel compile(final ModelSource source) throws ModelException {
        lastCompiled = backend.compile(source);
        return lastCompiled;
    }

    @Override
    public MutableDirectBuffer allocateHost(final long bytes) {
        return backend.allocateHost(bytes);
    }

    @Override
    public void close() {
        backend.close();
    }

    /** Changes what a device hands back. */
    private record LyingDevice(Device device, Consumer<Operation> lie) implements Device {
        @Override
        public int index() {
            return device.index();
        }

        @Override
        public String description() {
            return device.description();
        }

        @Override
        public int totalPages() {
            return device.totalPages();
        }

        @Override
        public int freePages() {
            return device.freePages();
        }

        @Override
        public int maxBatch() {
            return device.maxBatch();
        }

        @Override
        public int inferDepth() {
            return device.inferDepth();
        }

        @Override
        public boolean start(final Operation operation, final long nowNs) {
            return device.start(operation, nowNs);
        }

        @Override
        public boolean canStart(final Operation.Kind kind) {
            return device.canStart(kind);
        }

        @Override
        public int poll(final CompletionHandler handler, final long nowNs) {
            return device.poll(operation -> {
                lie.accept(operation);
                handler.onCompleted(operation);
            }, nowNs);
        }

        @Override
        public long nextWakeNs() {
            return device.nextWakeNs();
        }

        @Override
        public boolean isLost() {
            return device.isLost();
        }

        @Override
        public void close() {
            device.close();
        }
    }
}
