package org.clockwork.cli.demo;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.client.ControllerStatus;
import org.clockwork.client.DeviceStatus;
import org.clockwork.client.WorkerStatus;

/**
 * How busy the engines of a device were between two looks.
 *
 * @param device       for people.
 * @param executeShare of the time.
 * @param loadShare    of the time.
 */
record EngineBusy(String device, double executeShare, double loadShare) {
    /** All devices that are in both. */
    static List<EngineBusy> between(final ControllerStatus before, final ControllerStatus after) {
        final List<EngineBusy> busy = new ArrayList<>();
        for (final WorkerStatus worker : after.workers()) {
            for (final DeviceStatus device : worker.devices()) {
                final DeviceStatus earlier = find(before, worker.name(), device.deviceIndex());
                if (null != earlier && device.observedNs() > earlier.observedNs()) {
                    final double observedNs = device.observedNs() - earlier.observedNs();
                    busy.add(new EngineBusy(device.description(),
                        (device.executeBusyNs() - earlier.executeBusyNs()) / observedNs,
                        (device.loadBusyNs() - earlier.loadBusyNs()) / observedNs));
                }
            }
        }
        return busy;
    }

    private static DeviceStatus find(final ControllerStatus status, final String worker, final int deviceIndex) {
        return status.workers().stream().filter(entry -> entry.name().equals(worker))
            .flatMap(entry -> entry.devices().stream())
            .filter(device -> device.deviceIndex() == deviceIndex)
            .findFirst().orElse(null);
    }
}
