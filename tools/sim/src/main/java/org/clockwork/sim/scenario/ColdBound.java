package org.clockwork.sim.scenario;

import java.util.Arrays;

/**
 * The most that one device can serve of N equally popular models of one kind beside a model that always gets what it asks
 * for. Three things limit it:
 * <ul>
 * <li>memory: with N models of which R fit, at most R / N of the requests find theirs loaded, whichever are kept, for
 *     popularity is equal and arrivals have no memory;
 * <li>the load engine: one LOAD serves a group, that is a request and those for the same model that come while it can
 *     still wait; the largest groups are loaded first;
 * <li>execution: a group runs as one batch, the most efficient groups first, in the time that the other model leaves when
 *     it runs in the largest batches that its rate allows.
 * </ul>
 * Groups have 1 + Poisson(rate x the time that the batch of that size leaves to wait) requests.
 */
final class ColdBound {
    private static final double NS_PER_S = 1e9;
    private static final long PAGE_BYTES = 16L << 20;

    private final Kind kind;
    private final long memoryBytes;
    private final long sloNs;
    private final double copyNs;

    ColdBound(final Kind kind, final SimOptions system, final long sloNs) {
        this.kind = kind;
        this.sloNs = sloNs;
        memoryBytes = system.memoryBytes;
        copyNs = kind.aroundNs(1) - kind.aroundNs(0);
    }

    /** Models of this kind that fit. */
    int resident() {
        return (int) (memoryBytes / PAGE_BYTES / kind.pages());
    }

    /** Requests a second of a model at this rate in the largest batches that it allows, on a device of its own. */
    double perSecond(final double rate) {
        return NS_PER_S / kind.nsAt(rate, sloNs);
    }

    /**
     * Answers in time a second of the N models together.
     *
     * @param models    N.
     * @param rate      requests a second over all of them.
     * @param otherRate requests a second of the model beside them.
     */
    double perSecond(final int models, final double rate, final double otherRate) {
        final double one = rate / models;
        final double time = 1 - otherRate / perSecond(otherRate);
        final double hits = Math.min(1.0, (resident() - 1.0) / models);
        final double[] warm = groups(one, 0);
        final double[] cold = groups(one, kind.loadNs());
        for (int size = 1; size < warm.length; size++) {
            warm[size] *= models * hits;
            cold[size] *= models * (1 - hits);
        }
        final double pcie = (rate * hits + otherRate) * copyNs / NS_PER_S;
        double loads = Math.max(0, 1 - pcie) * NS_PER_S / kind.loadNs();
        for (int size = cold.length - 1; size > 0; size--) {
            cold[size] = Math.min(cold[size], loads);
            loads -= cold[size];
        }
        return fill(warm, cold, time);
    }

    /** Most efficient groups first, until the time is used up. */
    private double fill(final double[] warm, final double[] cold, final double time) {
        final Integer[] order = new Integer[warm.length - 1];
        Arrays.setAll(order, i -> i + 1);
        Arrays.sort(order, (a, b) -> {
            final int byEfficiency = Double.compare(part(b) / costNs(b), part(a) / costNs(a));
            return byEfficiency != 0 ? byEfficiency : Integer.compare(a, b);
        });
        double leftNs = time * NS_PER_S;
        double served = 0;
        for (final int size : order) {
            final double groups = Math.min(warm[size] + cold[size], leftNs / costNs(size));
            served += groups * part(size);
            leftNs -= groups * costNs(size);
        }
        return served;
    }

    /** Groups a second of one model, by their size. */
    private double[] groups(final double rate, final long loadNs) {
        final int most = kind.maxBatch();
        final double[] atLeast = new double[most + 2];
        double mean = 0;
        for (int size = 1; size <= most; size++) {
            final double waitNs = waitNs(size, loadNs);
            atLeast[size] = waitNs < 0 ? 0 : atLeast(size - 1, rate * waitNs / NS_PER_S);
            mean += atLeast[size];
        }
        final double[] groups = new double[most + 1];
        for (int size = 1; size <= most && mean > 0; size++) {
            groups[size] = rate / mean * Math.max(0, atLeast[size] - atLeast[size + 1]);
        }
        return groups;
    }

    private double waitNs(final int batchSize, final long loadNs) {
        return sloNs - loadNs - kind.executeNs(batchSize) - kind.aroundNs(batchSize);
    }

    /** Requests of a group that are best run together: all, or so many that the batch is full. */
    private int part(final int size) {
        int best = 1;
        for (int part = 1; part <= size; part++) {
            if ((double) part / kind.executeNs(part) >= (double) best / kind.executeNs(best)) {
                best = part;
            }
        }
        return best;
    }

    private double costNs(final int size) {
        return kind.executeNs(part(size));
    }

    /** Probability that a Poisson number of this mean is {@code count} or more. */
    private static double atLeast(final int count, final double mean) {
        double term = StrictMath.exp(-mean);
        double below = 0;
        for (int i = 0; i < count; i++) {
            below += term;
            term *= mean / (i + 1);
        }
        return Math.max(0, 1 - below);
    }
}
