package org.clockwork.controller.cluster;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.wire.Names;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.HeartbeatEncoder;
import org.clockwork.schema.codec.HelloAckEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;

/** Encodes what the controller says to workers about their membership. Owned by the controller agent. */
final class WorkerMessages {
    private static final int DETAIL_LIMIT = 1024;

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16 * 1024]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final HelloAckEncoder helloAck = new HelloAckEncoder();
    private final HeartbeatEncoder heartbeat = new HeartbeatEncoder();
    private final Cluster.Options options;

    WorkerMessages(final Cluster.Options options) {
        this.options = options;
    }

    /** Refuses a HELLO: an answer that is dropped under back pressure, since the worker asks again. */
    boolean refuse(final Link link, final long correlationId, final Status status, final String detail) {
        return link.offer(Link.CONTROL, buffer, 0, encodeHelloAck(correlationId, status, detail));
    }

    boolean welcome(final WorkerState worker) {
        return worker.outbox.send(buffer, 0, encodeHelloAck(worker.helloCorrelationId, Status.OK, ""));
    }

    boolean heartbeat(final WorkerState worker, final long nowNs) {
        heartbeat.wrapAndApplyHeader(buffer, 0, header)
            .incarnation(worker.incarnation)
            .epoch(options.epoch())
            .sentNs(nowNs)
            .echoSentNs(worker.echoSentNs)
            .echoReceivedNs(worker.echoReceivedNs);
        return worker.link.offer(
            Link.CONTROL, buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + heartbeat.encodedLength());
    }

    private int encodeHelloAck(final long correlationId, final Status status, final String detail) {
        final byte[] text = Names.shorten(detail, DETAIL_LIMIT).getBytes(StandardCharsets.UTF_8);
        helloAck.wrapAndApplyHeader(buffer, 0, header)
            .correlationId(correlationId)
            .epoch(options.epoch())
            .status(status)
            .schemaVersion(Protocol.VERSION)
            .heartbeatNs(options.heartbeatNs())
            .timeoutNs(options.timeoutNs())
            .inlineBytes(options.inlineBytes())
            .putDetail(text, 0, text.length);
        return MessageHeaderEncoder.ENCODED_LENGTH + helloAck.encodedLength();
    }
}
