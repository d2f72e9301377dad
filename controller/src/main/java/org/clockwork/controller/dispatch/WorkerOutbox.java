package org.clockwork.controller.dispatch;

import org.clockwork.controller.action.Action;

/**
 * What waits to be sent to one worker: actions, in the order in which they were made, and inputs on the bulk lane. Its
 * length is bounded by the table of actions. Owned by the controller agent.
 */
public final class WorkerOutbox {
    /** Whether the dispatcher counts it among those that are not empty. */
    boolean isCounted;
    private Action firstAction;
    private Action lastAction;
    private Action firstBulk;
    private Action lastBulk;

    /** Whether nothing waits. */
    boolean isEmpty() {
        return firstAction == null && firstBulk == null;
    }

    /** The oldest action that waits, or null. */
    Action firstAction() {
        return firstAction;
    }

    /** The oldest action whose inputs wait, or null. */
    Action firstBulk() {
        return firstBulk;
    }

    void addAction(final Action action) {
        if (lastAction == null) {
            firstAction = action;
        } else {
            lastAction.nextToSend = action;
        }
        lastAction = action;
    }

    void removeFirstAction() {
        final Action removed = firstAction;
        firstAction = removed.nextToSend;
        removed.nextToSend = null;
        if (firstAction == null) {
            lastAction = null;
        }
    }

    void addBulk(final Action action) {
        if (lastBulk == null) {
            firstBulk = action;
        } else {
            lastBulk.nextInBulk = action;
        }
        lastBulk = action;
    }

    /** Takes an action out of the bulk lane's queue, wherever it stands. */
    void removeBulk(final Action action) {
        Action before = null;
        Action at = firstBulk;
        while (at != null && at != action) {
            before = at;
            at = at.nextInBulk;
        }
        if (at == null) {
            return;
        }
        if (before == null) {
            firstBulk = at.nextInBulk;
        } else {
            before.nextInBulk = at.nextInBulk;
        }
        if (lastBulk == at) {
            lastBulk = before;
        }
        at.nextInBulk = null;
    }

    /** Takes an action out of the control lane's queue, wherever it stands. */
    void removeAction(final Action action) {
        Action before = null;
        Action at = firstAction;
        while (at != null && at != action) {
            before = at;
            at = at.nextToSend;
        }
        if (at == null) {
            return;
        }
        if (before == null) {
            firstAction = at.nextToSend;
        } else {
            before.nextToSend = at.nextToSend;
        }
        if (lastAction == at) {
            lastAction = before;
        }
        at.nextToSend = null;
    }
}
