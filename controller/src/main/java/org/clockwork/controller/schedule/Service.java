package org.clockwork.controller.schedule;

/**
 * How a model was served of late: what it asked for, what it got, and whether it is established, that is, was served in
 * full for a while and asks for no more than it then did. An established model keeps its rate when others come. Owned by
 * the controller agent.
 */
final class Service {
    private static final long SHORT_NS = 1_400_000_000L;
    private static final long FAIR_NS = 5_000_000_000L;
    private static final long LONG_NS = 10_000_000_000L;
    /** A model is established after so long at the earliest. */
    private static final long LEAST_AGE_NS = 2_000_000_000L;
    /** And after so many requests: fewer may have been served in full by chance. */
    private static final int LEAST_SERVED = 10;
    /** The time for which a count stands at a steady rate, in half-lives: small steps fade by e in two of them. */
    private static final double WINDOW = 2;
    /** Of the requests served of late that may have been refused. */
    private static final double FULL = 0.02;
    /** What an established model may ask for, as a part of what it got, and deviations of chance beyond. */
    private static final double MORE = 1.25;
    private static final double DEVIATIONS = 3;

    private final RecentCount asked = new RecentCount(SHORT_NS);
    private final RecentCount servedTime = new RecentCount(FAIR_NS);
    private final RecentCount askedOfLate = new RecentCount(FAIR_NS);
    private final RecentCount servedLong = new RecentCount(LONG_NS);
    private final RecentCount refusedLong = new RecentCount(LONG_NS);
    private long firstNs;
    private boolean hasBegun;

    /** A request with a deadline came. */
    void onAsked(final long nowNs) {
        if (!hasBegun) {
            hasBegun = true;
            firstNs = nowNs;
        }
        asked.add(1, nowNs);
        askedOfLate.add(1, nowNs);
    }

    /** So many requests are executed now. */
    void onServed(final int requests, final long executeNs, final long nowNs) {
        servedTime.add(executeNs, nowNs);
        servedLong.add(requests, nowNs);
    }

    /** A request is refused now. */
    void onRefused(final long nowNs) {
        refusedLong.add(1, nowNs);
    }

    /** Requests that came in the last ten seconds or so. */
    double askedOfLate(final long nowNs) {
        return askedOfLate.value(nowNs);
    }

    /** Device time that it got in the last ten seconds or so. */
    double servedNs(final long nowNs) {
        return servedTime.value(nowNs);
    }

    /** Whether it was served in full for a while and asks for no more than it then did. */
    boolean isEstablished(final long nowNs) {
        final long ageNs = nowNs - firstNs;
        final double got = servedLong.value(nowNs);
        if (!hasBegun || ageNs < LEAST_AGE_NS || got < LEAST_SERVED || refusedLong.value(nowNs) > FULL * got) {
            return false;
        }
        final double longNs = WINDOW * LONG_NS;
        final double countedNs = Math.min(longNs, ageNs / (1 + ageNs / (2 * longNs)));
        final double usual = got / countedNs * WINDOW * SHORT_NS;
        return asked.value(nowNs) <= MORE * usual + DEVIATIONS * Math.sqrt(usual) + 1;
    }
}
