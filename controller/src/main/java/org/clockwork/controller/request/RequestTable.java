package org.clockwork.controller.request;

import org.clockwork.schema.Ids;

/**
 * All request slots, made once; a full table refuses. Free slots are used again last in, first out. Owned by the
 * controller agent.
 */
public final class RequestTable {
    private final Request[] slots;
    private final int[] free;
    private int freeCount;
    private long sequence;

    /** A table of that many slots. */
    public RequestTable(final int capacity) {
        slots = new Request[capacity];
        free = new int[capacity];
        freeCount = capacity;
        for (int i = 0; i < capacity; i++) {
            slots[i] = new Request(i);
            free[i] = capacity - 1 - i;
        }
    }

    /** A cleared slot with a new generation, or null if none is free. */
    public Request allocate() {
        if (freeCount == 0) {
            return null;
        }
        final Request request = slots[free[--freeCount]];
        request.reset();
        request.generation = request.generation + 1 & Integer.MAX_VALUE;
        request.sequence = sequence++;
        return request;
    }

    /** Takes a slot back. */
    public void free(final Request request) {
        if (request.state == RequestState.FREE) {
            throw new IllegalStateException("request freed twice: index=" + request.index);
        }
        request.state = RequestState.FREE;
        free[freeCount++] = request.index;
    }

    /** The slot at an index of our own. */
    public Request at(final int index) {
        return slots[index];
    }

    /** The request in flight under a wire id, or null; the id may be hostile. */
    public Request byId(final long id) {
        final int index = Ids.index(id);
        if (index < 0 || index >= slots.length) {
            return null;
        }
        final Request request = slots[index];
        return request.state != RequestState.FREE && request.generation == Ids.generation(id) ? request : null;
    }

    /** Slots. */
    public int capacity() {
        return slots.length;
    }

    /** Slots in use. */
    public int used() {
        return slots.length - freeCount;
    }
}
