package org.clockwork.controller.dispatch;

import org.clockwork.controller.action.Action;
import org.clockwork.schema.codec.Status;

/** Told of actions that never left. Owned by the controller agent. */
@FunctionalInterface
public interface UndeliverableHandler {
    /** Its worker could not take an action before it was too late for it, or it was taken back first. */
    void onUndeliverable(Action action, Status status, long nowNs);
}
