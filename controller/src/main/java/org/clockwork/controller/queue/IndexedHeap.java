package org.clockwork.controller.queue;

import java.util.Arrays;

/**
 * A binary heap of small integers ordered by a key (ties by the integer), in which any member can be moved or taken out
 * at the cost of a logarithm. Keys are compared wrap-safe. It grows when a larger integer is first put in, and never
 * again after that. Owned by the controller agent.
 */
public final class IndexedHeap {
    /** Answer of an empty heap. */
    public static final int NONE = -1;

    private long[] keys;
    private int[] places;
    private int[] heap;
    private int size;

    /** An empty heap for integers below {@code capacity}, for a start. */
    public IndexedHeap(final int capacity) {
        keys = new long[capacity];
        places = new int[capacity];
        heap = new int[capacity];
        Arrays.fill(places, NONE);
    }

    /** Members. */
    public int size() {
        return size;
    }

    /** Whether it has no members. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** The member with the least key, or {@link #NONE}. */
    public int first() {
        return size == 0 ? NONE : heap[0];
    }

    /** Key of {@link #first()}, or {@code Long.MAX_VALUE}. */
    public long firstKey() {
        return size == 0 ? Long.MAX_VALUE : keys[heap[0]];
    }

    /** The {@code i}-th member in the heap's own order: the same in each run, and about by key. */
    public int at(final int i) {
        return heap[i];
    }

    /** Whether it is a member. */
    public boolean contains(final int item) {
        return item < places.length && places[item] != NONE;
    }

    /** Key of a member. */
    public long keyOf(final int item) {
        return keys[item];
    }

    /** Puts an integer in, or moves it if it is in. */
    public void set(final int item, final long key) {
        if (item >= places.length) {
            grow(item);
        }
        final int place = places[item];
        if (place == NONE) {
            keys[item] = key;
            siftUp(size++, item);
        } else if (key != keys[item]) {
            final boolean isLess = key - keys[item] < 0;
            keys[item] = key;
            if (isLess) {
                siftUp(place, item);
            } else {
                siftDown(place, item);
            }
        }
    }

    /** Takes an integer out, if it is in. */
    public void remove(final int item) {
        if (!contains(item)) {
            return;
        }
        final int place = places[item];
        places[item] = NONE;
        final int moved = heap[--size];
        if (place != size) {
            if (place > 0 && isBefore(moved, heap[place - 1 >>> 1])) {
                siftUp(place, moved);
            } else {
                siftDown(place, moved);
            }
        }
    }

    /** Takes out {@link #first()}. */
    public int poll() {
        final int item = first();
        if (item != NONE) {
            remove(item);
        }
        return item;
    }

    private void siftUp(final int from, final int item) {
        int place = from;
        while (place > 0) {
            final int parent = place - 1 >>> 1;
            if (!isBefore(item, heap[parent])) {
                break;
            }
            put(place, heap[parent]);
            place = parent;
        }
        put(place, item);
    }

    private void siftDown(final int from, final int item) {
        int place = from;
        while (true) {
            int child = 2 * place + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], item)) {
                break;
            }
            put(place, heap[child]);
            place = child;
        }
        put(place, item);
    }

    private void put(final int place, final int item) {
        heap[place] = item;
        places[item] = place;
    }

    private boolean isBefore(final int a, final int b) {
        final long difference = keys[a] - keys[b];
        return difference < 0 || difference == 0 && a < b;
    }

    private void grow(final int item) {
        final int old = places.length;
        final int capacity = Math.max(item + 1, old * 2);
        keys = Arrays.copyOf(keys, capacity);
        heap = Arrays.copyOf(heap, capacity);
        places = Arrays.copyOf(places, capacity);
        Arrays.fill(places, old, capacity, NONE);
    }
}
