package org.clockwork.sim.scenario;

/**
 * Devices that a mix needs if work could be divided at will: each model's batches are as large as its rate fills within
 * what its SLO leaves beside the execution, and nothing is ever idle or loaded.
 */
final class FluidNeed {
    private static final double S = 1e9;

    private FluidNeed() {
    }

    /** Devices for models of these kinds at these rates. */
    static double gpus(final Kind[] kinds, final double[] ratesPerS, final long sloNs) {
        double need = 0;
        for (int i = 0; i < kinds.length; i++) {
            need += ratesPerS[i] * leastNs(kinds[i], ratesPerS[i], sloNs) / S;
        }
        return need;
    }

    /** Device time of one request at the best batch that the rate fills; batches between those of the table count, too. */
    static double leastNs(final Kind kind, final double ratePerS, final long sloNs) {
        double least = kind.executeNs(1);
        for (int size = 1; size < kind.maxBatch(); size *= 2) {
            final int steps = size;
            for (int i = 1; i <= steps; i++) {
                final double executeNs =
                    kind.executeNs(size) + (double) (kind.executeNs(2 * size) - kind.executeNs(size)) * i / steps;
                final double batch = size + i;
                final double gatherNs = sloNs - executeNs - kind.aroundNs(2 * size);
                if (gatherNs > 0 && ratePerS * gatherNs / S >= batch) {
                    least = Math.min(least, executeNs / batch);
                }
            }
        }
        return least;
    }
}
