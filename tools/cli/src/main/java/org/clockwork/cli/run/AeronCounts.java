package org.clockwork.cli.run;

import io.aeron.Aeron;
import io.aeron.Counter;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts in Aeron's counters file, where AeronStat shows them from outside, and on Java's heap: the file is unmapped when the
 * Aeron client ends, as it does when the driver is gone, and whoever read or wrote it then would end the process.
 * Written by one thread only, without allocating; any thread may read.
 */
final class AeronCounts {
    private final Counter[] shown;
    private final AtomicLongArray counts;

    /** Adds a counter for each label; their types are counted from {@code baseTypeId}. */
    AeronCounts(final Aeron aeron, final int baseTypeId, final Collection<String> labels) {
        shown = new Counter[labels.size()];
        counts = new AtomicLongArray(labels.size());
        int i = 0;
        for (final String label : labels) {
            shown[i] = aeron.addCounter(baseTypeId + i, label);
            i++;
        }
    }

    void add(final int i, final long delta) {
        counts.lazySet(i, counts.getPlain(i) + delta);
        if (!shown[i].isClosed()) {
            shown[i].setRelease(counts.getPlain(i));
        }
    }

    long get(final int i) {
        return counts.get(i);
    }
}
