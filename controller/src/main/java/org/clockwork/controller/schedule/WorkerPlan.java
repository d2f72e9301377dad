package org.clockwork.controller.schedule;

import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.dispatch.WorkerOutbox;

/** What planning knows about one worker beside its state. Owned by the controller agent. */
public final class WorkerPlan {
    /** The worker. */
    public final WorkerState state;
    final DevicePlan[] devices;
    /** What waits to be sent to it. */
    public final WorkerOutbox outbox = new WorkerOutbox();
    /** When it joined. */
    public final long joinedNs;
    /** Whether it takes new actions. */
    public boolean isUsable;
    /** Whether it is gone. */
    public boolean isGone;

    WorkerPlan(final WorkerState state, final long nowNs) {
        this.state = state;
        joinedNs = nowNs;
        devices = new DevicePlan[state.devices.size()];
        for (int i = 0; i < devices.length; i++) {
            devices[i] = new DevicePlan(this, state.devices.get(i), nowNs);
        }
    }

    /** Its device of that index. */
    public DevicePlan device(final int index) {
        return devices[index];
    }

    /** Time for a message to it or from it: half of the least round trip of late. */
    public long hopNs() {
        return state.clock.isKnown() ? state.clock.roundTripNs() >> 1 : 0;
    }
}
