package org.clockwork.loadgen;

/** Which of a stream's models the next request is for. Owned by the thread of its driver; allocates nothing once made. */
@FunctionalInterface
public interface ModelChoice {
    /**
     * Picks.
     *
     * @param dueNs when the request is due, since the start of the load; {@link Arrivals#NEVER} if that is not known yet.
     * @return index of a model in its stream.
     */
    int next(long dueNs);

    /** All alike. */
    static ModelChoice uniform(final int models, final Xoshiro random) {
        return 1 == Rates.checkPositive("models", models) ? dueNs -> 0 : dueNs -> random.nextInt(models);
    }

    /** All alike that are active: one at first, one more each {@code intervalNs}, and {@code most} in the end. */
    static ModelChoice growing(final int most, final long intervalNs, final Xoshiro random) {
        Rates.checkPositive("most", most);
        Rates.checkPositive("intervalNs", intervalNs);
        return dueNs -> random.nextInt((int) Math.min(most, 1 + dueNs / intervalNs));
    }

    /** In proportion to weights, none of which is negative. */
    static ModelChoice weighted(final double[] weights, final Xoshiro random) {
        return new AliasTable(weights, random);
    }
}
