package org.clockwork.device.emulated;

/**
 * Varies durations a little, as a real device does: normally distributed by a fraction of the duration, and now and then an
 * outlier that takes a multiple. Owned by one device.
 */
final class Jitter {
    private final SplitMix64 noise;
    private final SplitMix64 outliers;
    private final double sigma;
    private final double outlierProbability;
    private final double outlierFactor;

    Jitter(final SplitMix64 noise, final SplitMix64 outliers, final double sigma, final double outlierProbability,
        final double outlierFactor) {
        this.noise = noise;
        this.outliers = outliers;
        this.sigma = sigma;
        this.outlierProbability = outlierProbability;
        this.outlierFactor = outlierFactor;
    }

    /** The duration that this run takes instead of {@code medianNs}; never negative. */
    long vary(final long medianNs) {
        double ns = medianNs;
        if (sigma > 0) {
            ns += ns * sigma * noise.nextGaussian();
        }
        if (outlierProbability > 0 && outliers.nextDouble() < outlierProbability) {
            ns *= outlierFactor;
        }
        return Math.max(0, (long) (ns + 0.5));
    }
}
