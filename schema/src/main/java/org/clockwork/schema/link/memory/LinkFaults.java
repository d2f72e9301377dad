package org.clockwork.schema.link.memory;

import java.util.Objects;

/**
 * Seeded faults of a network, on top of a latency: lost messages, whose repetition delays all behind them; late ones; cut
 * links; refused offers; tails of dead senders that arrive late. Each probability may change while it runs; with all of
 * them zero nothing is drawn. Owned by the network's thread; allocates nothing.
 */
public final class LinkFaults implements LatencyModel, CutModel, RefusalModel, TailModel {
    /** Default of {@link #lossDelayNs(long)}. */
    public static final long DEFAULT_LOSS_DELAY_NS = 1_000_000L;
    private static final double UNIT = 0x1.0p-53;
    private static final long GAMMA = 0x9E37_79B9_7F4A_7C15L;

    private final LatencyModel latency;
    private long state;
    private double loss;
    private long lossDelayNs = DEFAULT_LOSS_DELAY_NS;
    private double lateness;
    private long mostLateNs;
    private double cut;
    private double refusal;
    private double tailSurvival;
    private long mostTailNs;
    private long faults;

    /** No faults yet. */
    public LinkFaults(final long seed, final LatencyModel latency) {
        this.latency = Objects.requireNonNull(latency);
        state = seed;
    }

    /** Probability that a message is lost and has to be repeated. */
    public LinkFaults loss(final double probability) {
        loss = checked(probability);
        return this;
    }

    /** What a repetition takes; a repetition may be lost, too. */
    public LinkFaults lossDelayNs(final long durationNs) {
        lossDelayNs = durationNs;
        return this;
    }

    /** Probability that a message is late, by up to so much. */
    public LinkFaults lateness(final double probability, final long mostNs) {
        lateness = checked(probability);
        mostLateNs = mostNs;
        return this;
    }

    /** Probability that a message kills its link. */
    public LinkFaults cut(final double probability) {
        cut = checked(probability);
        return this;
    }

    /** Probability that an offer is refused without need. */
    public LinkFaults refusal(final double probability) {
        refusal = checked(probability);
        return this;
    }

    /** Probability that what a dying process had sent still arrives, late by up to so much. */
    public LinkFaults tailSurvival(final double probability, final long mostNs) {
        tailSurvival = checked(probability);
        mostTailNs = mostNs;
        return this;
    }

    /** No faults from now on. */
    public void end() {
        loss = 0;
        lateness = 0;
        cut = 0;
        refusal = 0;
        tailSurvival = 0;
    }

    /** Faults so far. */
    public long faults() {
        return faults;
    }

    @Override
    public long delayNs(final int from, final int to, final int lane, final int length, final long nowNs) {
        long delayNs = latency.delayNs(from, to, lane, length, nowNs);
        while (happens(loss)) {
            delayNs += lossDelayNs;
        }
        return happens(lateness) ? delayNs + upTo(mostLateNs) : delayNs;
    }

    @Override
    public boolean cuts(final int from, final int to, final int lane, final int length, final long nowNs) {
        return happens(cut);
    }

    @Override
    public boolean refuses(final int from, final int to, final int lane, final int length, final long nowNs) {
        return happens(refusal);
    }

    @Override
    public long lateNs(final int from, final int to, final long nowNs) {
        return happens(tailSurvival) ? upTo(mostTailNs) : LOST;
    }

    private boolean happens(final double probability) {
        if (probability > 0 && (next() >>> 11) * UNIT < probability) {
            faults++;
            return true;
        }
        return false;
    }

    private long upTo(final long most) {
        return most <= 0 ? 0 : (next() >>> 1) % (most + 1);
    }

    /** SplitMix64 (Steele, Lea and Flood, 2014). */
    private long next() {
        state += GAMMA;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }

    private static double checked(final double probability) {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException("a probability of faults is 0 to below 1: " + probability);
        }
        return probability;
    }
}
