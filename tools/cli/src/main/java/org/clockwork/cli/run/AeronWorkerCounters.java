package org.clockwork.cli.run;

import io.aeron.Aeron;
import io.aeron.Counter;
import java.util.concurrent.atomic.AtomicLongArray;
import org.clockwork.schema.CounterIds;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;

/**
 * A worker's counts in Aeron's counters file, where AeronStat shows them from outside. Written by the worker's agent only,
 * without allocating; any thread may read.
 */
public final class AeronWorkerCounters implements WorkerCounters {
    private final Counter[] counters = new Counter[WorkerCounter.values().length];
    /** The same on Java's heap: Aeron's file is unmapped when its client ends, as it does when the driver is gone. */
    private final AtomicLongArray counts = new AtomicLongArray(counters.length);

    /** Adds the counters; their labels end with the worker's name. */
    public AeronWorkerCounters(final Aeron aeron, final String workerName) {
        for (final WorkerCounter counter : WorkerCounter.values()) {
            counters[counter.ordinal()] = aeron.addCounter(
                CounterIds.WORKER_EVENTS_BASE + counter.ordinal(), "clockwork worker " + counter.label() + ": " + workerName);
        }
    }

    @Override
    public void add(final WorkerCounter counter, final long delta) {
        counters[counter.ordinal()].getAndAddRelease(delta);
        counts.lazySet(counter.ordinal(), counts.get(counter.ordinal()) + delta);
    }

    @Override
    public void engineBusy(final int deviceIndex, final boolean isLoadEngine, final long busyNs) {
        // The controller counts this too, and tells it in its status.
    }

    /** A count; any thread may ask at any time. */
    public long get(final WorkerCounter counter) {
        return counts.get(counter.ordinal());
    }
}
