package org.clockwork.controller.session;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.wire.Names;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CatalogueAckEncoder;
import org.clockwork.schema.codec.ConnectAckEncoder;
import org.clockwork.schema.codec.InferResponseEncoder;
import org.clockwork.schema.codec.KeepAliveEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.QueryEndEncoder;
import org.clockwork.schema.codec.SessionClosedEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;

/**
 * Encodes what the controller says to clients about sessions and registrations. Answers to peers without a session are
 * dropped under back pressure: who needs them asks again. Owned by the controller agent.
 */
final class ClientMessages {
    private static final int DETAIL_LIMIT = 1024;
    private static final byte[] EMPTY = new byte[0];
    private static final byte[] UNKNOWN_SESSION = text("no session of this id belongs to this client");

    private final Sessions.Options options;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16 * 1024]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ConnectAckEncoder connectAck = new ConnectAckEncoder();
    private final KeepAliveEncoder keepAlive = new KeepAliveEncoder();
    private final SessionClosedEncoder sessionClosed = new SessionClosedEncoder();
    private final InferResponseEncoder inferResponse = new InferResponseEncoder();
    private final CatalogueAckEncoder catalogueAck = new CatalogueAckEncoder();
    private final QueryEndEncoder queryEnd = new QueryEndEncoder();

    ClientMessages(final Sessions.Options options) {
        this.options = options;
    }

    boolean refuse(final Link link, final long correlationId, final Status status, final String detail) {
        return link.offer(Link.CONTROL, buffer, 0, encodeConnectAck(correlationId, 0, 0, 0, status, detail));
    }

    boolean welcome(final ClientSession session) {
        return session.outbox.send(buffer, 0, encodeConnectAck(
            session.connectCorrelationId, session.id, session.maxInFlight, session.maxBytes, Status.OK, ""));
    }

    boolean keepAlive(final ClientSession session, final long nowNs) {
        keepAlive.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .sentNs(nowNs)
            .echoSentNs(session.echoSentNs)
            .echoReceivedNs(session.echoReceivedNs);
        return offer(session.link, keepAlive.encodedLength());
    }

    boolean sessionClosed(final Link link, final long sessionId, final Status status, final String detail) {
        final byte[] text = text(detail);
        sessionClosed.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId)
            .status(status)
            .putDetail(text, 0, text.length);
        return offer(link, sessionClosed.encodedLength());
    }

    boolean unknownSession(final Link link, final long sessionId, final long requestId, final long modelId) {
        inferResponse.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId)
            .requestId(requestId)
            .modelId(modelId)
            .status(Status.UNKNOWN_SESSION)
            .batchSize(0)
            .queueNs(0)
            .loadNs(0)
            .copyInNs(0)
            .executeNs(0)
            .copyOutNs(0)
            .totalNs(0)
            .earliestNs(Protocol.NULL_NS)
            .outputBytes(0);
        inferResponse.flags().clear();
        inferResponse.putOutput(EMPTY, 0, 0).putDetail(UNKNOWN_SESSION, 0, UNKNOWN_SESSION.length);
        return offer(link, inferResponse.encodedLength());
    }

    boolean catalogueAck(
        final ClientSession session, final long correlationId, final Status status, final long transferId, final String detail) {
        final byte[] text = text(detail);
        catalogueAck.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .correlationId(correlationId)
            .status(status)
            .transferId(transferId)
            .putDetail(text, 0, text.length);
        return session.outbox.send(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + catalogueAck.encodedLength());
    }

    boolean queryEnd(final ClientSession session, final long correlationId, final Status status, final int count) {
        queryEnd.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .correlationId(correlationId)
            .status(status)
            .count(count);
        return session.outbox.send(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + queryEnd.encodedLength());
    }

    private boolean offer(final Link link, final int encodedLength) {
        return link.offer(Link.CONTROL, buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + encodedLength);
    }

    private int encodeConnectAck(
        final long correlationId,
        final long sessionId,
        final int maxInFlight,
        final long maxBytes,
        final Status status,
        final String detail) {
        final byte[] text = text(detail);
        connectAck.wrapAndApplyHeader(buffer, 0, header)
            .correlationId(correlationId)
            .sessionId(sessionId)
            .epoch(options.epoch())
            .status(status)
            .schemaVersion(Protocol.VERSION)
            .maxInFlight(maxInFlight)
            .maxBytes(maxBytes)
            .inlineBytes(options.inlineBytes())
            .keepAliveNs(options.keepAliveNs())
            .timeoutNs(options.timeoutNs())
            .putDetail(text, 0, text.length);
        return MessageHeaderEncoder.ENCODED_LENGTH + connectAck.encodedLength();
    }

    private static byte[] text(final String detail) {
        return Names.shorten(detail, DETAIL_LIMIT).getBytes(StandardCharsets.UTF_8);
    }
}
