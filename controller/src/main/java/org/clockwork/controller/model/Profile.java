package org.clockwork.controller.model;

import java.util.Arrays;

/**
 * How long an artifact takes to load, and to execute by batch size: the measured durations of a rolling window, and a
 * conservative percentile of them as the expectation (paper, section 5.3). Owned by the controller agent.
 */
public final class Profile {
    /** Batch sizes that are measured and scheduled. */
    private static final int[] BATCH_SIZES = {1, 2, 4, 8, 16, 32, 64};
    private static final int LOAD = BATCH_SIZES.length;

    private final double percentile;
    private final RollingPercentile[] windows = new RollingPercentile[BATCH_SIZES.length + 1];
    private final long[] executeNs = new long[BATCH_SIZES.length];
    /** Requests per nanosecond of full batches. */
    private final double[] rates = new double[BATCH_SIZES.length];
    /** Of the batch sizes up to each, the one with the best rate. */
    private final int[] mostEfficient = new int[BATCH_SIZES.length];
    private int batchSizeCount;

    /**
     * A profile in which nothing is known.
     *
     * @param windowLength measurements that count.
     * @param percentile   of them that is expected, in 0 to 100.
     */
    public Profile(final int windowLength, final double percentile) {
        this.percentile = percentile;
        for (int i = 0; i < windows.length; i++) {
            windows[i] = new RollingPercentile(windowLength, percentile);
        }
    }

    /** Number of batch sizes in use: those measured, from 1 up without a gap. 0: not yet profiled. */
    public int batchSizeCount() {
        return batchSizeCount;
    }

    /** The {@code i}-th batch size: 1, 2, 4, and so on. */
    public static int batchSize(final int i) {
        return BATCH_SIZES[i];
    }

    /** How many batch sizes there can be. */
    public static int batchSizeLimit() {
        return BATCH_SIZES.length;
    }

    /** Index of the smallest batch size that takes {@code requests}; it may lie past {@link #batchSizeCount()}. */
    public static int indexOf(final int requests) {
        return 32 - Integer.numberOfLeadingZeros(requests - 1);
    }

    /** Largest batch size in use. */
    public int maxBatchSize() {
        return batchSizeCount == 0 ? 0 : BATCH_SIZES[batchSizeCount - 1];
    }

    /** Expected duration of executing the {@code i}-th batch size. */
    public long executeNs(final int i) {
        return executeNs[i];
    }

    /** Requests per nanosecond of full batches of the {@code i}-th size. */
    public double rate(final int i) {
        return rates[i];
    }

    /** Index of the batch size with the best rate of those up to the {@code i}-th. */
    public int mostEfficient(final int i) {
        return mostEfficient[i];
    }

    /** Least duration of late of executing the {@code i}-th batch size: what it takes when nothing disturbs it. */
    public long leastExecuteNs(final int i) {
        return windows[i].least();
    }

    /** Least duration of late of a LOAD; 0 while it is unknown. */
    public long leastLoadNs() {
        return windows[LOAD].least();
    }

    /** Expected duration of a LOAD; 0 while it is unknown. */
    public long loadNs() {
        return windows[LOAD].value();
    }

    /** Takes a measured execution of the {@code i}-th batch size; the first of each brings it into use if it is next. */
    public void recordExecute(final int i, final long durationNs) {
        windows[i].record(durationNs);
        while (batchSizeCount < BATCH_SIZES.length && windows[batchSizeCount].count() > 0) {
            batchSizeCount++;
        }
        if (windows[i].value() != executeNs[i]) {
            executeNs[i] = windows[i].value();
            rates[i] = BATCH_SIZES[i] / (double) Math.max(1, executeNs[i]);
            for (int j = 1; j < batchSizeCount; j++) {
                mostEfficient[j] = rates[j] > rates[mostEfficient[j - 1]] ? j : mostEfficient[j - 1];
            }
        }
    }

    /** Takes a measured LOAD. */
    public void recordLoad(final long durationNs) {
        windows[LOAD].record(durationNs);
    }

    @Override
    public String toString() {
        final long[] expected = new long[batchSizeCount];
        Arrays.setAll(expected, this::executeNs);
        return "Profile{p" + percentile + " loadNs=" + loadNs() + " executeNs=" + Arrays.toString(expected) + '}';
    }
}
