package org.clockwork.cli.run;

import io.aeron.Aeron;
import io.aeron.Counter;
import org.clockwork.schema.CounterIds;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;

/**
 * A worker's counts in Aeron's counters file, where AeronStat shows them from outside. Written by the worker's agent only,
 * without allocating; any thread may read.
 */
public final class AeronWorkerCounters implements WorkerCounters {
    private final Counter[] counters = new Counter[WorkerCounter.values().length];

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
    }

    @Override
    public void engineBusy(final int deviceIndex, final boolean isLoadEngine, final long busyNs) {
        // The controller counts this too, and tells it in its status.
    }

    /** A count; any thread may ask while the Aeron client is open. */
    public long get(final WorkerCounter counter) {
        return counters[counter.ordinal()].getAcquire();
    }
}
