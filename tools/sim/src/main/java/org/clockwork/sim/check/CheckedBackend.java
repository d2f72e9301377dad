package org.clockwork.sim.check;

import java.util.ArrayList;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;

/** A backend whose devices are watched. Owned by one agent. */
final class CheckedBackend implements Backend {
    private final Backend backend;
    private final List<CheckedDevice> devices = new ArrayList<>();

    CheckedBackend(final Backend backend, final String owner, final NanoClock clock, final Findings findings) {
        this.backend = backend;
        for (final Device device : backend.devices()) {
            devices.add(new CheckedDevice(device, owner, clock, findings));
        }
    }

    /** The devices as what they are. */
    List<CheckedDevice> checkedDevices() {
        return devices;
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
        return List.copyOf(devices);
    }

    @Override
    public CompiledModel compile(final ModelSource source) throws ModelException {
        return backend.compile(source);
    }

    @Override
    public MutableDirectBuffer allocateHost(final long bytes) {
        return backend.allocateHost(bytes);
    }

    @Override
    public void close() {
        backend.close();
    }
}
