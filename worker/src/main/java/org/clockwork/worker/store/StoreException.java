package org.clockwork.worker.store;

import org.clockwork.schema.codec.Status;

/** Why a file can't be kept; the message is a sentence for people. */
public final class StoreException extends Exception {
    private static final long serialVersionUID = 1L;
    private final Status status;

    /** A failure with the status that the controller is told. */
    public StoreException(final Status status, final String message) {
        super(message);
        this.status = status;
    }

    /** As the controller is told. */
    public Status status() {
        return status;
    }
}
