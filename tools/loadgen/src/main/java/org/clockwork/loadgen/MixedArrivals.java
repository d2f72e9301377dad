package org.clockwork.loadgen;

/**
 * The arrivals of a mix of many models as one stream: a Poisson part whose rate and popularities may differ each minute,
 * and for some models renewals of their own, such as timers. It picks the models, too. Cost a request: a logarithm of the
 * number of renewals. Owned by one thread.
 */
public final class MixedArrivals implements Arrivals, ModelChoice {
    /** What a minute is, for rates that change. */
    public static final long MINUTE_NS = 60_000_000_000L;

    private final Plan plan;
    private final Xoshiro random;
    private long minute;
    private ModelChoice popularity;
    private double poissonDue;
    private int poissonModel;

    /** Shape of the renewals' gamma distribution; 0 for fixed periods. */
    private final double shape;
    private final double[] meanNs;
    /** Heap of models by the time of their next renewal. */
    private final double[] renewalDue;
    private final int[] renewalModel;
    private int renewals;

    /** The Poisson part. */
    public interface Plan {
        /** Requests per second in a minute since the start. */
        double ratePerS(long minute);

        /** Popularities in that minute. */
        ModelChoice popularity(long minute);
    }

    /**
     * A mix.
     *
     * @param plan        the Poisson part.
     * @param renewalPerS rates of the models' own renewals; 0 for models that have none.
     * @param variation   coefficient of variation of the times between renewals: 0 for timers with random phases.
     * @param random      stream to draw from.
     */
    public MixedArrivals(final Plan plan, final double[] renewalPerS, final double variation, final Xoshiro random) {
        if (!(variation >= 0.0) || Double.isInfinite(variation)) {
            throw new IllegalArgumentException("a variation is finite and not negative: variation=" + variation);
        }
        this.plan = plan;
        this.random = random;
        shape = variation == 0.0 ? 0.0 : 1.0 / (variation * variation);
        meanNs = new double[renewalPerS.length];
        renewalDue = new double[renewalPerS.length];
        renewalModel = new int[renewalPerS.length];
        for (int i = 0; i < renewalPerS.length; i++) {
            if (Rates.checkRate(renewalPerS[i]) > 0.0) {
                meanNs[i] = Rates.NS_PER_S / renewalPerS[i];
                renewalDue[renewals] = random.nextDouble() * betweenNs(i);
                renewalModel[renewals] = i;
                siftUp(renewals++);
            }
        }
        popularity = plan.popularity(0);
        advancePoisson();
    }

    @Override
    public long dueNs() {
        return Rates.toNs(isRenewal() ? renewalDue[0] : poissonDue);
    }

    @Override
    public void advance() {
        if (isRenewal()) {
            renewalDue[0] += betweenNs(renewalModel[0]);
            siftDown();
        } else {
            advancePoisson();
        }
    }

    @Override
    public double ratePerS() {
        double sum = plan.ratePerS(0);
        for (final double mean : meanNs) {
            sum += mean > 0.0 ? Rates.NS_PER_S / mean : 0.0;
        }
        return sum;
    }

    /** The model of the request that is due. */
    @Override
    public int next(final long dueNs) {
        return isRenewal() ? renewalModel[0] : poissonModel;
    }

    private boolean isRenewal() {
        return renewals > 0 && renewalDue[0] <= poissonDue;
    }

    /** A Poisson process has no memory: at the end of a minute it begins anew with the rate of the next. */
    private void advancePoisson() {
        while (true) {
            final double rate = Rates.checkRate(plan.ratePerS(minute));
            final double endNs = (minute + 1.0) * MINUTE_NS;
            if (rate > 0.0) {
                poissonDue += random.nextExponential(Rates.NS_PER_S / rate);
            }
            if (rate > 0.0 && poissonDue < endNs) {
                poissonModel = popularity.next((long) poissonDue);
                return;
            }
            if (minute == Long.MAX_VALUE / MINUTE_NS) {
                poissonDue = Double.POSITIVE_INFINITY;
                return;
            }
            poissonDue = endNs;
            minute++;
            popularity = plan.popularity(minute);
        }
    }

    private double betweenNs(final int model) {
        return shape == 0.0 ? meanNs[model] : random.nextGamma(shape, meanNs[model]);
    }

    private void siftUp(final int start) {
        int at = start;
        while (at > 0 && isBefore(at, (at - 1) >>> 1)) {
            swap(at, (at - 1) >>> 1);
            at = (at - 1) >>> 1;
        }
    }

    private void siftDown() {
        int at = 0;
        for (int child = 1; child < renewals; child = 2 * at + 1) {
            if (child + 1 < renewals && isBefore(child + 1, child)) {
                child++;
            }
            if (!isBefore(child, at)) {
                return;
            }
            swap(at, child);
            at = child;
        }
    }

    private boolean isBefore(final int a, final int b) {
        return renewalDue[a] < renewalDue[b] || renewalDue[a] == renewalDue[b] && renewalModel[a] < renewalModel[b];
    }

    private void swap(final int a, final int b) {
        final double due = renewalDue[a];
        renewalDue[a] = renewalDue[b];
        renewalDue[b] = due;
        final int model = renewalModel[a];
        renewalModel[a] = renewalModel[b];
        renewalModel[b] = model;
    }
}
