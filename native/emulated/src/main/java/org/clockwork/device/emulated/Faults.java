package org.clockwork.device.emulated;

import org.clockwork.device.Operation;

/**
 * Where faults come from: one-method generators that an {@link EmulatedContext} plugs in, each asked once for every operation
 * that a device takes. A generator with state belongs to one backend, and is seeded.
 */
public final class Faults {
    private Faults() {
    }

    /** Says when a device is lost for good. */
    @FunctionalInterface
    public interface Loss {
        /** Never. */
        Loss NONE = (deviceIndex, operation, nowNs) -> false;

        /** Whether the device is lost as it takes this operation. */
        boolean isLost(int deviceIndex, Operation operation, long nowNs);

        /** A loss with probability {@code probability} at each operation. */
        static Loss random(final long seed, final double probability) {
            final SplitMix64 random = new SplitMix64(seed);
            return (deviceIndex, operation, nowNs) -> random.nextDouble() < probability;
        }
    }

    /** Says which operations fail; the device goes on. */
    @FunctionalInterface
    public interface Failure {
        /** None. */
        Failure NONE = (deviceIndex, operation, nowNs) -> null;

        /** The sentence with which the operation fails, after the time that it takes; or null. */
        String failureOf(int deviceIndex, Operation operation, long nowNs);

        /** A failure with probability {@code probability} at each operation. */
        static Failure random(final long seed, final double probability) {
            final SplitMix64 random = new SplitMix64(seed);
            return (deviceIndex, operation, nowNs) -> random.nextDouble() < probability ? "Injected failure." : null;
        }
    }

    /** Says which operations are slow. */
    @FunctionalInterface
    public interface Slowness {
        /** None. */
        Slowness NONE = (deviceIndex, operation, nowNs) -> 1.0;

        /** The factor by which the load or the execution takes longer; 1 for as always. */
        double factorOf(int deviceIndex, Operation operation, long nowNs);

        /** Slower by {@code factor} with probability {@code probability} at each operation. */
        static Slowness random(final long seed, final double probability, final double factor) {
            final SplitMix64 random = new SplitMix64(seed);
            return (deviceIndex, operation, nowNs) -> random.nextDouble() < probability ? factor : 1.0;
        }
    }
}
