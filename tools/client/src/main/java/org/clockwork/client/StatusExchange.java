package org.clockwork.client;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.schema.codec.Status;

/** STATUS-QUERY and its entries. */
final class StatusExchange extends Exchange {
    private static final int MAX_ENTRIES = 4096;

    private final StatusHandler handler;
    private final List<WorkerStatus> workers = new ArrayList<>();
    private final List<DeviceStatus> devices = new ArrayList<>();
    private ControllerStatus report;

    StatusExchange(final long correlationId, final StatusHandler handler) {
        super(correlationId);
        this.handler = handler;
    }

    @Override
    boolean send(final ControllerPublisher publisher) {
        return publisher.statusQuery(correlationId);
    }

    @Override
    boolean onReport(final ControllerStatus controller) {
        report = controller;
        return true;
    }

    @Override
    boolean onWorker(final WorkerStatus worker) {
        return workers.size() < MAX_ENTRIES && workers.add(worker);
    }

    @Override
    boolean onDevice(final DeviceStatus device) {
        return devices.size() < MAX_ENTRIES && devices.add(device);
    }

    @Override
    boolean onQueryEnd(final Status status) {
        if (status != Status.OK) {
            end(status, "the controller did not complete its answer");
        } else if (report == null) {
            end(Status.MALFORMED_MESSAGE, "the controller's answer had no report");
        } else {
            handler.onStatus(Status.OK, "", whole());
        }
        return true;
    }

    @Override
    void end(final Status status, final String detail) {
        handler.onStatus(status, detail, null);
    }

    private ControllerStatus whole() {
        final List<WorkerStatus> owners = new ArrayList<>();
        for (final WorkerStatus w : workers) {
            final List<DeviceStatus> owned = new ArrayList<>();
            for (final DeviceStatus device : devices) {
                if (device.workerIndex() == w.workerIndex()) {
                    owned.add(device);
                }
            }
            owners.add(new WorkerStatus(
                w.workerIndex(), w.name(), w.build(), w.incarnation(), w.phase(),
                w.clockOffsetNs(), w.roundTripNs(), w.silentNs(), owned));
        }
        final ControllerStatus r = report;
        return new ControllerStatus(
            r.epoch(), r.uptimeNs(), r.schemaVersion(), r.sessions(), r.models(), r.modelsReady(), r.requestsInFlight(),
            r.requests(), r.responsesOk(), r.refused(), r.failed(), r.coldStarts(), r.malformed(),
            r.build(), r.policy(), owners);
    }
}
