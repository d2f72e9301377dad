package org.clockwork.client;

import org.agrona.DirectBuffer;
import org.clockwork.schema.MessageCheck;
import org.clockwork.schema.codec.CatalogueAckDecoder;
import org.clockwork.schema.codec.ConnectAckDecoder;
import org.clockwork.schema.codec.DeviceEntryDecoder;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.codec.QueryEndDecoder;
import org.clockwork.schema.codec.SessionClosedDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.StatusReportDecoder;
import org.clockwork.schema.codec.WorkerEntryDecoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;

/**
 * Checks and decodes what a controller sends. A message that is not whole, not of this protocol, on the wrong lane or
 * of another session is counted and dropped. Owned by the thread that polls the core.
 */
final class ControllerAdapter implements MessageHandler {
    private final MessageCheck check = new MessageCheck();
    private final ConnectAckDecoder connectAck = new ConnectAckDecoder();
    private final KeepAliveDecoder keepAlive = new KeepAliveDecoder();
    private final SessionClosedDecoder sessionClosed = new SessionClosedDecoder();
    private final InferResponseDecoder inferResponse = new InferResponseDecoder();
    private final OutputDecoder output = new OutputDecoder();
    private final ModelEntryDecoder modelEntry = new ModelEntryDecoder();
    private final CatalogueAckDecoder catalogueAck = new CatalogueAckDecoder();
    private final StatusReportDecoder statusReport = new StatusReportDecoder();
    private final WorkerEntryDecoder workerEntry = new WorkerEntryDecoder();
    private final DeviceEntryDecoder deviceEntry = new DeviceEntryDecoder();
    private final QueryEndDecoder queryEnd = new QueryEndDecoder();

    private final Connection connection;
    private final Requests requests;
    private final Exchanges exchanges;
    private final ClientCounters counters;
    private long nowNs;

    ControllerAdapter(
        final Connection connection, final Requests requests, final Exchanges exchanges, final ClientCounters counters) {
        this.connection = connection;
        this.requests = requests;
        this.exchanges = exchanges;
        this.counters = counters;
    }

    /** The time of the messages that are polled next. */
    void now(final long timeNs) {
        nowNs = timeNs;
    }

    @Override
    public void onMessage(final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (link != connection.link()) {
            counters.wrongSession++;
        } else if (!check.isValid(buffer, offset, length) || !isAccepted(lane, buffer, offset + MessageCheck.BODY_OFFSET)) {
            counters.malformed++;
        }
    }

    private boolean isAccepted(final int lane, final DirectBuffer buffer, final int body) {
        if (lane == Link.BULK) {
            return check.templateId() == OutputDecoder.TEMPLATE_ID && onOutput(buffer, body);
        }
        return switch (check.templateId()) {
            case InferResponseDecoder.TEMPLATE_ID -> onInferResponse(buffer, body);
            case KeepAliveDecoder.TEMPLATE_ID -> onKeepAlive(buffer, body);
            case ConnectAckDecoder.TEMPLATE_ID -> onConnectAck(buffer, body);
            case SessionClosedDecoder.TEMPLATE_ID -> onSessionClosed(buffer, body);
            case ModelEntryDecoder.TEMPLATE_ID -> onModelEntry(buffer, body);
            case CatalogueAckDecoder.TEMPLATE_ID -> onCatalogueAck(buffer, body);
            case StatusReportDecoder.TEMPLATE_ID -> onStatusReport(buffer, body);
            case WorkerEntryDecoder.TEMPLATE_ID -> onWorkerEntry(buffer, body);
            case DeviceEntryDecoder.TEMPLATE_ID -> onDeviceEntry(buffer, body);
            case QueryEndDecoder.TEMPLATE_ID -> onQueryEnd(buffer, body);
            default -> false;
        };
    }

    /** Whether the message belongs to the session; then the controller is alive. */
    private boolean isOfSession(final long sessionId) {
        if (connection.state() != ClientState.CONNECTED || sessionId != connection.sessionId()) {
            counters.wrongSession++;
            return false;
        }
        connection.onHeard(nowNs);
        return true;
    }

    private boolean onConnectAck(final DirectBuffer buffer, final int body) {
        connectAck.wrap(buffer, body, check.blockLength(), check.version());
        final Status status = connectAck.status();
        if (isUnknown(status)) {
            return false;
        }
        final boolean isExpected = connection.onConnectAck(
            connectAck.correlationId(), connectAck.sessionId(), connectAck.epoch(), status,
            connectAck.maxInFlight(), connectAck.maxBytes(), connectAck.inlineBytes(),
            connectAck.keepAliveNs(), connectAck.timeoutNs(), connectAck.detail(), nowNs);
        counters.unexpected += isExpected ? 0 : 1;
        return true;
    }

    private boolean onKeepAlive(final DirectBuffer buffer, final int body) {
        keepAlive.wrap(buffer, body, check.blockLength(), check.version());
        if (isOfSession(keepAlive.sessionId())) {
            connection.onKeepAlive(keepAlive.sentNs(), keepAlive.echoSentNs(), keepAlive.echoReceivedNs(), nowNs);
        }
        return true;
    }

    private boolean onSessionClosed(final DirectBuffer buffer, final int body) {
        sessionClosed.wrap(buffer, body, check.blockLength(), check.version());
        final Status status = sessionClosed.status();
        if (isUnknown(status)) {
            return false;
        }
        if (isOfSession(sessionClosed.sessionId())) {
            connection.onSessionClosed(status == Status.OK ? Status.CLOSED_BY_PEER : status, sessionClosed.detail(), nowNs);
        }
        return true;
    }

    private boolean onInferResponse(final DirectBuffer buffer, final int body) {
        inferResponse.wrap(buffer, body, check.blockLength(), check.version());
        final Status status = inferResponse.status();
        if (isUnknown(status)) {
            return false;
        }
        if (!isOfSession(inferResponse.sessionId())) {
            return true;
        }
        final int outputAt = inferResponse.limit() + InferResponseDecoder.outputHeaderLength();
        final int outputLength = inferResponse.skipOutput();
        final int detailAt = inferResponse.limit() + InferResponseDecoder.detailHeaderLength();
        final int detailLength = inferResponse.detailLength();
        final boolean isAccepted = requests.onInferResponse(
            inferResponse, status, buffer, outputAt, outputLength, detailAt, detailLength, nowNs);
        if (status == Status.UNKNOWN_SESSION) {
            connection.onSessionClosed(status, "the controller does not know the session of a request", nowNs);
        }
        return isAccepted;
    }

    private boolean onOutput(final DirectBuffer buffer, final int body) {
        output.wrap(buffer, body, check.blockLength(), check.version());
        if (isOfSession(output.sessionId())) {
            final int bytesAt = output.limit() + OutputDecoder.bytesHeaderLength();
            requests.onOutput(
                output.requestId(), output.tensorIndex(), output.position(), output.totalLength(),
                buffer, bytesAt, output.bytesLength(), nowNs);
        }
        return true;
    }

    private boolean onModelEntry(final DirectBuffer buffer, final int body) {
        modelEntry.wrap(buffer, body, check.blockLength(), check.version());
        final ModelState state = modelEntry.state();
        if (state == ModelState.NULL_VAL || state == ModelState.SBE_UNKNOWN || isUnknown(modelEntry.status())) {
            return false;
        }
        if (isOfSession(modelEntry.sessionId())) {
            final long correlationId = modelEntry.correlationId();
            final ModelInfo model = RecordDecoder.model(modelEntry);
            if (model == null) {
                return false;
            }
            exchanges.onModel(correlationId, model, nowNs);
        }
        return true;
    }

    private boolean onCatalogueAck(final DirectBuffer buffer, final int body) {
        catalogueAck.wrap(buffer, body, check.blockLength(), check.version());
        final Status status = catalogueAck.status();
        if (isUnknown(status)) {
            return false;
        }
        if (isOfSession(catalogueAck.sessionId())) {
            exchanges.onAck(
                catalogueAck.correlationId(), status, catalogueAck.transferId(), catalogueAck.detail(), nowNs);
        }
        return true;
    }

    private boolean onStatusReport(final DirectBuffer buffer, final int body) {
        statusReport.wrap(buffer, body, check.blockLength(), check.version());
        if (isOfSession(statusReport.sessionId())) {
            exchanges.onReport(statusReport.correlationId(), RecordDecoder.report(statusReport));
        }
        return true;
    }

    private boolean onWorkerEntry(final DirectBuffer buffer, final int body) {
        workerEntry.wrap(buffer, body, check.blockLength(), check.version());
        if (isOfSession(workerEntry.sessionId())) {
            exchanges.onWorker(workerEntry.correlationId(), RecordDecoder.worker(workerEntry));
        }
        return true;
    }

    private boolean onDeviceEntry(final DirectBuffer buffer, final int body) {
        deviceEntry.wrap(buffer, body, check.blockLength(), check.version());
        if (isOfSession(deviceEntry.sessionId())) {
            exchanges.onDevice(deviceEntry.correlationId(), RecordDecoder.device(deviceEntry));
        }
        return true;
    }

    private boolean onQueryEnd(final DirectBuffer buffer, final int body) {
        queryEnd.wrap(buffer, body, check.blockLength(), check.version());
        final Status status = queryEnd.status();
        if (isUnknown(status)) {
            return false;
        }
        if (isOfSession(queryEnd.sessionId())) {
            exchanges.onQueryEnd(queryEnd.correlationId(), status);
        }
        return true;
    }

    private static boolean isUnknown(final Status status) {
        return status == Status.NULL_VAL || status == Status.SBE_UNKNOWN;
    }
}
