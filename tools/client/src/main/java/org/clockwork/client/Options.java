package org.clockwork.client;

import org.agrona.BitUtil;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;

/** Reads options from system properties and checks them; a wrong one gets a sentence with its name and value. */
final class Options {
    private static final long MAX_NS = 1L << 60;
    private static final int SPINS = 10;
    private static final int YIELDS = 20;
    private static final long MIN_PARK_NS = 1_000;
    private static final long MAX_PARK_NS = 50_000;

    private Options() {
    }

    /** A duration with its unit, or the default where the property is not set. */
    static long durationNs(final String property, final long defaultNs) {
        final String text = System.getProperty(property, "");
        try {
            return text.isEmpty() ? defaultNs : Durations.parseNs(text);
        } catch (final IllegalArgumentException ex) {
            throw new IllegalArgumentException(property + "=" + ex.getMessage(), ex);
        }
    }

    static IdleStrategy idleStrategy(final String property, final String name) {
        return switch (name) {
            case "backoff" -> new BackoffIdleStrategy(SPINS, YIELDS, MIN_PARK_NS, MAX_PARK_NS);
            case "yield" -> new YieldingIdleStrategy();
            case "spin" -> new BusySpinIdleStrategy();
            default -> throw new IllegalArgumentException(property + "=" + name + " is none of backoff, yield and spin");
        };
    }

    static void checkTime(final String name, final long ns) {
        check(ns > 0 && ns <= MAX_NS, name, Durations.format(ns), "not positive, or above 36 years");
    }

    static void checkRange(final String name, final long value, final long least, final long greatest) {
        check(value >= least && value <= greatest, name, value, "not within " + least + " to " + greatest);
    }

    static void checkPowerOfTwo(final String name, final int value) {
        check(BitUtil.isPowerOfTwo(value), name, value, "no power of two");
    }

    static void check(final boolean isValid, final String name, final Object value, final String problem) {
        if (!isValid) {
            throw new IllegalArgumentException(name + "=" + value + " is " + problem);
        }
    }
}
