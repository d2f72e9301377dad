package org.clockwork.controller.wire;

import java.util.ArrayDeque;
import java.util.function.Predicate;
import org.clockwork.schema.link.Link;

/**
 * Ends links whose peers have not become, or are no longer, members, so that strangers can't use up the links there are.
 * Each link is looked at once in every so long a time. Owned by the controller agent.
 */
public final class IdleLinks {
    private final Predicate<Link> isUsed;
    private final long limitNs;
    private final ArrayDeque<Entry> entries = new ArrayDeque<>();

    /** A link, and when it is looked at next. */
    private static final class Entry {
        private final Link link;
        private long dueNs;

        Entry(final Link link, final long dueNs) {
            this.link = link;
            this.dueNs = dueNs;
        }
    }

    /** Looks at each link every {@code limitNs}, and ends it unless it is used then. */
    public IdleLinks(final Predicate<Link> isUsed, final long limitNs) {
        this.isUsed = isUsed;
        this.limitNs = limitNs;
    }

    /** A link is up. */
    public void onLinkUp(final Link link, final long nowNs) {
        entries.addLast(new Entry(link, nowNs + limitNs));
    }

    /**
     * Looks at the links whose time has come.
     *
     * @return links ended.
     */
    public int poll(final long nowNs) {
        int ended = 0;
        for (Entry entry = entries.peekFirst(); entry != null && entry.dueNs - nowNs <= 0; entry = entries.peekFirst()) {
            entries.removeFirst();
            if (entry.link.isClosed()) {
                continue;
            }
            if (isUsed.test(entry.link)) {
                entry.dueNs = nowNs + limitNs;
                entries.addLast(entry);
            } else {
                entry.link.close();
                ended++;
            }
        }
        return ended;
    }

    /** When {@link #poll} has something to do; Long.MAX_VALUE for never. */
    public long nextWakeNs() {
        return entries.isEmpty() ? Long.MAX_VALUE : entries.peekFirst().dueNs;
    }
}
