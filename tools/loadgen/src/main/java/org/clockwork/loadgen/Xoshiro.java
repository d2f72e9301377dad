package org.clockwork.loadgen;

/**
 * The one random generator of all load: xoshiro256++ 1.0 (Blackman and Vigna, 2019), seeded by SplitMix64, with samplers
 * on StrictMath so that a seed gives the same load on every JVM. Each purpose draws from a stream of its own. Owned by
 * one thread; allocates nothing once made.
 */
public final class Xoshiro {
    private static final double UNIT = 0x1.0p-53;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long s0;
    private long s1;
    private long s2;
    private long s3;

    /**
     * A stream of random numbers.
     *
     * @param seed    of the run.
     * @param purpose names the stream: streams of one seed and different purposes are independent.
     */
    public Xoshiro(final long seed, final String purpose) {
        long state = seed ^ fnv1a(purpose);
        state += GOLDEN;
        s0 = mix(state);
        state += GOLDEN;
        s1 = mix(state);
        state += GOLDEN;
        s2 = mix(state);
        state += GOLDEN;
        s3 = mix(state);
    }

    /** 64 random bits. */
    public long nextLong() {
        final long result = Long.rotateLeft(s0 + s3, 23) + s0;
        final long t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = Long.rotateLeft(s3, 45);
        return result;
    }

    /** Uniform in [0, 1). */
    public double nextDouble() {
        return (nextLong() >>> 11) * UNIT;
    }

    /** Uniform in [0, bound); {@code bound} is positive. The bias is below bound / 2^63. */
    public int nextInt(final int bound) {
        return (int) Long.remainderUnsigned(nextLong() >>> 1, bound);
    }

    /** Exponential of this mean. */
    public double nextExponential(final double mean) {
        return -mean * StrictMath.log(1.0 - nextDouble());
    }

    /** Standard normal, by Marsaglia's polar method. */
    public double nextNormal() {
        while (true) {
            final double u = 2.0 * nextDouble() - 1.0;
            final double v = 2.0 * nextDouble() - 1.0;
            final double s = u * u + v * v;
            if (s > 0.0 && s < 1.0) {
                return u * StrictMath.sqrt(-2.0 * StrictMath.log(s) / s);
            }
        }
    }

    /** Gamma of this shape and mean, by Marsaglia and Tsang (2000); both are positive. */
    public double nextGamma(final double shape, final double mean) {
        final double scale = mean / shape;
        if (shape < 1.0) {
            final double boost = StrictMath.exp(StrictMath.log(1.0 - nextDouble()) / shape);
            return scale * standardGamma(shape + 1.0) * boost;
        }
        return scale * standardGamma(shape);
    }

    private double standardGamma(final double shape) {
        final double d = shape - 1.0 / 3.0;
        final double c = 1.0 / StrictMath.sqrt(9.0 * d);
        while (true) {
            final double x = nextNormal();
            final double root = 1.0 + c * x;
            if (root > 0.0) {
                final double v = root * root * root;
                final double u = 1.0 - nextDouble();
                if (StrictMath.log(u) < 0.5 * x * x + d - d * v + d * StrictMath.log(v)) {
                    return d * v;
                }
            }
        }
    }

    private static long mix(final long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private static long fnv1a(final String text) {
        long hash = 0xCBF29CE484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001B3L;
        }
        return mix(hash);
    }
}
