package org.clockwork.loadgen;

/** Arithmetic that the arrival processes share. */
final class Rates {
    static final double NS_PER_S = 1e9;

    private Rates() {
    }

    static double checkRate(final double ratePerS) {
        if (!(ratePerS >= 0.0) || Double.isInfinite(ratePerS)) {
            throw new IllegalArgumentException("a rate is finite and not negative: ratePerS=" + ratePerS);
        }
        return ratePerS;
    }

    static long checkPositive(final String name, final long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " is positive: " + name + '=' + value);
        }
        return value;
    }

    /** Nanoseconds, or {@link Arrivals#NEVER} past the range of a long. */
    static long toNs(final double ns) {
        return ns < 9.0e18 ? (long) ns : Arrivals.NEVER;
    }
}
