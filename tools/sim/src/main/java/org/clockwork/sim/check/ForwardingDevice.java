package org.clockwork.sim.check;

import org.clockwork.device.Device;
import org.clockwork.device.Operation;

/** A device in front of another, and in the way of what that one hands back. Owned by the agent that owns the other. */
abstract class ForwardingDevice implements Device {
    private final Device device;
    private final CompletionHandler onCompleted = this::onCompleted;
    private CompletionHandler handler;

    ForwardingDevice(final Device device) {
        this.device = device;
    }

    /** Looks at what is handed back before its owner does. */
    abstract void look(Operation operation);

    private void onCompleted(final Operation operation) {
        look(operation);
        handler.onCompleted(operation);
    }

    @Override
    public int poll(final CompletionHandler completionHandler, final long nowNs) {
        handler = completionHandler;
        return device.poll(onCompleted, nowNs);
    }

    @Override
    public boolean start(final Operation operation, final long nowNs) {
        return device.start(operation, nowNs);
    }

    @Override
    public final int index() {
        return device.index();
    }

    @Override
    public final String description() {
        return device.description();
    }

    @Override
    public final int totalPages() {
        return device.totalPages();
    }

    @Override
    public final int freePages() {
        return device.freePages();
    }

    @Override
    public final int maxBatch() {
        return device.maxBatch();
    }

    @Override
    public final int inferDepth() {
        return device.inferDepth();
    }

    @Override
    public final boolean canStart(final Operation.Kind kind) {
        return device.canStart(kind);
    }

    @Override
    public final long nextWakeNs() {
        return device.nextWakeNs();
    }

    @Override
    public final boolean isLost() {
        return device.isLost();
    }

    @Override
    public final void close() {
        device.close();
    }
}
