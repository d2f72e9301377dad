package org.clockwork.controller.cluster;

import java.util.List;
import org.clockwork.controller.wire.Outbox;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.WorkerPhase;
import org.clockwork.schema.link.Link;

/** One worker process as the stations see it. A worker that comes back is a new one. Owned by the controller agent. */
public final class WorkerState {
    private static final String CUDA = "cuda";
    private static final int OUTBOX_BYTES = 256 * 1024;

    /** Slot in the worker table: dense, used again after the worker is gone. */
    public final int index;
    /** Random id of the worker process. */
    public final long incarnation;
    /** Unique among live workers. */
    public final String name;
    /** To this worker. */
    public final Link link;
    /** Its devices, in the order of their index. */
    public final List<DeviceState> devices;
    /** Translates between its clock and ours. */
    public final ClockOffset clock;
    /** Where it is in its life. */
    public WorkerPhase phase = WorkerPhase.JOINING;
    /** cpu, emulated or cuda, as in its HELLO. */
    public String backend = "";
    /** Version of its software, as in its HELLO. */
    public String build = "";
    /** When its last message came. */
    public long lastReceivedNs;
    /** Messages to it that must not be lost. */
    public final Outbox outbox;

    long helloCorrelationId;
    long joinedNs;
    boolean isInventoryComplete;
    final Inventory inventory;
    long nextHeartbeatNs;
    long echoSentNs = Protocol.NULL_NS;
    long echoReceivedNs = Protocol.NULL_NS;
    boolean isDrainingAsked;
    boolean wasLive;

    /** A worker that joins; the caller ties its devices to it. */
    public WorkerState(
        final int index,
        final long incarnation,
        final String name,
        final Link link,
        final List<DeviceState> devices,
        final ClockOffset clock) {
        this.index = index;
        this.incarnation = incarnation;
        this.name = name;
        this.link = link;
        this.devices = List.copyOf(devices);
        this.clock = clock;
        outbox = new Outbox(link, OUTBOX_BYTES);
        inventory = new Inventory(devices.size());
    }

    /** Whether its devices are emulations. */
    public boolean isEmulated() {
        return devices.get(0).isEmulated;
    }

    /** Whether its devices run models' files: all but those that only take time. CUDA devices on stand-ins do, too. */
    public boolean isComputing() {
        return !isEmulated() || backend.equals(CUDA);
    }

    /** Whether it takes actions, or did before it began to drain. */
    public boolean wasLive() {
        return wasLive;
    }

    /** Whether it takes actions. */
    public boolean isLive() {
        return phase == WorkerPhase.LIVE;
    }
}
