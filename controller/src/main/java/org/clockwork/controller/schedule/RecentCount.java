package org.clockwork.controller.schedule;

/** A count in which the past counts half after each half-life. Owned by the controller agent. */
final class RecentCount {
    private static final long HALF_LIFE_NS = 1_400_000_000L;
    private static final int FORGOTTEN = 32;

    private double count;
    private long countedNs;

    /** The count as of now. */
    double value(final long nowNs) {
        final long sinceNs = Math.max(0, nowNs - countedNs);
        final long halvings = sinceNs / HALF_LIFE_NS;
        if (halvings >= FORGOTTEN) {
            return 0;
        }
        final double rest = (double) (sinceNs - halvings * HALF_LIFE_NS) / HALF_LIFE_NS;
        return count * (1 - rest / 2) / (1L << halvings);
    }

    /** Counts so many more now. */
    void add(final int more, final long nowNs) {
        count = value(nowNs) + more;
        countedNs = nowNs;
    }
}
