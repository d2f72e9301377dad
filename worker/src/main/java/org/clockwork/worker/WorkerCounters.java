package org.clockwork.worker;

import java.util.Arrays;

/** Where a worker leaves its counts; called by the agent's thread only and on its hot path, so it must not allocate. */
public interface WorkerCounters {
    /** Adds to a count. */
    void add(WorkerCounter counter, long delta);

    /**
     * Adds to the time an engine of a device has worked.
     *
     * @param deviceIndex  whose engine.
     * @param isLoadEngine the load engine; else the execution engine.
     * @param busyNs       duration of one operation on it.
     */
    void engineBusy(int deviceIndex, boolean isLoadEngine, long busyNs);

    /** Adds one to a count. */
    default void increment(final WorkerCounter counter) {
        add(counter, 1);
    }

    /** Counts in plain memory: for tests, simulations and single-threaded programs. Not to be read by another thread. */
    final class InMemory implements WorkerCounters {
        private static final int ENGINES = 2;
        private final long[] values = new long[WorkerCounter.values().length];
        private long[] busyNs = new long[ENGINES];

        @Override
        public void add(final WorkerCounter counter, final long delta) {
            values[counter.ordinal()] += delta;
        }

        @Override
        public void engineBusy(final int deviceIndex, final boolean isLoadEngine, final long durationNs) {
            final int index = deviceIndex * ENGINES + (isLoadEngine ? 0 : 1);
            if (index >= busyNs.length) {
                busyNs = Arrays.copyOf(busyNs, (deviceIndex + 1) * ENGINES);
            }
            busyNs[index] += durationNs;
        }

        /** A count. */
        public long get(final WorkerCounter counter) {
            return values[counter.ordinal()];
        }

        /** Time that an engine has worked. */
        public long busyNs(final int deviceIndex, final boolean isLoadEngine) {
            final int index = deviceIndex * ENGINES + (isLoadEngine ? 0 : 1);
            return index < busyNs.length ? busyNs[index] : 0;
        }
    }
}
