package org.clockwork.sim.scenario;

/**
 * What each model of a mix gets of the devices' time if each runs at its best batch without a gap and time is shared
 * max-min fairly: no model gets more than it asks for, and what it leaves goes to the others. Immutable.
 */
final class FairShares {
    private static final double NS_PER_S = 1e9;
    private static final int ROUNDS = 200;

    private final double[] perSecond;
    private final double totalPerSecond;
    private final double proportionalPerSecond;

    /**
     * Shares.
     *
     * @param kinds of the models.
     * @param rates of the models, in requests a second.
     */
    FairShares(final Kind[] kinds, final double[] rates, final int gpus, final long sloNs) {
        final int models = kinds.length;
        final double[] needs = new double[models];
        double need = 0;
        double offered = 0;
        for (int i = 0; i < models; i++) {
            needs[i] = rates[i] * kinds[i].leastNs(sloNs) / NS_PER_S;
            need += needs[i];
            offered += rates[i];
        }
        double low = 0;
        double high = gpus;
        for (int round = 0; round < ROUNDS && need > gpus; round++) {
            final double level = (low + high) / 2;
            double used = 0;
            for (final double one : needs) {
                used += Math.min(one, level);
            }
            if (used < gpus) {
                low = level;
            } else {
                high = level;
            }
        }
        perSecond = new double[models];
        double total = 0;
        for (int i = 0; i < models; i++) {
            perSecond[i] = needs[i] <= high ? rates[i] : rates[i] * high / needs[i];
            total += perSecond[i];
        }
        totalPerSecond = total;
        proportionalPerSecond = need <= gpus ? offered : offered * gpus / need;
    }

    /** Answers a second of a model. */
    double perSecond(final int model) {
        return perSecond[model];
    }

    /** Answers a second of all models. */
    double totalPerSecond() {
        return totalPerSecond;
    }

    /** Answers a second of all models if each got the same share of what it asks for. */
    double proportionalPerSecond() {
        return proportionalPerSecond;
    }
}
