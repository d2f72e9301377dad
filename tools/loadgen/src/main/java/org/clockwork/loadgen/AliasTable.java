package org.clockwork.loadgen;

/**
 * Draws indexes in proportion to weights in constant time (the alias method of Walker, 1977, built as by Vose, 1991).
 * Owned by one thread.
 */
final class AliasTable implements ModelChoice {
    private final double[] keep;
    private final int[] alias;
    private final Xoshiro random;

    AliasTable(final double[] weights, final Xoshiro random) {
        final int count = weights.length;
        double sum = 0;
        for (final double weight : weights) {
            sum += Rates.checkRate(weight);
        }
        if (!(sum > 0) || Double.isInfinite(sum)) {
            throw new IllegalArgumentException("weights have a positive sum: sum=" + sum + " weights=" + count);
        }
        this.random = random;
        keep = new double[count];
        alias = new int[count];
        final int[] work = new int[count];
        int small = 0;
        int large = count;
        for (int i = 0; i < count; i++) {
            keep[i] = weights[i] * count / sum;
            alias[i] = i;
            if (keep[i] < 1.0) {
                work[small++] = i;
            } else {
                work[--large] = i;
            }
        }
        while (small > 0 && large < count) {
            final int less = work[--small];
            final int more = work[large];
            alias[less] = more;
            keep[more] -= 1.0 - keep[less];
            if (keep[more] < 1.0) {
                large++;
                work[small++] = more;
            }
        }
        // What rounding has left over counts as full.
        while (small > 0) {
            keep[work[--small]] = 1.0;
        }
    }

    @Override
    public int next(final long dueNs) {
        final int index = random.nextInt(keep.length);
        return random.nextDouble() < keep[index] ? index : alias[index];
    }
}
