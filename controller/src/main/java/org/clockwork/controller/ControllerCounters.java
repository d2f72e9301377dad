package org.clockwork.controller;

/** Where the controller leaves its counts; called by the agent's thread only, so it must not allocate. */
public interface ControllerCounters {
    /** Adds to a count. */
    void add(ControllerCounter counter, long delta);

    /** The count so far. */
    long get(ControllerCounter counter);

    /** Adds one to a count. */
    default void increment(final ControllerCounter counter) {
        add(counter, 1);
    }

    /** Counts in plain memory: for tests, simulations and single-threaded programs. Not to be read by another thread. */
    final class InMemory implements ControllerCounters {
        private final long[] values = new long[ControllerCounter.values().length];

        @Override
        public void add(final ControllerCounter counter, final long delta) {
            values[counter.ordinal()] += delta;
        }

        @Override
        public long get(final ControllerCounter counter) {
            return values[counter.ordinal()];
        }
    }
}
