package org.clockwork.loadgen;

/** Bursts: Poisson arrivals while on, none while off; the lengths of both are exponential. */
public final class OnOffArrivals implements Arrivals {
    private final Xoshiro random;
    private final double ratePerS;
    private final double gapOnNs;
    private final double meanOnNs;
    private final double meanOffNs;
    private double due;
    private double onEnds;

    /**
     * Bursts of this shape.
     *
     * @param ratePerS  mean rate over on and off.
     * @param meanOnNs  mean length of a burst.
     * @param meanOffNs mean length of the silence after it.
     * @param random    stream to draw from.
     */
    public OnOffArrivals(final double ratePerS, final long meanOnNs, final long meanOffNs, final Xoshiro random) {
        this.ratePerS = Rates.checkRate(ratePerS);
        this.meanOnNs = Rates.checkPositive("meanOnNs", meanOnNs);
        this.meanOffNs = Rates.checkPositive("meanOffNs", meanOffNs);
        this.random = random;
        final double rateOn = ratePerS * ((double) meanOnNs + meanOffNs) / meanOnNs;
        gapOnNs = Rates.NS_PER_S / rateOn;
        if (0 == ratePerS) {
            due = Double.POSITIVE_INFINITY;
        } else {
            final boolean startsOn = random.nextDouble() * ((double) meanOnNs + meanOffNs) < meanOnNs;
            due = startsOn ? 0.0 : random.nextExponential(meanOffNs);
            onEnds = due + random.nextExponential(meanOnNs);
            advance();
        }
    }

    @Override
    public long dueNs() {
        return Rates.toNs(due);
    }

    @Override
    public void advance() {
        if (0 == ratePerS) {
            return;
        }
        double next = due + random.nextExponential(gapOnNs);
        while (next >= onEnds) {
            final double rest = next - onEnds;
            final double onStarts = onEnds + random.nextExponential(meanOffNs);
            onEnds = onStarts + random.nextExponential(meanOnNs);
            next = onStarts + rest;
        }
        due = next;
    }

    @Override
    public double ratePerS() {
        return ratePerS;
    }
}
