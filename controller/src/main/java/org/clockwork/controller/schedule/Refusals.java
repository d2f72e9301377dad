package org.clockwork.controller.schedule;

import org.clockwork.controller.request.Request;
import org.clockwork.schema.codec.Status;

/** Ends requests that a policy gives up. Owned by the controller agent. */
@FunctionalInterface
public interface Refusals {
    /**
     * Ends a request that was taken out of its queue.
     *
     * @param status     why.
     * @param earliestNs earliest time at which its response could have left, or {@code Protocol.NULL_NS} for never.
     */
    void refuse(Request request, Status status, long earliestNs, long nowNs);
}
