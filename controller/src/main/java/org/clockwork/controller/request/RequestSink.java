package org.clockwork.controller.request;

/** Where accepted requests go on. Owned by the controller agent. */
public interface RequestSink {
    /** All of a request is there: it may be scheduled. */
    void onReady(Request request, long nowNs);

    /** The client took a request back that is in its model's queue or in an action. */
    void onCancelled(Request request, long nowNs);
}
