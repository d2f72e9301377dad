package org.clockwork.client;

/**
 * Pauses between attempts that double from a least to a greatest, each shortened by up to a half so that many clients
 * don't come back in step. The shortening depends on the seed alone.
 */
final class BackOff {
    private static final int MAX_DOUBLINGS = 30;

    private final long minNs;
    private final long maxNs;
    private long random;
    private int failures;

    BackOff(final long minNs, final long maxNs, final long seed) {
        this.minNs = minNs;
        this.maxNs = maxNs;
        random = seed;
    }

    /** The next pause. */
    long nextNs() {
        final int doublings = Math.min(failures++, MAX_DOUBLINGS);
        final long fullNs = minNs > maxNs >> doublings ? maxNs : minNs << doublings;
        // SplitMix64 (Steele, Lea, Flood 2014), so that no two clients share a sequence.
        random += 0x9E3779B97F4A7C15L;
        long mixed = (random ^ random >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        final long half = fullNs / 2;
        return fullNs - (half == 0 ? 0 : Long.remainderUnsigned(mixed ^ mixed >>> 31, half));
    }

    /** It worked: begin again with the least. */
    void reset() {
        failures = 0;
    }
}
