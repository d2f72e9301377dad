package org.clockwork.controller.wire;

/** Comparisons of times that may wrap. */
public final class Times {
    /** Grid of housekeeping: what is due is done at most so much later when ticks are crowded. */
    public static final long TICK_NS = 1_000_000L;

    private Times() {
    }

    /** The earlier of two. */
    public static long earlier(final long a, final long b) {
        return a - b < 0 ? a : b;
    }

    /** The later of two. */
    public static long later(final long a, final long b) {
        return a - b < 0 ? b : a;
    }

    /** The earlier of two wake times, of which Long.MAX_VALUE means never. */
    public static long earlierWake(final long a, final long b) {
        if (a == Long.MAX_VALUE || b == Long.MAX_VALUE) {
            return Math.min(a, b);
        }
        return earlier(a, b);
    }
}
