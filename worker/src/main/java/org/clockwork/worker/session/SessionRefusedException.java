package org.clockwork.worker.session;

/** Carries a controller's refusal to the error handler, where people see it; it is never thrown. */
public final class SessionRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    SessionRefusedException(final String message) {
        super(message, null, false, false);
    }
}
