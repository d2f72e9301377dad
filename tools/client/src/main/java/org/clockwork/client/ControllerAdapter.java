package org.clockwork.client;

import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CatalogueAckDecoder;
import org.clockwork.schema.codec.ConnectAckDecoder;
import org.clockwork.schema.codec.DeviceEntryDecoder;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
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
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;

    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
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
        } else if (!isAccepted(lane, buffer, offset, length)) {
            counters.malformed++;
        }
    }

    private boolean isAccepted(final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (length < HEADER) {
            return false;
        }
        header.wrap(buffer, offset);
        if (header.schemaId() != MessageHeaderDecoder.SCHEMA_ID) {
            return false;
        }
        final int template = header.templateId();
        if (template == ConnectAckDecoder.TEMPLATE_ID) {
            return lane == Link.CONTROL && onConnectAck(buffer, offset, length);
        }
        if (header.version() != Protocol.VERSION) {
            return false;
        }
        if (lane == Link.BULK) {
            return template == OutputDecoder.TEMPLATE_ID && onOutput(buffer, offset, length);
        }
        return switch (template) {
            case InferResponseDecoder.TEMPLATE_ID -> onInferResponse(buffer, offset, length);
            case KeepAliveDecoder.TEMPLATE_ID -> onKeepAlive(buffer, offset, length);
            case SessionClosedDecoder.TEMPLATE_ID -> onSessionClosed(buffer, offset, length);
            case ModelEntryDecoder.TEMPLATE_ID -> onModelEntry(buffer, offset, length);
            case CatalogueAckDecoder.TEMPLATE_ID -> onCatalogueAck(buffer, offset, length);
            case StatusReportDecoder.TEMPLATE_ID -> onStatusReport(buffer, offset, length);
            case WorkerEntryDecoder.TEMPLATE_ID -> onWorkerEntry(buffer, offset, length);
            case DeviceEntryDecoder.TEMPLATE_ID -> onDeviceEntry(buffer, offset, length);
            case QueryEndDecoder.TEMPLATE_ID -> onQueryEnd(buffer, offset, length);
            default -> false;
        };
    }

    /** Whether the fixed part is there, with the length that this version gives it. */
    private boolean hasBlock(final int length, final int blockLength) {
        return header.blockLength() == blockLength && length >= HEADER + blockLength;
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

    private boolean onConnectAck(final DirectBuffer buffer, final int offset, final int length) {
        final int end = offset + length;
        final int detailAt = offset + HEADER + ConnectAckDecoder.BLOCK_LENGTH;
        if (!hasBlock(length, ConnectAckDecoder.BLOCK_LENGTH) || Bounds.afterText(buffer, detailAt, end) < 0) {
            return false;
        }
        connectAck.wrapAndApplyHeader(buffer, offset, header);
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

    private boolean onKeepAlive(final DirectBuffer buffer, final int offset, final int length) {
        if (!hasBlock(length, KeepAliveDecoder.BLOCK_LENGTH)) {
            return false;
        }
        keepAlive.wrapAndApplyHeader(buffer, offset, header);
        if (isOfSession(keepAlive.sessionId())) {
            connection.onKeepAlive(keepAlive.sentNs(), keepAlive.echoSentNs(), keepAlive.echoReceivedNs(), nowNs);
        }
        return true;
    }

    private boolean onSessionClosed(final DirectBuffer buffer, final int offset, final int length) {
        final int detailAt = offset + HEADER + SessionClosedDecoder.BLOCK_LENGTH;
        if (!hasBlock(length, SessionClosedDecoder.BLOCK_LENGTH) ||
            Bounds.afterText(buffer, detailAt, offset + length) < 0) {
            return false;
        }
        sessionClosed.wrapAndApplyHeader(buffer, offset, header);
        final Status status = sessionClosed.status();
        if (isUnknown(status)) {
            return false;
        }
        if (isOfSession(sessionClosed.sessionId())) {
            connection.onSessionClosed(status == Status.OK ? Status.CLOSED_BY_PEER : status, sessionClosed.detail(), nowNs);
        }
        return true;
    }

    private boolean onInferResponse(final DirectBuffer buffer, final int offset, final int length) {
        final int end = offset + length;
        final int outputAt = offset + HEADER + InferResponseDecoder.BLOCK_LENGTH;
        if (!hasBlock(length, InferResponseDecoder.BLOCK_LENGTH)) {
            return false;
        }
        final int outputEnd = Bounds.afterData(buffer, outputAt, end);
        final int detailEnd = Bounds.afterText(buffer, outputEnd, end);
        if (detailEnd < 0) {
            return false;
        }
        inferResponse.wrapAndApplyHeader(buffer, offset, header);
        final Status status = inferResponse.status();
        if (isUnknown(status)) {
            return false;
        }
        final int outputBytesAt = outputAt + InferResponseDecoder.outputHeaderLength();
        final int detailAt = outputEnd + InferResponseDecoder.detailHeaderLength();
        return !isOfSession(inferResponse.sessionId()) || requests.onInferResponse(
            inferResponse, status, buffer, outputBytesAt, outputEnd - outputBytesAt, detailAt, detailEnd - detailAt, nowNs);
    }

    private boolean onOutput(final DirectBuffer buffer, final int offset, final int length) {
        final int dataAt = offset + HEADER + OutputDecoder.BLOCK_LENGTH;
        if (!hasBlock(length, OutputDecoder.BLOCK_LENGTH)) {
            return false;
        }
        final int dataEnd = Bounds.afterData(buffer, dataAt, offset + length);
        if (dataEnd < 0) {
            return false;
        }
        output.wrapAndApplyHeader(buffer, offset, header);
        if (isOfSession(output.sessionId())) {
            final int bytesAt = dataAt + OutputDecoder.bytesHeaderLength();
            requests.onOutput(
                output.requestId(), output.tensorIndex(), output.position(), output.totalLength(),
                buffer, bytesAt, dataEnd - bytesAt, nowNs);
        }
        return true;
    }

    private boolean onModelEntry(final DirectBuffer buffer, final int offset, final int length) {
        final int partsAt = offset + HEADER + ModelEntryDecoder.BLOCK_LENGTH;
        if (!hasBlock(length, ModelEntryDecoder.BLOCK_LENGTH) ||
            !RecordDecoder.isWholeModel(buffer, partsAt, offset + length)) {
            return false;
        }
        modelEntry.wrapAndApplyHeader(buffer, offset, header);
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

    private boolean onCatalogueAck(final DirectBuffer buffer, final int offset, final int length) {
        final int detailAt = offset + HEADER + CatalogueAckDecoder.BLOCK_LENGTH;
        if (!hasBlock(length, CatalogueAckDecoder.BLOCK_LENGTH) ||
            Bounds.afterText(buffer, detailAt, offset + length) < 0) {
            return false;
        }
        catalogueAck.wrapAndApplyHeader(buffer, offset, header);
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

    private boolean onStatusReport(final DirectBuffer buffer, final int offset, final int length) {
        if (!hasBlock(length, StatusReportDecoder.BLOCK_LENGTH) ||
            !hasTwoTexts(buffer, offset + HEADER + StatusReportDecoder.BLOCK_LENGTH, offset + length)) {
            return false;
        }
        statusReport.wrapAndApplyHeader(buffer, offset, header);
        if (isOfSession(statusReport.sessionId())) {
            exchanges.onReport(statusReport.correlationId(), RecordDecoder.report(statusReport));
        }
        return true;
    }

    private boolean onWorkerEntry(final DirectBuffer buffer, final int offset, final int length) {
        if (!hasBlock(length, WorkerEntryDecoder.BLOCK_LENGTH) ||
            !hasTwoTexts(buffer, offset + HEADER + WorkerEntryDecoder.BLOCK_LENGTH, offset + length)) {
            return false;
        }
        workerEntry.wrapAndApplyHeader(buffer, offset, header);
        if (isOfSession(workerEntry.sessionId())) {
            exchanges.onWorker(workerEntry.correlationId(), RecordDecoder.worker(workerEntry));
        }
        return true;
    }

    private boolean onDeviceEntry(final DirectBuffer buffer, final int offset, final int length) {
        final int textAt = offset + HEADER + DeviceEntryDecoder.BLOCK_LENGTH;
        if (!hasBlock(length, DeviceEntryDecoder.BLOCK_LENGTH) || Bounds.afterText(buffer, textAt, offset + length) < 0) {
            return false;
        }
        deviceEntry.wrapAndApplyHeader(buffer, offset, header);
        if (isOfSession(deviceEntry.sessionId())) {
            exchanges.onDevice(deviceEntry.correlationId(), RecordDecoder.device(deviceEntry));
        }
        return true;
    }

    private boolean onQueryEnd(final DirectBuffer buffer, final int offset, final int length) {
        if (!hasBlock(length, QueryEndDecoder.BLOCK_LENGTH)) {
            return false;
        }
        queryEnd.wrapAndApplyHeader(buffer, offset, header);
        final Status status = queryEnd.status();
        if (isUnknown(status)) {
            return false;
        }
        if (isOfSession(queryEnd.sessionId())) {
            exchanges.onQueryEnd(queryEnd.correlationId(), status);
        }
        return true;
    }

    private static boolean hasTwoTexts(final DirectBuffer buffer, final int at, final int end) {
        return Bounds.afterText(buffer, Bounds.afterText(buffer, at, end), end) >= 0;
    }

    private static boolean isUnknown(final Status status) {
        return status == Status.NULL_VAL || status == Status.SBE_UNKNOWN;
    }
}
