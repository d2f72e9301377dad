package org.clockwork.controller.cluster;

/**
 * The difference between a worker's clock and ours, estimated from heartbeats. The sample with the least uncertainty of
 * the last few seconds counts: half its round trip, plus what the clocks may have drifted since. The offset in use moves
 * towards the estimate slowly, so that time translated either way never runs backwards; it jumps only when the worker's
 * clock was seen to step. Owned by the controller agent.
 */
public final class ClockOffset {
    /** What became of a sample. */
    public enum Outcome {
        /** It counts. */
        TAKEN,
        /** It contradicts itself, or all that is known; it does not count. */
        DROPPED,
        /** Enough samples in a row agree that the worker's clock has stepped: the offset has jumped. */
        STEPPED
    }

    private static final int WINDOW = 64;
    /** Drift that may be left when none is estimated yet, and when it is. */
    private static final double UNKNOWN_DRIFT = 500e-6;
    private static final double RESIDUAL_DRIFT = 50e-6;
    /** Part of the time passed by which the offset in use may move towards the estimate. */
    private static final double MAX_SLEW = 0.05;
    private static final long SLEW_NS = 100_000_000L;
    /** How far from the last sample the offset in use follows the drift; beyond it stays. */
    private static final long HORIZON_NS = 10_000_000_000L;
    /** A stamp further away than this is no stamp. */
    private static final long LONGEST_EXCHANGE_NS = 10_000_000_000L;
    /** What a sample may contradict the estimate by without being suspected. */
    private static final long STEP_MARGIN_NS = 100_000L;
    private static final int SAMPLES_FOR_A_STEP = 3;

    private final long[] atNs = new long[WINDOW];
    private final long[] sampleOffsetNs = new long[WINDOW];
    private final long[] uncertaintyNs = new long[WINDOW];
    private int next;
    private int count;

    private final DriftEstimate driftEstimate = new DriftEstimate();
    private long anchorNs;
    private long anchorOffsetNs;
    private double drift;
    private double slew;

    private int suspects;
    private long suspectAtNs;
    private long suspectOffsetNs;
    private long suspectUncertaintyNs;
    /** Asked for with every action, so kept. */
    private long leastRoundTripNs = Long.MAX_VALUE;

    /**
     * Takes a clock sample (NTP's four stamps).
     *
     * @param ourSentNs       when we sent, our clock.
     * @param theirReceivedNs when it arrived there, their clock.
     * @param theirSentNs     when they sent, their clock.
     * @param ourReceivedNs   when that arrived here, our clock; never less than at the last call.
     */
    public Outcome onSample(
        final long ourSentNs, final long theirReceivedNs, final long theirSentNs, final long ourReceivedNs) {
        final long oursNs = ourReceivedNs - ourSentNs;
        final long theirsNs = theirSentNs - theirReceivedNs;
        final long roundTripNs = oursNs - theirsNs;
        if (oursNs < 0 || oursNs > LONGEST_EXCHANGE_NS || theirsNs < 0 || theirsNs > LONGEST_EXCHANGE_NS || roundTripNs < 0) {
            return Outcome.DROPPED;
        }
        final long leastNs = theirSentNs - ourReceivedNs;
        final long uncertainNs = roundTripNs / 2;
        final long sampleAtNs = ourSentNs + oursNs / 2;
        final long offsetNs = leastNs + uncertainNs;
        if (count == 0) {
            jump(sampleAtNs, offsetNs, uncertainNs);
            return Outcome.TAKEN;
        }
        if (contradicts(sampleAtNs, offsetNs, uncertainNs)) {
            return suspect(sampleAtNs, offsetNs, uncertainNs);
        }
        suspects = 0;
        take(sampleAtNs, offsetNs, uncertainNs);
        steer(ourReceivedNs);
        return Outcome.TAKEN;
    }

    /** Whether a sample has come in. */
    public boolean isKnown() {
        return count > 0;
    }

    /** Our time in the worker's clock; of two times the later one's translation is the later one. */
    public long toTheirs(final long ourNs) {
        return ourNs + offsetAt(ourNs);
    }

    /** The worker's time in our clock. */
    public long toOurs(final long theirNs) {
        long ourNs = theirNs - anchorOffsetNs;
        for (int i = 0; i < 8; i++) {
            final long betterNs = theirNs - offsetAt(ourNs);
            if (betterNs == ourNs) {
                break;
            }
            ourNs = betterNs;
        }
        return ourNs;
    }

    /** Worker's clock minus ours, at the last sample. */
    public long offsetNs() {
        return anchorOffsetNs;
    }

    /** Least round trip of late; Long.MAX_VALUE while none is known. */
    public long roundTripNs() {
        return leastRoundTripNs;
    }

    /** Nanoseconds that the worker's clock gains in each of ours. */
    public double drift() {
        return drift;
    }

    private long offsetAt(final long ourNs) {
        final long sinceNs = Math.max(-HORIZON_NS, Math.min(HORIZON_NS, ourNs - anchorNs));
        return anchorOffsetNs + (long) (drift * sinceNs + slew * Math.max(0, Math.min(SLEW_NS, sinceNs)));
    }

    private boolean contradicts(final long sampleAtNs, final long offsetNs, final long uncertainNs) {
        final int best = best(sampleAtNs);
        final long ageNs = sampleAtNs - atNs[best];
        final long predictedNs = sampleOffsetNs[best] + (long) (drift * ageNs);
        final double toleranceNs = uncertainNs + doubtNs(best, sampleAtNs) + STEP_MARGIN_NS;
        return Math.abs((double) (offsetNs - predictedNs)) > toleranceNs;
    }

    private Outcome suspect(final long sampleAtNs, final long offsetNs, final long uncertainNs) {
        final double agreeNs = (double) uncertainNs + suspectUncertaintyNs + STEP_MARGIN_NS
            + DriftEstimate.MAX_DRIFT * Math.abs(sampleAtNs - suspectAtNs);
        if (suspects == 0 || Math.abs((double) (offsetNs - suspectOffsetNs)) > agreeNs) {
            suspects = 1;
        } else {
            suspects++;
            if (uncertainNs > suspectUncertaintyNs && suspects < SAMPLES_FOR_A_STEP) {
                return Outcome.DROPPED;
            }
        }
        suspectAtNs = sampleAtNs;
        suspectOffsetNs = offsetNs;
        suspectUncertaintyNs = uncertainNs;
        if (suspects < SAMPLES_FOR_A_STEP) {
            return Outcome.DROPPED;
        }
        suspects = 0;
        jump(sampleAtNs, offsetNs, uncertainNs);
        return Outcome.STEPPED;
    }

    private void jump(final long sampleAtNs, final long offsetNs, final long uncertainNs) {
        count = 0;
        next = 0;
        driftEstimate.reset();
        take(sampleAtNs, offsetNs, uncertainNs);
        anchorNs = sampleAtNs;
        anchorOffsetNs = offsetNs;
        drift = 0;
        slew = 0;
    }

    private void take(final long sampleAtNs, final long offsetNs, final long uncertainNs) {
        atNs[next] = sampleAtNs;
        sampleOffsetNs[next] = offsetNs;
        uncertaintyNs[next] = uncertainNs;
        next = next + 1 == WINDOW ? 0 : next + 1;
        count = Math.min(count + 1, WINDOW);
        long least = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            least = Math.min(least, uncertaintyNs[i]);
        }
        leastRoundTripNs = 2 * least;
        driftEstimate.onSample(sampleAtNs, offsetNs, uncertainNs);
    }

    /** Aims the offset in use at the estimate, starting from where it is now. */
    private void steer(final long nowNs) {
        final long inUseNs = offsetAt(nowNs);
        drift = driftEstimate.drift();
        final int best = best(nowNs);
        final long aimNs = sampleOffsetNs[best] + (long) (drift * (nowNs - atNs[best]));
        slew = Math.max(-MAX_SLEW, Math.min(MAX_SLEW, (double) (aimNs - inUseNs) / SLEW_NS));
        anchorNs = nowNs;
        anchorOffsetNs = inUseNs;
    }

    /** The sample of least doubt; the later one of equals. */
    private int best(final long nowNs) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            final double difference = doubtNs(i, nowNs) - doubtNs(best, nowNs);
            if (difference < 0 || difference == 0 && atNs[i] - atNs[best] > 0) {
                best = i;
            }
        }
        return best;
    }

    private double doubtNs(final int sample, final long nowNs) {
        return uncertaintyNs[sample] + (driftEstimate.isKnown() ? RESIDUAL_DRIFT : UNKNOWN_DRIFT) * (nowNs - atNs[sample]);
    }
}
