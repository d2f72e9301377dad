package org.clockwork.controller.action;

import org.clockwork.schema.Ids;

/** All action slots, made once: the actions in flight. Owned by the controller agent. */
public final class ActionTable {
    private final Action[] slots;
    private final int[] free;
    private int freeCount;

    /** A table of that many slots. */
    public ActionTable(final int capacity) {
        slots = new Action[capacity];
        free = new int[capacity];
        freeCount = capacity;
        for (int i = 0; i < capacity; i++) {
            slots[i] = new Action(i);
            free[i] = capacity - 1 - i;
        }
    }

    /** Whether no action can be made now. */
    public boolean isFull() {
        return freeCount == 0;
    }

    /** A cleared slot with a new generation, or null if none is free. */
    public Action allocate() {
        if (freeCount == 0) {
            return null;
        }
        final Action action = slots[free[--freeCount]];
        action.generation = action.generation + 1 & Integer.MAX_VALUE;
        action.isUsed = true;
        return action;
    }

    /** Takes a slot back. */
    public void free(final Action action) {
        if (!action.isUsed) {
            throw new IllegalStateException("action freed twice: index=" + action.index);
        }
        action.isUsed = false;
        action.reset();
        free[freeCount++] = action.index;
    }

    /** The action in flight under a wire id, or null; the id may be hostile. */
    public Action byId(final long id) {
        final int index = Ids.index(id);
        if (index < 0 || index >= slots.length) {
            return null;
        }
        final Action action = slots[index];
        return action.isUsed && action.generation == Ids.generation(id) ? action : null;
    }

    /** Actions in flight. */
    public int used() {
        return slots.length - freeCount;
    }
}
