package org.clockwork.cli.run;

import java.util.concurrent.atomic.AtomicLongArray;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;

/** A worker's counts that another thread may read. Written by the worker's agent only; allocates nothing. */
public final class SharedWorkerCounters implements WorkerCounters {
    private final AtomicLongArray values = new AtomicLongArray(WorkerCounter.values().length);

    @Override
    public void add(final WorkerCounter counter, final long delta) {
        final int index = counter.ordinal();
        values.setRelease(index, values.getPlain(index) + delta);
    }

    @Override
    public void engineBusy(final int deviceIndex, final boolean isLoadEngine, final long busyNs) {
        // The controller counts this too, and tells it in its status.
    }

    /** A count; any thread may ask. */
    public long get(final WorkerCounter counter) {
        return values.getAcquire(counter.ordinal());
    }
}
