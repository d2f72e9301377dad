package org.clockwork.controller.cluster;

import java.util.Arrays;

/**
 * How fast another clock gains on ours: a weighted least-squares line through the best sample of each of the last ten
 * seconds. Owned by the controller agent.
 */
final class DriftEstimate {
    /** No clock is believed to be worse than this. */
    static final double MAX_DRIFT = 2e-3;

    private static final int BUCKETS = 10;
    private static final int LEAST_BUCKETS = 4;
    private static final long BUCKET_NS = 1_000_000_000L;
    private static final double WEIGHT_FLOOR_NS = 1_000;

    private final long[] atNs = new long[BUCKETS];
    private final long[] offsetNs = new long[BUCKETS];
    private final long[] uncertaintyNs = new long[BUCKETS];
    private final double[] weight = new double[BUCKETS];
    private int count;
    private int newest = -1;
    private long newestStartNs;

    void reset() {
        count = 0;
        newest = -1;
    }

    /** Takes a sample; their times never go back. */
    void onSample(final long sampleAtNs, final long sampleOffsetNs, final long sampleUncertaintyNs) {
        if (newest < 0 || sampleAtNs - newestStartNs >= BUCKET_NS) {
            newest = newest + 1 == BUCKETS ? 0 : newest + 1;
            newestStartNs = sampleAtNs;
            count = Math.min(count + 1, BUCKETS);
        } else if (sampleUncertaintyNs > uncertaintyNs[newest]) {
            return;
        }
        atNs[newest] = sampleAtNs;
        offsetNs[newest] = sampleOffsetNs;
        uncertaintyNs[newest] = sampleUncertaintyNs;
    }

    boolean isKnown() {
        return count >= LEAST_BUCKETS;
    }

    /** Nanoseconds that the other clock gains in each of ours; 0 while it is not known. */
    double drift() {
        if (!isKnown()) {
            return 0;
        }
        double weights = 0;
        double meanX = 0;
        double meanY = 0;
        for (int i = 0; i < count; i++) {
            final double spread = uncertaintyNs[i] + WEIGHT_FLOOR_NS;
            weight[i] = 1 / (spread * spread);
            weights += weight[i];
            meanX += weight[i] * (atNs[i] - atNs[newest]);
            meanY += weight[i] * (offsetNs[i] - offsetNs[newest]);
        }
        meanX /= weights;
        meanY /= weights;
        double covariance = 0;
        double variance = 0;
        for (int i = 0; i < count; i++) {
            final double x = atNs[i] - atNs[newest] - meanX;
            covariance += weight[i] * x * (offsetNs[i] - offsetNs[newest] - meanY);
            variance += weight[i] * x * x;
        }
        return variance == 0 ? 0 : Math.max(-MAX_DRIFT, Math.min(MAX_DRIFT, covariance / variance));
    }

    @Override
    public String toString() {
        return "DriftEstimate{drift=" + drift() + " offsetsNs=" + Arrays.toString(Arrays.copyOf(offsetNs, count)) + '}';
    }
}
