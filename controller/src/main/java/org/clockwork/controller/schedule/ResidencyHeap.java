package org.clockwork.controller.schedule;

import java.util.Arrays;

/**
 * What waits for one device: copies ordered by a key (ties by the model's index). The place and the key of a copy are
 * kept in the copy itself. Owned by the controller agent.
 */
final class ResidencyHeap {
    /** Which of a copy's two pairs of place and key this heap uses. */
    private final boolean isBackground;
    private Residency[] heap = new Residency[16];
    private int size;

    ResidencyHeap(final boolean isBackground) {
        this.isBackground = isBackground;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The copy with the least key, or null. */
    Residency first() {
        return size == 0 ? null : heap[0];
    }

    /** The {@code i}-th copy in the heap's own order: the same in each run, and about by key. */
    Residency at(final int i) {
        return heap[i];
    }

    boolean contains(final Residency copy) {
        return (isBackground ? copy.backgroundPlace : copy.waitingPlace) >= 0;
    }

    /** Puts a copy in, or moves it if it is in. */
    void set(final Residency copy, final long key) {
        final int place = isBackground ? copy.backgroundPlace : copy.waitingPlace;
        if (place < 0) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size * 2);
            }
            key(copy, key);
            siftUp(size++, copy);
            return;
        }
        final long old = key(copy);
        if (key != old) {
            key(copy, key);
            if (key - old < 0) {
                siftUp(place, copy);
            } else {
                siftDown(place, copy);
            }
        }
    }

    /** Takes a copy out, if it is in. */
    void remove(final Residency copy) {
        final int place = isBackground ? copy.backgroundPlace : copy.waitingPlace;
        if (place < 0) {
            return;
        }
        place(copy, -1);
        final Residency moved = heap[--size];
        heap[size] = null;
        if (place != size) {
            if (place > 0 && isBefore(moved, heap[place - 1 >>> 1])) {
                siftUp(place, moved);
            } else {
                siftDown(place, moved);
            }
        }
    }

    private void siftUp(final int from, final Residency copy) {
        int place = from;
        while (place > 0) {
            final int parent = place - 1 >>> 1;
            if (!isBefore(copy, heap[parent])) {
                break;
            }
            put(place, heap[parent]);
            place = parent;
        }
        put(place, copy);
    }

    private void siftDown(final int from, final Residency copy) {
        int place = from;
        while (true) {
            int child = 2 * place + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], copy)) {
                break;
            }
            put(place, heap[child]);
            place = child;
        }
        put(place, copy);
    }

    private void put(final int place, final Residency copy) {
        heap[place] = copy;
        place(copy, place);
    }

    private boolean isBefore(final Residency a, final Residency b) {
        final long difference = key(a) - key(b);
        return difference < 0 || difference == 0 && a.plan.index < b.plan.index;
    }

    private long key(final Residency copy) {
        return isBackground ? copy.backgroundKey : copy.waitingKey;
    }

    private void key(final Residency copy, final long value) {
        if (isBackground) {
            copy.backgroundKey = value;
        } else {
            copy.waitingKey = value;
        }
    }

    private void place(final Residency copy, final int value) {
        if (isBackground) {
            copy.backgroundPlace = value;
        } else {
            copy.waitingPlace = value;
        }
    }
}
