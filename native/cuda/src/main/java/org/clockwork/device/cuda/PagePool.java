package org.clockwork.device.cuda;

/** Which pages are free: a stack of their indexes. Owned by the agent. */
final class PagePool {
    private final int[] free;
    private int count;

    PagePool(final int pages) {
        free = new int[pages];
        for (int i = 0; i < pages; i++) {
            free[i] = pages - 1 - i;
        }
        count = pages;
    }

    int total() {
        return free.length;
    }

    int freeCount() {
        return count;
    }

    /** Takes pages, which need not lie together; the caller has looked at {@link #freeCount()}. */
    void take(final int[] into, final int pages) {
        if (pages > count) {
            throw new IllegalStateException("pages=" + pages + " free=" + count);
        }
        for (int i = 0; i < pages; i++) {
            into[i] = free[--count];
        }
    }

    /** Gives pages back. */
    void give(final int[] from, final int pages) {
        if (count + pages > free.length) {
            throw new IllegalStateException("more pages given back than taken: pages=" + pages + " free=" + count);
        }
        for (int i = 0; i < pages; i++) {
            free[count++] = from[i];
        }
    }
}
