package org.clockwork.worker.result;

import org.agrona.BitUtil;
import org.clockwork.worker.action.Action;

/** Actions first in, first out; as large as the pool of actions, so it is never full. */
final class ActionRing {
    private final Action[] actions;
    private final int mask;
    private int head;
    private int tail;

    ActionRing(final int capacity) {
        actions = new Action[BitUtil.findNextPositivePowerOfTwo(capacity)];
        mask = actions.length - 1;
    }

    boolean isEmpty() {
        return head == tail;
    }

    void add(final Action action) {
        actions[tail++ & mask] = action;
    }

    Action peek() {
        return actions[head & mask];
    }

    Action remove() {
        final Action action = actions[head & mask];
        actions[head++ & mask] = null;
        return action;
    }
}
