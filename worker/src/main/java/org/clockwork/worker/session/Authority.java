package org.clockwork.worker.session;

import org.clockwork.schema.Protocol;
import org.clockwork.worker.action.Action;

/** Whom the worker obeys now: the highest epoch it has seen and the session it is in. Owned by the worker agent. */
public final class Authority {
    private long epoch;
    private int session;
    private boolean isLive;
    private int inlineBytes = Protocol.DEFAULT_INLINE_BYTES;

    /** Highest epoch of any controller so far; 0 for none. */
    public long epoch() {
        return epoch;
    }

    /** Number of the present session, or of the one to come. */
    public int session() {
        return session;
    }

    /** Whether a controller has accepted this worker and neither has given the other up. */
    public boolean isLive() {
        return isLive;
    }

    /** Tensors up to this size go inside ACTION-RESULT. */
    public int inlineBytes() {
        return inlineBytes;
    }

    /** Whether the sender of this action still waits for its result. */
    public boolean wants(final Action action) {
        return isLive && action.session == session && action.highestEpoch == epoch;
    }

    /** Whether a message of this epoch comes from a controller that has been replaced. */
    public boolean isStale(final long messageEpoch) {
        return messageEpoch < epoch;
    }

    /** Takes note of a higher epoch. */
    void epoch(final long higher) {
        epoch = higher;
    }

    void live(final int newInlineBytes) {
        isLive = true;
        inlineBytes = newInlineBytes;
    }

    void lost() {
        isLive = false;
        session++;
    }
}
