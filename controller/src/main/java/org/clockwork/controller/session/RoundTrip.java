package org.clockwork.controller.session;

/** The least round trip among the last so many samples. Owned by the controller agent. */
final class RoundTrip {
    private static final int WINDOW = 32;
    private final long[] samplesNs = new long[WINDOW];
    private int next;
    private int count;

    /** Takes a sample; one that contradicts itself is ignored. */
    void onSample(final long ourSentNs, final long theirReceivedNs, final long theirSentNs, final long nowNs) {
        final long oursNs = nowNs - ourSentNs;
        final long theirsNs = theirSentNs - theirReceivedNs;
        if (oursNs < 0 || theirsNs < 0 || theirsNs > oursNs) {
            return;
        }
        samplesNs[next] = oursNs - theirsNs;
        next = next + 1 == WINDOW ? 0 : next + 1;
        count = Math.min(count + 1, WINDOW);
    }

    /** The least of late; 0 while there is none. */
    long leastNs() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            least = Math.min(least, samplesNs[i]);
        }
        return count == 0 ? 0 : least;
    }
}
