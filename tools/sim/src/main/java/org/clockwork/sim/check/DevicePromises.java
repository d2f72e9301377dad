package org.clockwork.sim.check;

import org.clockwork.controller.schedule.DevicePlan;

/** The promises of a device's two engines. */
final class DevicePromises {
    final DevicePlan device;
    final EnginePromises execution;
    final EnginePromises loading;

    DevicePromises(final DevicePlan device, final long nowNs) {
        this.device = device;
        execution = new EnginePromises(nowNs);
        loading = new EnginePromises(nowNs);
    }

    EnginePromises engine(final boolean isExecution) {
        return isExecution ? execution : loading;
    }
}
