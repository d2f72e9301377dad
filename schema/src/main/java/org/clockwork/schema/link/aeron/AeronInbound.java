package org.clockwork.schema.link.aeron;

import io.aeron.Image;
import io.aeron.ImageControlledFragmentAssembler;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.Header;
import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.MessageHandler;

/**
 * What arrives on one lane of one peer: puts messages together and counts them against the limit of a poll. Owned by
 * the thread that polls its listener or dialer.
 */
final class AeronInbound implements ControlledFragmentHandler {
    /** Fragments of the longest message at the smallest packet, so that a poll that may deliver one always can. */
    private static final int FRAGMENTS_PER_MESSAGE = Protocol.MAX_MESSAGE_BYTES / 224 + 1;

    final Image image;
    final int lane;
    /** When it is given up if it has not been opened by then. */
    final long deadlineNs;
    /** The link it belongs to; null until it has been opened. */
    AeronLink link;

    private final ImageControlledFragmentAssembler assembler = new ImageControlledFragmentAssembler(this);
    private MessageHandler handler;
    private int remaining;
    private long oversized;

    AeronInbound(final Image image, final int lane, final long deadlineNs) {
        this.image = image;
        this.lane = lane;
        this.deadlineNs = deadlineNs;
    }

    boolean isClosed() {
        return image.isClosed();
    }

    /** Delivers up to {@code limit} messages and returns how many. */
    int poll(final MessageHandler messageHandler, final int limit) {
        if (limit <= 0 || link != null && link.isClosed()) {
            return 0;
        }
        handler = messageHandler;
        remaining = limit;
        image.controlledPoll(assembler, limit + FRAGMENTS_PER_MESSAGE);
        return limit - remaining;
    }

    @Override
    public Action onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header) {
        if (length > Protocol.MAX_MESSAGE_BYTES) {
            oversized++;
            return Action.CONTINUE;
        }
        remaining--;
        handler.onMessage(link, lane, buffer, offset, length);
        return remaining > 0 && (link == null || !link.isClosed()) ? Action.CONTINUE : Action.BREAK;
    }

    /** Messages longer than any may be, since the last call. */
    long takeOversized() {
        final long count = oversized;
        oversized = 0;
        return count;
    }
}
