package org.clockwork.loadgen;

/** Gaps of a gamma distribution: a coefficient of variation above 1 makes it burstier than Poisson, below 1 smoother. */
public final class GammaArrivals implements Arrivals {
    private final Xoshiro random;
    private final double ratePerS;
    private final double shape;
    private double due;

    /**
     * Arrivals of this rate and burstiness.
     *
     * @param ratePerS  mean rate; 0 means none ever.
     * @param variation coefficient of variation of the gaps, positive; 1 is Poisson.
     * @param random    stream to draw from.
     */
    public GammaArrivals(final double ratePerS, final double variation, final Xoshiro random) {
        this.ratePerS = Rates.checkRate(ratePerS);
        if (!(variation > 0.0)) {
            throw new IllegalArgumentException("a coefficient of variation is positive: variation=" + variation);
        }
        this.shape = 1.0 / (variation * variation);
        this.random = random;
        advance();
    }

    @Override
    public long dueNs() {
        return Rates.toNs(due);
    }

    @Override
    public void advance() {
        due = 0 == ratePerS ? Double.POSITIVE_INFINITY : due + random.nextGamma(shape, Rates.NS_PER_S / ratePerS);
    }

    @Override
    public double ratePerS() {
        return ratePerS;
    }
}
