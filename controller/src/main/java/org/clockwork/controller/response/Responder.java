package org.clockwork.controller.response;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.PathFigures;
import org.clockwork.controller.request.ByteArena;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.request.RequestTable;
import org.clockwork.controller.schedule.Refusals;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.InferResponseEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.OutputEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;

/**
 * The one place where requests end: writes and sends the response, frees the slot and its input, and tells telemetry.
 * Owned by the controller agent.
 */
public final class Responder implements Refusals {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final byte[] NO_BYTES = {};

    private final RequestTable requests;
    private final ByteArena arena;
    private final ClientSender sender;
    private final PathFigures figures;
    private final PathObserver observer;
    private final StatusText texts = new StatusText();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Protocol.MAX_MESSAGE_BYTES + 4096]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final InferResponseEncoder response = new InferResponseEncoder();
    private final OutputEncoder output = new OutputEncoder();

    /** A responder for requests of this table. */
    public Responder(
        final RequestTable requests,
        final ByteArena arena,
        final ClientSender sender,
        final PathFigures figures,
        final PathObserver observer) {
        this.requests = requests;
        this.arena = arena;
        this.sender = sender;
        this.figures = figures;
        this.observer = observer;
    }

    /** Ends a request that got no slot. */
    public void reject(
        final ClientSession session, final long clientId, final long modelId, final Status status, final long nowNs) {
        figures.onEnd(status);
        observer.onRequestRefused(session.id, clientId, modelId, status, nowNs);
        response.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .requestId(clientId)
            .modelId(modelId)
            .status(status)
            .batchSize(0)
            .queueNs(0)
            .loadNs(0)
            .copyInNs(0)
            .executeNs(0)
            .copyOutNs(0)
            .totalNs(0)
            .earliestNs(Protocol.NULL_NS)
            .outputBytes(0);
        response.flags().clear();
        response.putOutput(NO_BYTES, 0, 0);
        putText(status);
        send(session, nowNs);
    }

    @Override
    public void refuse(final Request request, final Status status, final long earliestNs, final long nowNs) {
        end(request, status, earliestNs, null, 0, 0, nowNs);
    }

    /** Ends a request without an answer. */
    public void fail(final Request request, final Status status, final long nowNs) {
        end(request, status, Protocol.NULL_NS, null, 0, 0, nowNs);
    }

    /**
     * Ends a request with its answer, whose times are in its slot.
     *
     * @param bytes of the output when it goes inside the response; else null.
     */
    public void answer(
        final Request request, final DirectBuffer bytes, final int offset, final int length, final long nowNs) {
        end(request, Status.OK, Protocol.NULL_NS, bytes, offset, length, nowNs);
    }

    /** Passes a part of an output on to the client. */
    public void relay(
        final Request request, final int tensor, final int position, final int total,
        final DirectBuffer bytes, final int offset, final int length, final long nowNs) {
        output.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(request.session.id)
            .requestId(request.clientId)
            .position(position)
            .totalLength(total)
            .tensorIndex(tensor);
        final int end = HEADER + output.encodedLength();
        buffer.putInt(end, length, OutputEncoder.BYTE_ORDER);
        sender.send(
            request.session, Link.BULK, buffer, end + OutputEncoder.bytesHeaderLength(), bytes, offset, length, nowNs);
    }

    private void end(
        final Request request, final Status status, final long earliestNs,
        final DirectBuffer bytes, final int offset, final int length, final long nowNs) {
        final long totalNs = nowNs - request.arrivalNs;
        final boolean isInTime = status == Status.OK && (!request.hasDeadline || nowNs - request.deadlineNs <= 0);
        figures.onEnd(status);
        if (status == Status.OK && !isInTime) {
            figures.late++;
        }
        observer.onRequestEnded(request, status, totalNs, nowNs);
        final ClientSession session = request.session;
        if (!session.isClosed) {
            encode(request, status, earliestNs, totalNs, isInTime);
            if (bytes == null || length == 0) {
                response.putOutput(NO_BYTES, 0, 0);
            } else {
                response.putOutput(bytes, offset, length);
            }
            putText(status);
            send(session, nowNs);
        }
        release(request);
    }

    private void encode(
        final Request request, final Status status, final long earliestNs, final long totalNs, final boolean isInTime) {
        final boolean isAnswered = status == Status.OK;
        final ClientSession session = request.session;
        response.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .requestId(request.clientId)
            .modelId(request.model.id)
            .status(status)
            .batchSize(request.batchSize)
            .queueNs(request.queueNs)
            .loadNs(request.loadNs)
            .copyInNs(request.copyInNs)
            .executeNs(request.executeNs)
            .copyOutNs(request.copyOutNs)
            .totalNs(totalNs)
            .earliestNs(earliestNs == Protocol.NULL_NS ? earliestNs : earliestNs - request.arrivalNs + session.hopOutNs)
            .outputBytes(isAnswered && !request.omitsOutput ? Math.max(0, request.outputBytes) : 0);
        response.flags()
            .clear()
            .cold(request.isCold)
            .generatedInput(request.isGenerated)
            .outputOmitted(request.omitsOutput)
            .emulated(request.isEmulated)
            .inTimeAtController(isInTime);
    }

    private void putText(final Status status) {
        final byte[] text = texts.of(status);
        response.putDetail(text, 0, text.length);
    }

    private void send(final ClientSession session, final long nowNs) {
        sender.send(session, Link.CONTROL, buffer, HEADER + response.encodedLength(), buffer, 0, 0, nowNs);
    }

    private void release(final Request request) {
        final ClientSession session = request.session;
        final int clientIndex = Ids.index(request.clientId);
        if (session.requestSlots[clientIndex] == request.index) {
            session.requestSlots[clientIndex] = Request.NONE;
        }
        session.inFlight--;
        session.bytesInFlight -= request.inputBytes;
        if (request.inputBlock != Request.NONE) {
            arena.free(request.inputBlock, request.inputBytes);
            request.inputBlock = Request.NONE;
        }
        requests.free(request);
    }
}
