package org.clockwork.controller.telemetry;

import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.request.Request;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/**
 * Records what the path of requests does: a histogram for each phase, and a record for each request and each action, its
 * prediction beside what was measured. The controller agent records, without allocating or waiting; a
 * {@link TelemetryWriter} on another thread writes it all down.
 */
public final class Telemetry implements PathObserver {
    /** Longest duration that histograms tell apart. */
    static final long MAX_NS = 3_600_000_000_000L;
    private static final int DIGITS = 3;
    private static final int DEFAULT_RING_BYTES = 4 << 20;
    private static final Phase[] PHASES = Phase.values();

    private final SingleWriterRecorder[] recorders = new SingleWriterRecorder[PHASES.length];
    private final RecordRing requests;
    private final RecordRing actions;
    private final AtomicBoolean hasWriter = new AtomicBoolean();

    /** With histograms, and as asked with a log of requests and of actions. */
    public Telemetry(final boolean logsRequests, final boolean logsActions) {
        this(logsRequests, logsActions, DEFAULT_RING_BYTES);
    }

    Telemetry(final boolean logsRequests, final boolean logsActions, final int ringBytes) {
        for (int i = 0; i < recorders.length; i++) {
            recorders[i] = new SingleWriterRecorder(1, MAX_NS, DIGITS);
        }
        requests = logsRequests ? new RecordRing(RequestField.COUNT, ringBytes) : null;
        actions = logsActions ? new RecordRing(ActionField.COUNT, ringBytes) : null;
    }

    @Override
    public void onRequestEnded(final Request request, final Status status, final long totalNs, final long nowNs) {
        if (status == Status.OK) {
            record(Phase.QUEUE, request.queueNs);
            if (request.isCold) {
                record(Phase.LOAD, request.loadNs);
            }
            record(Phase.COPY_IN, request.copyInNs);
            record(Phase.EXECUTE, request.executeNs);
            record(Phase.COPY_OUT, request.copyOutNs);
            record(Phase.NETWORK, request.networkNs);
            record(Phase.TOTAL, totalNs);
        }
        if (requests != null) {
            requests.set(RequestField.END_NS, nowNs);
            requests.set(RequestField.SESSION, request.session.id);
            requests.set(RequestField.REQUEST, request.clientId);
            requests.set(RequestField.MODEL, request.model.id);
            requests.set(RequestField.STATUS, status.value());
            requests.set(RequestField.ARRIVAL_NS, request.arrivalNs);
            requests.set(RequestField.DEADLINE_NS, request.hasDeadline ? request.deadlineNs : Protocol.NULL_NS);
            requests.set(RequestField.BATCH, request.batchSize);
            requests.set(RequestField.COLD, request.isCold ? 1 : 0);
            requests.set(RequestField.QUEUE_NS, request.queueNs);
            requests.set(RequestField.LOAD_NS, request.loadNs);
            requests.set(RequestField.COPY_IN_NS, request.copyInNs);
            requests.set(RequestField.EXECUTE_NS, request.executeNs);
            requests.set(RequestField.COPY_OUT_NS, request.copyOutNs);
            requests.set(RequestField.NETWORK_NS, request.networkNs);
            requests.set(RequestField.TOTAL_NS, totalNs);
            requests.commit();
        }
    }

    @Override
    public void onRequestRefused(
        final long sessionId, final long clientId, final long modelId, final Status status, final long nowNs) {
        if (requests != null) {
            for (int i = 0; i < RequestField.COUNT; i++) {
                requests.set(i, 0);
            }
            requests.set(RequestField.END_NS, nowNs);
            requests.set(RequestField.SESSION, sessionId);
            requests.set(RequestField.REQUEST, clientId);
            requests.set(RequestField.MODEL, modelId);
            requests.set(RequestField.STATUS, status.value());
            requests.set(RequestField.ARRIVAL_NS, nowNs);
            requests.set(RequestField.DEADLINE_NS, Protocol.NULL_NS);
            requests.commit();
        }
    }

    @Override
    public void onActionEnded(
        final Action action,
        final Status status,
        final long startNs,
        final long copyInNs,
        final long executeNs,
        final long copyOutNs,
        final long endNs,
        final long nowNs) {
        if (actions != null) {
            actions.set(ActionField.REPORTED_NS, nowNs);
            actions.set(ActionField.ACTION, action.id());
            actions.set(ActionField.KIND, action.kind.value());
            actions.set(ActionField.WORKER, action.device.worker.state.index);
            actions.set(ActionField.DEVICE, action.device.state.deviceIndex);
            actions.set(ActionField.MODEL, action.copy.modelId);
            actions.set(ActionField.BATCH, action.batchSize);
            actions.set(ActionField.REQUESTS, action.requestCount);
            actions.set(ActionField.STATUS, status.value());
            actions.set(ActionField.CREATED_NS, action.createdNs);
            actions.set(ActionField.SENT_NS, action.isSent ? action.sentNs : Protocol.NULL_NS);
            actions.set(ActionField.LATEST_NS, action.latestNs);
            actions.set(ActionField.PREDICTED_START_NS, action.predictedStartNs);
            actions.set(ActionField.START_NS, startNs);
            actions.set(ActionField.EXPECTED_COPY_IN_NS, action.copyInNs);
            actions.set(ActionField.COPY_IN_NS, copyInNs);
            actions.set(ActionField.EXPECTED_NS, action.durationNs);
            actions.set(ActionField.MEASURED_NS, executeNs);
            actions.set(ActionField.EXPECTED_COPY_OUT_NS, action.copyOutNs);
            actions.set(ActionField.COPY_OUT_NS, copyOutNs);
            actions.set(ActionField.PREDICTED_END_NS, action.predictedEndNs);
            actions.set(ActionField.END_NS, endNs);
            actions.commit();
        }
    }

    /** Told once by the one writer that there may be. */
    void attachWriter() {
        if (!hasWriter.compareAndSet(false, true)) {
            throw new IllegalStateException("a telemetry has one writer");
        }
    }

    RecordRing requests() {
        return requests;
    }

    RecordRing actions() {
        return actions;
    }

    /** What was recorded of a phase since the last call; on the writer's thread. */
    Histogram interval(final Phase phase, final Histogram recycled) {
        return recorders[phase.ordinal()].getIntervalHistogram(recycled);
    }

    private void record(final Phase phase, final long durationNs) {
        recorders[phase.ordinal()].recordValue(Math.min(Math.max(0, durationNs), MAX_NS));
    }
}
