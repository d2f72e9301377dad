package org.clockwork.loadgen;

/** Periodic spikes, as timers make them: silence, then once a period a short stretch of Poisson arrivals. */
public final class SpikeArrivals implements Arrivals {
    private final PoissonArrivals inSpike;
    private final long periodNs;
    private final long spikeNs;
    private final long phaseNs;

    /**
     * Spikes of this shape.
     *
     * @param ratePerS mean rate over whole periods.
     * @param periodNs from the start of a spike to the start of the next.
     * @param spikeNs  length of a spike, at most the period; all requests fall into it.
     * @param phaseNs  start of the first spike.
     * @param random   stream to draw from.
     */
    public SpikeArrivals(
        final double ratePerS, final long periodNs, final long spikeNs, final long phaseNs, final Xoshiro random) {
        this.periodNs = Rates.checkPositive("periodNs", periodNs);
        this.spikeNs = Rates.checkPositive("spikeNs", spikeNs);
        if (spikeNs > periodNs) {
            throw new IllegalArgumentException(
                "a spike is no longer than its period: spikeNs=" + spikeNs + " periodNs=" + periodNs);
        }
        this.phaseNs = phaseNs;
        this.inSpike = new PoissonArrivals(ratePerS * periodNs / spikeNs, random);
    }

    @Override
    public long dueNs() {
        final long activeNs = inSpike.dueNs();
        return NEVER == activeNs ? NEVER : phaseNs + activeNs / spikeNs * periodNs + activeNs % spikeNs;
    }

    @Override
    public void advance() {
        inSpike.advance();
    }

    @Override
    public double ratePerS() {
        return inSpike.ratePerS() * spikeNs / periodNs;
    }
}
