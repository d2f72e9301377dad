package org.clockwork.device.emulated;

/**
 * The random generator of the emulation: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
 * OOPSLA 2014), with one stream per purpose. The same on every JVM. Owned by one device.
 */
final class SplitMix64 {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
    private static final double TWO_TO_MINUS_53 = 0x1.0p-53;

    private long state;
    private double spareGaussian;
    private boolean hasSpareGaussian;

    /** The stream of a seed. */
    SplitMix64(final long seed) {
        state = seed;
    }

    /** The stream of one purpose of one device: streams of one seed don't overlap in practice. */
    static SplitMix64 stream(final long seed, final long deviceIndex, final long purpose) {
        return new SplitMix64(mix(mix(mix(seed + GOLDEN_GAMMA) + deviceIndex * GOLDEN_GAMMA) + purpose * GOLDEN_GAMMA));
    }

    long nextLong() {
        state += GOLDEN_GAMMA;
        return mix(state);
    }

    /** Uniform in [0, 1). */
    double nextDouble() {
        return (nextLong() >>> 11) * TWO_TO_MINUS_53;
    }

    /** Standard normal, by Marsaglia's polar method. */
    double nextGaussian() {
        if (hasSpareGaussian) {
            hasSpareGaussian = false;
            return spareGaussian;
        }
        while (true) {
            final double x = 2 * nextDouble() - 1;
            final double y = 2 * nextDouble() - 1;
            final double square = x * x + y * y;
            if (square > 0 && square < 1) {
                final double scale = StrictMath.sqrt(-2 * StrictMath.log(square) / square);
                spareGaussian = y * scale;
                hasSpareGaussian = true;
                return x * scale;
            }
        }
    }

    /** The finishing mix of SplitMix64: a bijection whose output bits each depend on all input bits. */
    static long mix(final long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
