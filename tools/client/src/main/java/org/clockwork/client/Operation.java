package org.clockwork.client;

import org.clockwork.schema.codec.Status;

/** An exchange that changes the controller's catalogue: it is answered by CATALOGUE-ACK and may go on for long. */
abstract class Operation extends Exchange {
    Operation(final long correlationId) {
        super(correlationId);
    }

    @Override
    Status lostStatus(final Status sessionStatus) {
        return isSent ? Status.OUTCOME_UNKNOWN : sessionStatus;
    }

    /** Goes on; called in each cycle until it is over. Returns work done. */
    abstract int doWork(ControllerPublisher publisher, Lanes lanes, long nowNs);

    /** When it has something to do if no message comes. */
    abstract long nextWakeNs(Lanes lanes, long nowNs);

    /** The controller's answer. */
    abstract void onAck(Status status, long transferId, String detail, long nowNs);

    /** Whether the next operation must wait for it. */
    abstract boolean isBusy();

    /** Whether it has ended. */
    abstract boolean isOver();
}
