package org.clockwork.sim.time;

import org.agrona.concurrent.NanoClock;

/**
 * The clock of one node: virtual time with an offset, a drift, and now and then a step. It never stands still, so the
 * virtual time at which it will show something can be told. Single-threaded.
 */
public final class NodeClock implements NanoClock {
    /** Largest drift, either way. */
    public static final int MAX_DRIFT_PPB = 200_000;
    private static final long BILLION = 1_000_000_000L;

    private final NanoClock virtualTime;
    private final int driftPpb;
    /** Drift counts from here, so that the product stays small. */
    private final long originNs;
    private long offsetNs;
    /** The virtual time it was asked for last, and what it showed. */
    private long askedNs;
    private long shownNs;

    /**
     * A clock that shows {@code virtual time + offsetNs} now and then drifts.
     *
     * @param driftPpb nanoseconds gained each second, within {@link #MAX_DRIFT_PPB}.
     */
    public NodeClock(final NanoClock virtualTime, final long offsetNs, final int driftPpb) {
        if (Math.abs(driftPpb) > MAX_DRIFT_PPB) {
            throw new IllegalArgumentException("driftPpb=" + driftPpb + " max=" + MAX_DRIFT_PPB);
        }
        this.virtualTime = virtualTime;
        this.driftPpb = driftPpb;
        this.offsetNs = offsetNs;
        originNs = virtualTime.nanoTime();
        askedNs = originNs;
        shownNs = at(originNs);
    }

    @Override
    public long nanoTime() {
        final long virtualNs = virtualTime.nanoTime();
        if (virtualNs != askedNs) {
            askedNs = virtualNs;
            shownNs = at(virtualNs);
        }
        return shownNs;
    }

    /** What it shows at a virtual time. */
    public long at(final long virtualNs) {
        if (driftPpb == 0) {
            return virtualNs + offsetNs;
        }
        final long sinceNs = virtualNs - originNs;
        final long seconds = Math.floorDiv(sinceNs, BILLION);
        final long rest = Math.floorMod(sinceNs, BILLION);
        return virtualNs + offsetNs + seconds * driftPpb + Math.floorDiv(rest * driftPpb, BILLION);
    }

    /** First virtual time at which it shows {@code localNs} or later; {@link Node#NEVER} for {@code Long.MAX_VALUE}. */
    public long virtualOf(final long localNs) {
        if (localNs == Long.MAX_VALUE) {
            return Node.NEVER;
        }
        if (driftPpb == 0) {
            return localNs - offsetNs;
        }
        final long sinceNs = localNs - offsetNs - originNs;
        long guessNs = originNs + (long) (sinceNs / (1.0 + driftPpb / 1e9));
        long shownNs = at(guessNs);
        while (shownNs - localNs >= 0) {
            guessNs -= Math.max(1, shownNs - localNs);
            shownNs = at(guessNs);
        }
        while (shownNs - localNs < 0) {
            guessNs += Math.max(1, (localNs - shownNs) / 2);
            shownNs = at(guessNs);
        }
        return guessNs;
    }

    /** Sets it forward, or back. */
    public void step(final long byNs) {
        offsetNs += byNs;
        shownNs += byNs;
    }
}
