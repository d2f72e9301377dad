package org.clockwork.controller.response;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.clockwork.controller.PathFigures;
import org.clockwork.controller.request.ByteArena;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.session.SessionCloser;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;

/**
 * Sends messages to clients where they arise, and keeps those that a client does not take, in order, up to a limit; past
 * it the session is given up. No client makes another wait. Owned by the controller agent.
 */
public final class ClientSender {
    private final ByteArena arena;
    private final SessionCloser closer;
    private final PathFigures figures;
    private final int maxWaiting;
    /** By session index; an outbox is made when a session's first message has to wait. */
    private ClientOutbox[] outboxes = new ClientOutbox[16];
    private ClientOutbox[] waiting = new ClientOutbox[16];
    private int waitingCount;

    /** A sender that keeps at most {@code maxWaiting} messages for each lane of a client. */
    public ClientSender(
        final ByteArena arena, final SessionCloser closer, final PathFigures figures, final int maxWaiting) {
        this.arena = arena;
        this.closer = closer;
        this.figures = figures;
        this.maxWaiting = maxWaiting;
    }

    /** Sends a message made of two parts, the second of which may be empty. */
    void send(
        final ClientSession session, final int lane,
        final DirectBuffer head, final int headLength,
        final DirectBuffer tail, final int tailOffset, final int tailLength,
        final long nowNs) {
        if (session.isClosed) {
            return;
        }
        final ClientOutbox outbox = outbox(session);
        if ((outbox == null || outbox.size(lane) == 0)
            && offer(session.link, lane, head, headLength, tail, tailOffset, tailLength)) {
            return;
        }
        keep(outbox == null ? makeOutbox(session) : outbox, lane, head, headLength, tail, tailOffset, tailLength, nowNs);
    }

    /** Offers what waits. */
    public int flush() {
        int sent = 0;
        for (int i = waitingCount - 1; i >= 0; i--) {
            final ClientOutbox outbox = waiting[i];
            sent += flush(outbox, Link.CONTROL) + flush(outbox, Link.BULK);
            if (outbox.isEmpty()) {
                waiting[i] = waiting[--waitingCount];
                waiting[waitingCount] = null;
            }
        }
        return sent;
    }

    /** Whether something waits for a client to take it. */
    public boolean hasPending() {
        return waitingCount > 0;
    }

    /** Forgets what waits for a session that is over. */
    public void onSessionClosed(final ClientSession session) {
        final ClientOutbox outbox = outbox(session);
        if (outbox == null) {
            return;
        }
        drop(outbox);
        outboxes[session.index] = null;
    }

    private void keep(
        final ClientOutbox outbox, final int lane,
        final DirectBuffer head, final int headLength,
        final DirectBuffer tail, final int tailOffset, final int tailLength,
        final long nowNs) {
        if (outbox.isGivenUp) {
            return;
        }
        final int length = headLength + tailLength;
        final int block = outbox.isFull(lane) ? ByteArena.FULL : arena.allocate(length);
        if (block == ByteArena.FULL) {
            outbox.isGivenUp = true;
            drop(outbox);
            figures.slowConsumers++;
            closer.closeSession(
                outbox.session, Status.SLOW_CONSUMER, "The client did not take its responses; their queue is full.", nowNs);
            return;
        }
        final int offset = ByteArena.offset(block);
        arena.buffer().putBytes(offset, head, 0, headLength);
        if (tailLength > 0) {
            arena.buffer().putBytes(offset + headLength, tail, tailOffset, tailLength);
        }
        if (outbox.isEmpty()) {
            if (waitingCount == waiting.length) {
                waiting = Arrays.copyOf(waiting, waitingCount * 2);
            }
            waiting[waitingCount++] = outbox;
        }
        outbox.add(lane, block, length);
        figures.responsesDelayed++;
    }

    private int flush(final ClientOutbox outbox, final int lane) {
        int sent = 0;
        while (outbox.size(lane) > 0) {
            final int block = outbox.firstBlock(lane);
            final int length = outbox.firstLength(lane);
            if (!outbox.session.link.offer(lane, arena.buffer(), ByteArena.offset(block), length)) {
                break;
            }
            arena.free(block, length);
            outbox.removeFirst(lane);
            sent++;
        }
        return sent;
    }

    private void drop(final ClientOutbox outbox) {
        for (int lane = 0; lane < Link.LANES; lane++) {
            while (outbox.size(lane) > 0) {
                arena.free(outbox.firstBlock(lane), outbox.firstLength(lane));
                outbox.removeFirst(lane);
            }
        }
        for (int i = 0; i < waitingCount; i++) {
            if (waiting[i] == outbox) {
                waiting[i] = waiting[--waitingCount];
                waiting[waitingCount] = null;
                return;
            }
        }
    }

    private ClientOutbox outbox(final ClientSession session) {
        final ClientOutbox outbox = session.index < outboxes.length ? outboxes[session.index] : null;
        return outbox != null && outbox.session == session ? outbox : null;
    }

    private ClientOutbox makeOutbox(final ClientSession session) {
        if (session.index >= outboxes.length) {
            outboxes = Arrays.copyOf(outboxes, Math.max(session.index + 1, outboxes.length * 2));
        }
        final ClientOutbox outbox = new ClientOutbox(session, maxWaiting);
        outboxes[session.index] = outbox;
        return outbox;
    }

    private static boolean offer(
        final Link link, final int lane,
        final DirectBuffer head, final int headLength,
        final DirectBuffer tail, final int tailOffset, final int tailLength) {
        return tailLength == 0
            ? link.offer(lane, head, 0, headLength)
            : link.offer(lane, head, 0, headLength, tail, tailOffset, tailLength);
    }
}
