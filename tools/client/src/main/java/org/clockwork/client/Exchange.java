package org.clockwork.client;

import org.clockwork.schema.codec.Status;

/**
 * A question to the controller about models or its state, and what comes back for it. It may allocate: it is not part
 * of the way of a request. Owned by the thread that polls the core.
 */
abstract class Exchange {
    final long correlationId;
    long deadlineNs;
    boolean isSent;

    Exchange(final long correlationId) {
        this.correlationId = correlationId;
    }

    /** Sends the question; false: the lane can't take it now. */
    abstract boolean send(ControllerPublisher publisher);

    /** Tells the user of its end. */
    abstract void end(Status status, String detail);

    /** What its loss with the session means. */
    Status lostStatus(final Status sessionStatus) {
        return sessionStatus;
    }

    /** A model of the answer. Returns whether it belongs here. */
    boolean onModel(final ModelInfo model) {
        return false;
    }

    /** The controller's own part of a status answer. */
    boolean onReport(final ControllerStatus report) {
        return false;
    }

    /** A worker of a status answer. */
    boolean onWorker(final WorkerStatus worker) {
        return false;
    }

    /** A device of a status answer. */
    boolean onDevice(final DeviceStatus device) {
        return false;
    }

    /** The end of a series of entries. Returns whether it belongs here; then the exchange is over. */
    boolean onQueryEnd(final Status status) {
        return false;
    }
}
