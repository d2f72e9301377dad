package org.clockwork.controller.action;

/** Carries actions to their workers. Owned by the controller agent. */
@FunctionalInterface
public interface ActionSender {
    /** Takes an action to be sent now or, if its worker can't take it, as soon as it can and before it is too late. */
    void submit(Action action, long nowNs);
}
