package org.clockwork.sim.scenario;

import org.clockwork.loadgen.Arrivals;

/** Arrivals that begin later than the load. Owned by the thread of the driver. */
final class DelayedArrivals implements Arrivals {
    private final Arrivals arrivals;
    private final long delayNs;

    DelayedArrivals(final Arrivals arrivals, final long delayNs) {
        this.arrivals = arrivals;
        this.delayNs = delayNs;
    }

    @Override
    public long dueNs() {
        final long dueNs = arrivals.dueNs();
        return NEVER == dueNs ? NEVER : dueNs + delayNs;
    }

    @Override
    public void advance() {
        arrivals.advance();
    }

    @Override
    public void onEnded(final long nowNs, final long spentNs) {
        arrivals.onEnded(nowNs - delayNs, spentNs - delayNs);
    }

    @Override
    public double ratePerS() {
        return arrivals.ratePerS();
    }
}
