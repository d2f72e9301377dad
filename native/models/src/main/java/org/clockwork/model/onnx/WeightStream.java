package org.clockwork.model.onnx;

/**
 * The generator of weights: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), one stream per tensor. The same on every JVM.
 * Owned by the thread that writes the file.
 */
final class WeightStream {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
    private static final int FLOAT_BITS = 24;

    private long state;

    /** The stream of one tensor of one seed. */
    WeightStream(final long seed, final int tensor) {
        state = mix(mix(seed + GOLDEN_GAMMA) + (tensor + 1) * GOLDEN_GAMMA);
    }

    /** Uniform in [-1, 1), in steps of 2^-23. */
    float nextSigned() {
        return (nextLong() >>> Long.SIZE - FLOAT_BITS) * 0x1.0p-23f - 1.0f;
    }

    long nextLong() {
        state += GOLDEN_GAMMA;
        return mix(state);
    }

    private static long mix(final long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
