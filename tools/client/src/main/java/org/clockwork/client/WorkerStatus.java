package org.clockwork.client;

import java.util.List;
import org.clockwork.schema.codec.WorkerPhase;

/**
 * One worker in a {@link ControllerStatus}.
 *
 * @param workerIndex   in the controller's table.
 * @param name          unique among live workers.
 * @param build         version of its software.
 * @param incarnation   of its process.
 * @param phase         as the controller sees it.
 * @param clockOffsetNs its clock minus the controller's.
 * @param roundTripNs   least of late.
 * @param silentNs      since its last message.
 * @param devices       what it owns.
 */
public record WorkerStatus(
    int workerIndex, String name, String build, long incarnation, WorkerPhase phase,
    long clockOffsetNs, long roundTripNs, long silentNs, List<DeviceStatus> devices) {

    /** Keeps its own unmodifiable copy of the list. */
    public WorkerStatus {
        devices = List.copyOf(devices);
    }
}
