package org.clockwork.loadgen;

/** Many independent users: gaps are exponential. At a low rate this is also the rarely used, cold model. */
public final class PoissonArrivals implements Arrivals {
    private final Xoshiro random;
    private final double ratePerS;
    private double due;

    /** Arrivals of this mean rate; 0 means none ever. */
    public PoissonArrivals(final double ratePerS, final Xoshiro random) {
        this.ratePerS = Rates.checkRate(ratePerS);
        this.random = random;
        advance();
    }

    @Override
    public long dueNs() {
        return Rates.toNs(due);
    }

    @Override
    public void advance() {
        due = 0 == ratePerS ? Double.POSITIVE_INFINITY : due + random.nextExponential(Rates.NS_PER_S / ratePerS);
    }

    @Override
    public double ratePerS() {
        return ratePerS;
    }
}
