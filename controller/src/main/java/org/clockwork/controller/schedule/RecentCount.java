package org.clockwork.controller.schedule;

/** A count in which the past counts half after each half-life. Owned by the controller agent. */
final class RecentCount {
    private static final int FORGOTTEN = 32;
    /** What comes within that part of a half-life counts as of one time. */
    private static final int FINE_BITS = 9;

    private final long halfLifeNs;
    private double count;
    private long countedNs;

    /** Nothing counted. */
    RecentCount(final long halfLifeNs) {
        this.halfLifeNs = halfLifeNs;
    }

    /** The count as of now. */
    double value(final long nowNs) {
        final long sinceNs = Math.max(0, nowNs - countedNs);
        final long halvings = sinceNs / halfLifeNs;
        if (halvings >= FORGOTTEN) {
            return 0;
        }
        final double rest = (double) (sinceNs - halvings * halfLifeNs) / halfLifeNs;
        return count * (1 - rest / 2) / (1L << halvings);
    }

    /** Counts so many more now. */
    void add(final long more, final long nowNs) {
        if (nowNs - countedNs < halfLifeNs >> FINE_BITS) {
            count += more;
        } else {
            count = value(nowNs) + more;
            countedNs = nowNs;
        }
    }
}
