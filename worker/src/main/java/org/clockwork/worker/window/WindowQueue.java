package org.clockwork.worker.window;

import org.clockwork.worker.action.Action;

/**
 * Actions of one engine that have not started, ordered by {@code earliestNs}, ties by arrival. Bounded: a full queue
 * refuses, and the action is answered ACTION_QUEUE_FULL. Owned by the worker agent.
 */
public final class WindowQueue {
    private final Action[] actions;
    private int size;
    /** The earliest end of any window in here, if {@link #isCloseKnown}. */
    private long closesNs;
    private boolean isCloseKnown;

    /** A queue of up to {@code capacity} actions. */
    public WindowQueue(final int capacity) {
        actions = new Action[capacity];
    }

    /** How many wait. */
    public int size() {
        return size;
    }

    /** Whether no more can be taken. */
    public boolean isFull() {
        return size == actions.length;
    }

    /** The action at a place in the order. */
    public Action get(final int index) {
        return actions[index];
    }

    /**
     * Takes an action in.
     *
     * @return false if the queue is full.
     */
    public boolean add(final Action action) {
        if (isFull()) {
            return false;
        }
        int place = size;
        while (place > 0 && goesBefore(action, actions[place - 1])) {
            actions[place] = actions[place - 1];
            place--;
        }
        actions[place] = action;
        size++;
        if (size == 1) {
            closesNs = action.latestNs;
            isCloseKnown = true;
        } else if (isCloseKnown && action.latestNs - closesNs < 0) {
            closesNs = action.latestNs;
        }
        return true;
    }

    /** Takes out the action at a place in the order. */
    public Action remove(final int index) {
        final Action action = actions[index];
        size--;
        System.arraycopy(actions, index + 1, actions, index, size - index);
        actions[size] = null;
        if (action.latestNs == closesNs) {
            isCloseKnown = false;
        }
        return action;
    }

    /** Takes out an action, wherever it stands; false if it is not here. */
    public boolean remove(final Action action) {
        for (int i = 0; i < size; i++) {
            if (actions[i] == action) {
                remove(i);
                return true;
            }
        }
        return false;
    }

    /** Whether the action at this place may start by its {@code earliestNs}; those after it may not if this may not. */
    public boolean isOpen(final int index, final long nowNs) {
        return actions[index].earliestNs - nowNs <= 0;
    }

    /** Whether the window of at least one action has closed. */
    public boolean hasClosed(final long nowNs) {
        return size > 0 && nowNs - closesNs() > 0;
    }

    /** Earliest time after {@code nowNs} at which a window opens or closes; {@code Long.MAX_VALUE} if none will. */
    public long nextWakeNs(final long nowNs) {
        if (size == 0) {
            return Long.MAX_VALUE;
        }
        long wakeNs = closesNs() + 1;
        for (int i = 0; i < size; i++) {
            if (!isOpen(i, nowNs)) {
                wakeNs = Math.min(wakeNs, actions[i].earliestNs);
                break;
            }
        }
        return wakeNs;
    }

    private long closesNs() {
        if (!isCloseKnown) {
            closesNs = actions[0].latestNs;
            for (int i = 1; i < size; i++) {
                if (actions[i].latestNs - closesNs < 0) {
                    closesNs = actions[i].latestNs;
                }
            }
            isCloseKnown = true;
        }
        return closesNs;
    }

    private static boolean goesBefore(final Action a, final Action b) {
        final long difference = a.earliestNs - b.earliestNs;
        return difference < 0 || difference == 0 && a.sequence - b.sequence < 0;
    }
}
