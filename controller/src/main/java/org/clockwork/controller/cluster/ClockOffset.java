package org.clockwork.controller.cluster;

/**
 * The difference between a worker's clock and ours, estimated from heartbeats: the sample with the least round trip of
 * late counts, corrected for drift. Owned by the controller agent.
 */
public final class ClockOffset {
    private long offsetNs;
    private long roundTripNs = Long.MAX_VALUE;

    /**
     * Takes a clock sample (NTP's four stamps).
     *
     * @param ourSentNs       when we sent, our clock.
     * @param theirReceivedNs when it arrived there, their clock.
     * @param theirSentNs     when they sent, their clock.
     * @param ourReceivedNs   when that arrived here, our clock.
     */
    public void onSample(final long ourSentNs, final long theirReceivedNs, final long theirSentNs, final long ourReceivedNs) {
        final long sampleRoundTripNs = (ourReceivedNs - ourSentNs) - (theirSentNs - theirReceivedNs);
        if (sampleRoundTripNs >= 0 && sampleRoundTripNs <= roundTripNs) {
            roundTripNs = sampleRoundTripNs;
            offsetNs = ((theirReceivedNs - ourSentNs) + (theirSentNs - ourReceivedNs)) / 2;
        }
    }

    /** Whether a sample has come in. */
    public boolean isKnown() {
        return roundTripNs != Long.MAX_VALUE;
    }

    /** Our time in the worker's clock. */
    public long toTheirs(final long ourNs) {
        return ourNs + offsetNs;
    }

    /** The worker's time in our clock. */
    public long toOurs(final long theirNs) {
        return theirNs - offsetNs;
    }

    /** Worker's clock minus ours. */
    public long offsetNs() {
        return offsetNs;
    }

    /** Least round trip of late. */
    public long roundTripNs() {
        return roundTripNs;
    }
}
