package org.clockwork.client;

import java.util.Arrays;

/**
 * The earliest of many deadlines, one for each slot of a table: a binary heap that knows where each slot is, so that a
 * deadline can be moved or taken out. Equal deadlines come in the order of their slots. Owned by one thread.
 */
final class DeadlineHeap {
    private static final int ABSENT = -1;

    private final long[] deadlineNs;
    private final int[] heap;
    private final int[] position;
    private int size;

    DeadlineHeap(final int slots) {
        deadlineNs = new long[slots];
        heap = new int[slots];
        position = new int[slots];
        Arrays.fill(position, ABSENT);
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Slot of the earliest deadline; only if not empty. */
    int first() {
        return heap[0];
    }

    /** The earliest deadline; only if not empty. */
    long firstNs() {
        return deadlineNs[heap[0]];
    }

    /** Sets or moves the deadline of a slot. */
    void put(final int slot, final long atNs) {
        deadlineNs[slot] = atNs;
        if (position[slot] == ABSENT) {
            position[slot] = size;
            heap[size++] = slot;
        }
        siftDown(siftUp(position[slot]));
    }

    /** Takes the deadline of a slot out, if it has one. */
    void remove(final int slot) {
        final int at = position[slot];
        if (at == ABSENT) {
            return;
        }
        position[slot] = ABSENT;
        final int last = heap[--size];
        if (last != slot) {
            heap[at] = last;
            position[last] = at;
            siftDown(siftUp(at));
        }
    }

    private boolean isBefore(final int a, final int b) {
        final long difference = deadlineNs[a] - deadlineNs[b];
        return difference < 0 || difference == 0 && a < b;
    }

    private int siftUp(final int start) {
        int at = start;
        final int slot = heap[at];
        while (at > 0) {
            final int parent = (at - 1) >>> 1;
            if (!isBefore(slot, heap[parent])) {
                break;
            }
            place(heap[parent], at);
            at = parent;
        }
        place(slot, at);
        return at;
    }

    private void siftDown(final int start) {
        int at = start;
        final int slot = heap[at];
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], slot)) {
                break;
            }
            place(heap[child], at);
            at = child;
        }
        place(slot, at);
    }

    private void place(final int slot, final int at) {
        heap[at] = slot;
        position[slot] = at;
    }
}
