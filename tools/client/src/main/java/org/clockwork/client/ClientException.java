package org.clockwork.client;

import org.clockwork.schema.codec.Status;

/** Something asked of a {@link ClockworkClient} was not done: the status says why for programs, the message for people. */
public final class ClientException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Status status;

    /** With a status and a sentence. */
    public ClientException(final Status status, final String message) {
        super("status=" + status + " " + message);
        this.status = status;
    }

    /** Why. */
    public Status status() {
        return status;
    }
}
