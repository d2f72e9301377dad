package org.clockwork.controller.wire;

import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Link;

/**
 * Messages for the control lane of one peer that must not be lost and could not leave at once; in order, up to a limit of
 * bytes. Allocates only under back pressure. Owned by the controller agent.
 */
public final class Outbox {
    private final Link link;
    private final int limitBytes;
    private final ArrayDeque<UnsafeBuffer> waiting = new ArrayDeque<>(0);
    private int waitingBytes;

    /** An empty outbox towards {@code link} that keeps at most {@code limitBytes}. */
    public Outbox(final Link link, final int limitBytes) {
        this.link = link;
        this.limitBytes = limitBytes;
    }

    /**
     * Sends a message, or keeps a copy of it to be sent by {@link #flush}.
     *
     * @return false if it could be neither sent nor kept: the peer is too slow.
     */
    public boolean send(final DirectBuffer buffer, final int offset, final int length) {
        if (waiting.isEmpty() && link.offer(Link.CONTROL, buffer, offset, length)) {
            return true;
        }
        if (waitingBytes + length > limitBytes) {
            return false;
        }
        final byte[] copy = new byte[length];
        buffer.getBytes(offset, copy);
        waiting.addLast(new UnsafeBuffer(copy));
        waitingBytes += length;
        return true;
    }

    /**
     * Offers what waits, in order, until the lane takes no more.
     *
     * @return messages sent.
     */
    public int flush() {
        int sent = 0;
        UnsafeBuffer next = waiting.peekFirst();
        while (next != null && link.offer(Link.CONTROL, next, 0, next.capacity())) {
            waitingBytes -= next.capacity();
            waiting.removeFirst();
            sent++;
            next = waiting.peekFirst();
        }
        return sent;
    }

    /** Whether nothing waits. */
    public boolean isEmpty() {
        return waiting.isEmpty();
    }
}
