package org.clockwork.worker.session;

/** Where a worker stands with its controller. */
public enum SessionState {
    /** No link; waits before it dials the next endpoint. */
    BACKING_OFF,
    /** Dialed; HELLO is offered until the link takes it. */
    DIALING,
    /** HELLO is sent; the inventory follows in parts. */
    REPORTING,
    /** All is said; HELLO-ACK is awaited. */
    AWAITING_ACK,
    /** Accepted: takes actions, sends heartbeats. */
    LIVE,
    /** Left for good. */
    CLOSED
}
