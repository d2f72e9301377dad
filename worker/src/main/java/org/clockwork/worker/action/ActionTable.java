package org.clockwork.worker.action;

import org.agrona.collections.Long2ObjectHashMap;

/**
 * All actions in the worker: a pool of fixed size, and the ids of those that the present controller waits for. While the
 * pool is empty the agent leaves the control lane alone, so that each action that was read gets its one result. Owned by
 * the worker agent.
 */
public final class ActionTable {
    private static final float LOAD_FACTOR = 0.5f;
    private final Action[] all;
    private final Action[] free;
    private final Long2ObjectHashMap<Action> byId;
    private int freeCount;
    private long nextSequence;

    /** A table of {@code capacity} actions for batches of up to {@code maxBatch}. */
    public ActionTable(final int capacity, final int maxBatch) {
        all = new Action[capacity];
        free = new Action[capacity];
        byId = new Long2ObjectHashMap<>(capacity * 2, LOAD_FACTOR, true);
        for (int i = 0; i < capacity; i++) {
            all[i] = new Action(i, maxBatch);
            free[capacity - 1 - i] = all[i];
        }
        freeCount = capacity;
    }

    /** How many there can be. */
    public int capacity() {
        return all.length;
    }

    /** How many more can be taken. */
    public int freeCount() {
        return freeCount;
    }

    /** Takes one from the pool; only while {@link #freeCount()} is above 0. */
    public Action acquire() {
        final Action action = free[--freeCount];
        free[freeCount] = null;
        action.state = ActionState.ARRIVING;
        action.sequence = nextSequence++;
        return action;
    }

    /** Gives one back to the pool. */
    public void release(final Action action) {
        unlist(action);
        action.reset();
        free[freeCount++] = action;
    }

    /** Notes its id as outstanding. */
    public void list(final Action action) {
        byId.put(action.actionId, action);
        action.isListed = true;
    }

    /** Forgets its id, if it was noted. */
    public void unlist(final Action action) {
        if (action.isListed) {
            byId.remove(action.actionId);
            action.isListed = false;
        }
    }

    /** Forgets all ids: their controller is gone. The actions themselves end by other ways. */
    public void unlistAll() {
        byId.clear();
        for (final Action action : all) {
            action.isListed = false;
        }
    }

    /** The action of this id that the present controller waits for, or null. */
    public Action find(final long actionId) {
        return byId.get(actionId);
    }

    /** The action in a slot of the pool. */
    public Action inSlot(final int slot) {
        return all[slot];
    }
}
