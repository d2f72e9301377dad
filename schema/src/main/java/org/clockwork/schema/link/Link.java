package org.clockwork.schema.link;

import io.aeron.logbuffer.BufferClaim;
import org.agrona.DirectBuffer;

/**
 * The sending half of a link to one peer: two lanes, each bounded and independent of the other and of other peers.
 * Owned by the thread that polls its {@link Listener} or {@link Dialer}.
 */
public interface Link {
    /** Lane of small and urgent messages. */
    int CONTROL = 0;
    /** Lane of tensors and files. */
    int BULK = 1;
    /** Number of lanes. */
    int LANES = 2;

    /** Identity of this link in its endpoint; never used again for another. */
    long id();

    /**
     * Claims room for one message to be written in place; the caller writes and then commits or aborts the claim
     * before it does anything else with this link.
     *
     * @param lane   {@link #CONTROL} or {@link #BULK}.
     * @param length of the message in bytes, at most {@link #maxClaimLength(int)}; a longer one is a fault of the caller
     *               and throws IllegalArgumentException.
     * @param claim  to write into.
     * @return false if the lane can't take it now (back pressure, not connected or closed): keep the state, try later.
     */
    boolean tryClaim(int lane, int length, BufferClaim claim);

    /**
     * Offers one message by copying it.
     *
     * @return false if the lane can't take it now.
     */
    boolean offer(int lane, DirectBuffer buffer, int offset, int length);

    /**
     * Offers one message made of two parts, such as a header and a tensor's bytes, without joining them first.
     *
     * @return false if the lane can't take it now.
     */
    boolean offer(
        int lane,
        DirectBuffer first, int firstOffset, int firstLength,
        DirectBuffer second, int secondOffset, int secondLength);

    /**
     * Longest message for {@link #tryClaim}; 1,376 bytes on an ordinary network. Longer ones, up to
     * {@code Protocol.MAX_MESSAGE_BYTES}, must be offered.
     */
    int maxClaimLength(int lane);

    /** Whether both lanes are believed to reach the peer; nothing is taken before. A hint only: heartbeats decide. */
    boolean isConnected();

    /** Whether this link is over for good. */
    boolean isClosed();

    /** Ends the link; what was not delivered is lost. Repeating is harmless. */
    void close();
}
