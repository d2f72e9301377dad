package org.clockwork.cli.run;

import io.aeron.Aeron;
import java.util.stream.Stream;
import org.clockwork.schema.CounterIds;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;

/** A worker's counts. Written by the worker's agent only, without allocating; any thread may read. */
public final class AeronWorkerCounters implements WorkerCounters {
    private final AeronCounts counts;

    /** Adds the counters; their labels end with the worker's name. */
    public AeronWorkerCounters(final Aeron aeron, final String workerName) {
        counts = new AeronCounts(aeron, CounterIds.WORKER_EVENTS_BASE, Stream.of(WorkerCounter.values())
            .map(counter -> "clockwork worker " + counter.label() + ": " + workerName).toList());
    }

    @Override
    public void add(final WorkerCounter counter, final long delta) {
        counts.add(counter.ordinal(), delta);
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
