package org.clockwork.sim.scenario;

import java.util.Arrays;
import java.util.Comparator;

/**
 * What devices can serve of a mix that asks for more than they have, and each model's max-min fair part of it: no model
 * gets more device time than it asks for, and what it leaves goes to the others. A model asks for the time of its requests
 * in the batches that its rate allows. Immutable.
 */
final class FairShares {
    private static final double NS_PER_S = 1e9;
    private static final int ROUNDS = 200;

    private final double[] perSecond;
    private final double totalPerSecond;
    private final double proportionalPerSecond;
    private final double mostPerSecond;

    /**
     * Shares.
     *
     * @param kinds of the models.
     * @param rates of the models, in requests a second.
     */
    FairShares(final Kind[] kinds, final double[] rates, final int gpus, final long sloNs) {
        final int models = kinds.length;
        final double[] each = new double[models];
        final double[] needs = new double[models];
        double offered = 0;
        double leastNeed = 0;
        for (int i = 0; i < models; i++) {
            each[i] = kinds[i].nsAt(rates[i], sloNs) / NS_PER_S;
            needs[i] = rates[i] * each[i];
            offered += rates[i];
            leastNeed += rates[i] * kinds[i].leastNs(sloNs) / NS_PER_S;
        }
        final double level = level(needs, gpus);
        perSecond = new double[models];
        for (int i = 0; i < models; i++) {
            perSecond[i] = needs[i] <= level ? rates[i] : level / each[i];
        }
        totalPerSecond = Arrays.stream(perSecond).sum();
        proportionalPerSecond = leastNeed <= gpus ? offered : offered * gpus / leastNeed;
        mostPerSecond = cheapestFirst(each, rates, gpus);
    }

    /** Answers a second of a model. */
    double perSecond(final int model) {
        return perSecond[model];
    }

    /** Answers a second of all models if time is shared fairly. */
    double totalPerSecond() {
        return totalPerSecond;
    }

    /** Answers a second of all models in the proportions of the demand, each in its best batches, whatever its rate. */
    double proportionalPerSecond() {
        return proportionalPerSecond;
    }

    /** Answers a second if the models whose requests take least time are served first, and the others not at all. */
    double mostPerSecond() {
        return mostPerSecond;
    }

    /** Most time that a model gets. */
    private static double level(final double[] needs, final int gpus) {
        double low = 0;
        double high = gpus;
        if (Arrays.stream(needs).sum() <= gpus) {
            return high;
        }
        for (int round = 0; round < ROUNDS; round++) {
            final double level = (low + high) / 2;
            if (Arrays.stream(needs).map(need -> Math.min(need, level)).sum() < gpus) {
                low = level;
            } else {
                high = level;
            }
        }
        return high;
    }

    private static double cheapestFirst(final double[] each, final double[] rates, final int gpus) {
        final Integer[] order = new Integer[each.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingDouble(i -> each[i]));
        double left = gpus;
        double served = 0;
        for (final int model : order) {
            final double perSecond = Math.min(rates[model], left / each[model]);
            served += perSecond;
            left -= perSecond * each[model];
        }
        return served;
    }
}
