package org.clockwork.controller.session;

import org.clockwork.schema.codec.Status;

/** Ends sessions on behalf of the stations of a request. Owned by the controller agent. */
@FunctionalInterface
public interface SessionCloser {
    /**
     * Ends a session. It may be done later in the same duty cycle, since it is asked for in the middle of other work;
     * {@code ClusterObserver.onSessionClosed} follows.
     *
     * @param status why, such as SLOW_CONSUMER.
     * @param detail a sentence for people.
     */
    void closeSession(ClientSession session, Status status, String detail, long nowNs);
}
