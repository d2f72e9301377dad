package org.clockwork.controller.request;

/** Where a request is on its way. */
public enum RequestState {
    /** The slot holds no request. */
    FREE,
    /** Accepted; bytes of its input are missing. */
    AWAITING_INPUT,
    /** In its model's queue. */
    QUEUED,
    /** In an action that was started. */
    IN_ACTION,
    /** Executed; bytes of its output are missing. */
    AWAITING_OUTPUT
}
