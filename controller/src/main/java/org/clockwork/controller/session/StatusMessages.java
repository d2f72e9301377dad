package org.clockwork.controller.session;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.controller.DeviceFigures;
import org.clockwork.controller.PathFigures;
import org.clockwork.controller.RequestPath;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Catalogue;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DeviceEntryEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.StatusReportEncoder;
import org.clockwork.schema.codec.WorkerEntryEncoder;
import org.clockwork.schema.link.Link;

/** Encodes how the controller, its workers and their devices are. Owned by the controller agent. */
public final class StatusMessages {
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4 * 1024]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final StatusReportEncoder report = new StatusReportEncoder();
    private final WorkerEntryEncoder workerEntry = new WorkerEntryEncoder();
    private final DeviceEntryEncoder deviceEntry = new DeviceEntryEncoder();
    private final DeviceFigures deviceFigures = new DeviceFigures();
    private final RequestPath path;
    private final Catalogue catalogue;
    private final ControllerCounters counters;
    private final String build;
    private final long startNs;

    /** Reports of a controller that started at {@code startNs}. */
    public StatusMessages(
        final RequestPath path,
        final Catalogue catalogue,
        final ControllerCounters counters,
        final String build,
        final long startNs) {
        this.path = path;
        this.catalogue = catalogue;
        this.counters = counters;
        this.build = build;
        this.startNs = startNs;
    }

    boolean report(final ClientSession session, final long correlationId, final int sessionCount, final long nowNs) {
        final PathFigures figures = path.figures();
        report.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .correlationId(correlationId)
            .epoch(catalogue.epoch())
            .uptimeNs(nowNs - startNs)
            .schemaVersion(Protocol.VERSION)
            .sessions(sessionCount)
            .models(catalogue.modelCount())
            .modelsReady(catalogue.readyCount())
            .requestsInFlight(path.requestsInFlight())
            .requests(figures.requests)
            .responsesOk(figures.responsesOk)
            .refused(figures.refused)
            .failed(figures.invalid + figures.cancelled + figures.failed)
            .coldStarts(figures.coldStarts)
            .malformed(figures.malformed + counters.get(ControllerCounter.MALFORMED)
                + counters.get(ControllerCounter.UNEXPECTED))
            .build(build)
            .policy(path.policy());
        return offer(session, report.encodedLength());
    }

    boolean worker(final ClientSession session, final long correlationId, final WorkerState worker, final long nowNs) {
        workerEntry.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .correlationId(correlationId)
            .incarnation(worker.incarnation)
            .workerIndex(worker.index)
            .phase(worker.phase)
            .clockOffsetNs(worker.clock.offsetNs())
            .roundTripNs(worker.clock.isKnown() ? worker.clock.roundTripNs() : 0)
            .silentNs(nowNs - worker.lastReceivedNs)
            .name(worker.name)
            .build(worker.build);
        return offer(session, workerEntry.encodedLength());
    }

    boolean device(final ClientSession session, final long correlationId, final DeviceState device, final long nowNs) {
        path.figuresOf(device, deviceFigures, nowNs);
        final byte[] description = device.description.getBytes(StandardCharsets.UTF_8);
        deviceEntry.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .correlationId(correlationId)
            .workerIndex(device.worker.index)
            .deviceIndex(device.deviceIndex);
        deviceEntry.flags().clear().emulated(device.isEmulated).lost(device.isLost);
        deviceEntry
            .pageBytes(device.pageBytes)
            .totalPages(device.totalPages)
            .freePages(device.freePages)
            .modelsLoaded(deviceFigures.modelsLoaded)
            .executeBusyNs(deviceFigures.executeBusyNs)
            .loadBusyNs(deviceFigures.loadBusyNs)
            .observedNs(deviceFigures.observedNs)
            .actionsOutstanding(deviceFigures.actionsOutstanding)
            .putDescription(description, 0, description.length);
        return offer(session, deviceEntry.encodedLength());
    }

    private boolean offer(final ClientSession session, final int encodedLength) {
        return session.link.offer(Link.CONTROL, buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + encodedLength);
    }
}
