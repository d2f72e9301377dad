package org.clockwork.controller.model;

import java.util.Arrays;

/** A percentile of the last so many measurements, kept sorted; recording costs a short array move, reading nothing. */
final class RollingPercentile {
    private final long[] ring;
    private final long[] sorted;
    private final double percentile;
    private int next;
    private int count;
    private long value;

    RollingPercentile(final int windowLength, final double percentile) {
        if (windowLength < 1 || !(percentile > 0 && percentile <= 100)) {
            throw new IllegalArgumentException("windowLength=" + windowLength + " percentile=" + percentile);
        }
        ring = new long[windowLength];
        sorted = new long[windowLength];
        this.percentile = percentile;
    }

    void record(final long measurement) {
        if (count == ring.length) {
            remove(ring[next]);
        }
        ring[next] = measurement;
        next = next + 1 == ring.length ? 0 : next + 1;
        insert(measurement);
        final int rank = (int) Math.ceil(percentile / 100 * count);
        value = sorted[Math.max(rank, 1) - 1];
    }

    long value() {
        return value;
    }

    long least() {
        return count == 0 ? 0 : sorted[0];
    }

    int count() {
        return count;
    }

    private void insert(final long measurement) {
        int at = Arrays.binarySearch(sorted, 0, count, measurement);
        at = at < 0 ? -at - 1 : at;
        System.arraycopy(sorted, at, sorted, at + 1, count - at);
        sorted[at] = measurement;
        count++;
    }

    private void remove(final long measurement) {
        final int at = Arrays.binarySearch(sorted, 0, count, measurement);
        System.arraycopy(sorted, at + 1, sorted, at, count - at - 1);
        count--;
    }
}
