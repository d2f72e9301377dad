package org.clockwork.schema.link;

/**
 * Paces the attempts of one that dials: quick at first, then ever more slowly. Pauses double from a least to a greatest,
 * each shortened by up to a half so that many peers don't come back in step; how long an attempt may go unanswered doubles
 * after each silence, so that a slow network is not given up too early for ever. All of it depends on the seed alone. Owned
 * by the thread that dials.
 */
public final class DialPace {
    /** Attempts may last up to this many times as long as the first. */
    public static final int MAX_PATIENCE = 8;
    private static final int MAX_DOUBLINGS = 30;

    private final long minPauseNs;
    private final long maxPauseNs;
    private final long firstPatienceNs;
    private long random;
    private int failures;
    private int patience = 1;

    /**
     * A pace that begins with its quickest.
     *
     * @param minPauseNs      first pause.
     * @param maxPauseNs      longest pause.
     * @param firstPatienceNs for the answer to the first attempt.
     * @param seed            of the jitter, a different one for each peer.
     */
    public DialPace(final long minPauseNs, final long maxPauseNs, final long firstPatienceNs, final long seed) {
        this.minPauseNs = minPauseNs;
        this.maxPauseNs = maxPauseNs;
        this.firstPatienceNs = firstPatienceNs;
        random = seed;
    }

    /** How long the next attempt may go unanswered, from the dial on. */
    public long patienceNs() {
        return patience * firstPatienceNs;
    }

    /** An attempt was not answered. */
    public void onSilence() {
        patience = Math.min(2 * patience, MAX_PATIENCE);
    }

    /** The pause before the next attempt, or round of attempts. */
    public long nextPauseNs() {
        final int doublings = Math.min(failures++, MAX_DOUBLINGS);
        final long fullNs = minPauseNs > maxPauseNs >> doublings ? maxPauseNs : minPauseNs << doublings;
        // SplitMix64 (Steele, Lea, Flood 2014), so that no two peers share a sequence.
        random += 0x9E3779B97F4A7C15L;
        long mixed = (random ^ random >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        final long half = fullNs / 2;
        return fullNs - (half == 0 ? 0 : Long.remainderUnsigned(mixed ^ mixed >>> 31, half));
    }

    /** It worked: begin again with the quickest. */
    public void reset() {
        failures = 0;
        patience = 1;
    }
}
