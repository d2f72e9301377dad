package org.clockwork.client;

import java.util.Arrays;

/** Slots of a table in the order in which they joined; any can leave at any time. Owned by one thread. */
final class SlotList {
    private static final int NONE = -1;
    private static final int ABSENT = -2;

    private final int[] next;
    private final int[] previous;
    private int head = NONE;
    private int tail = NONE;

    SlotList(final int slots) {
        next = new int[slots];
        previous = new int[slots];
        Arrays.fill(next, ABSENT);
    }

    boolean isEmpty() {
        return head == NONE;
    }

    /** The slot that joined first; only if not empty. */
    int first() {
        return head;
    }

    boolean contains(final int slot) {
        return next[slot] != ABSENT;
    }

    /** Appends a slot, unless it is in the list. */
    void add(final int slot) {
        if (contains(slot)) {
            return;
        }
        next[slot] = NONE;
        previous[slot] = tail;
        if (tail == NONE) {
            head = slot;
        } else {
            next[tail] = slot;
        }
        tail = slot;
    }

    /** Takes a slot out, if it is in the list. */
    boolean remove(final int slot) {
        if (!contains(slot)) {
            return false;
        }
        final int before = previous[slot];
        final int after = next[slot];
        if (before == NONE) {
            head = after;
        } else {
            next[before] = after;
        }
        if (after == NONE) {
            tail = before;
        } else {
            previous[after] = before;
        }
        next[slot] = ABSENT;
        return true;
    }
}
