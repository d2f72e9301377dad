package org.clockwork.loadgen;

/** A clocked source such as a camera: the n-th request is due at (n + phase) / rate, with no drift. */
public final class FixedRateArrivals implements Arrivals {
    private final double ratePerS;
    private final double phase;
    private long index;

    /**
     * Arrivals at this rate; 0 means none ever.
     *
     * @param ratePerS requests per second.
     * @param phase    of the first, in gaps from the start, 0 to 1: streams of one rate are set apart by it.
     */
    public FixedRateArrivals(final double ratePerS, final double phase) {
        this.ratePerS = Rates.checkRate(ratePerS);
        this.phase = phase;
    }

    @Override
    public long dueNs() {
        return 0 == ratePerS ? NEVER : Rates.toNs((index + phase) * Rates.NS_PER_S / ratePerS);
    }

    @Override
    public void advance() {
        index++;
    }

    @Override
    public double ratePerS() {
        return ratePerS;
    }
}
