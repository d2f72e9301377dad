package org.clockwork.sim.check;

import java.util.List;
import java.util.function.Function;
import org.agrona.MutableDirectBuffer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;

/**
 * A backend in front of another, with a device of its own in front of each of the other's. Owned by one agent.
 *
 * @param <D> its kind of device.
 */
class ForwardingBackend<D extends ForwardingDevice> implements Backend {
    private final Backend backend;
    private final List<D> devices;

    ForwardingBackend(final Backend backend, final Function<Device, D> inFront) {
        this.backend = backend;
        devices = backend.devices().stream().map(inFront).toList();
    }

    /** The devices as what they are. */
    final List<D> forwarding() {
        return devices;
    }

    @Override
    public final List<Device> devices() {
        return List.copyOf(devices);
    }

    @Override
    public final String name() {
        return backend.name();
    }

    @Override
    public final boolean isEmulated() {
        return backend.isEmulated();
    }

    @Override
    public final boolean isComputing() {
        return backend.isComputing();
    }

    @Override
    public CompiledModel compile(final ModelSource source) throws ModelException {
        return backend.compile(source);
    }

    @Override
    public final MutableDirectBuffer allocateHost(final long bytes) {
        return backend.allocateHost(bytes);
    }

    @Override
    public final void close() {
        backend.close();
    }
}
