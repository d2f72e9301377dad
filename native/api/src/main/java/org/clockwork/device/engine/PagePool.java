package org.clockwork.device.engine;

/** Which pages are free: a stack of their indexes. Owned by the agent. */
public final class PagePool {
    private final int[] free;
    private final boolean[] isFree;
    private int count;

    /** All pages are free. */
    public PagePool(final int pages) {
        free = new int[pages];
        isFree = new boolean[pages];
        for (int i = 0; i < pages; i++) {
            free[i] = pages - 1 - i;
            isFree[i] = true;
        }
        count = pages;
    }

    /** Pages there are. */
    public int total() {
        return free.length;
    }

    /** Pages that are free. */
    public int freeCount() {
        return count;
    }

    /** Takes pages, which need not lie together; the caller has looked at {@link #freeCount()}. */
    public void take(final int[] into, final int pages) {
        if (pages > count) {
            throw new IllegalStateException("pages=" + pages + " free=" + count);
        }
        for (int i = 0; i < pages; i++) {
            final int page = free[--count];
            isFree[page] = false;
            into[i] = page;
        }
    }

    /** Gives pages back. */
    public void give(final int[] from, final int pages) {
        for (int i = 0; i < pages; i++) {
            final int page = from[i];
            if (isFree[page]) {
                throw new IllegalStateException("page given back twice: page=" + page);
            }
            isFree[page] = true;
            free[count++] = page;
        }
    }
}
