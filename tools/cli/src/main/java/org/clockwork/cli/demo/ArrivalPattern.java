package org.clockwork.cli.demo;

import java.util.concurrent.TimeUnit;
import org.clockwork.loadgen.Arrivals;
import org.clockwork.loadgen.OnOffArrivals;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.SpikeArrivals;
import org.clockwork.loadgen.Xoshiro;

/** The four kinds of load that production traces of inference are made of. */
enum ArrivalPattern {
    /** Many independent users, all the time. */
    SUSTAINED("heavy sustained") {
        @Override
        Arrivals arrivals(final double ratePerS, final Xoshiro random) {
            return new PoissonArrivals(ratePerS, random);
        }
    },
    /** Many models, each used so rarely that it is seldom in device memory. */
    COLD("cold") {
        @Override
        Arrivals arrivals(final double ratePerS, final Xoshiro random) {
            return new PoissonArrivals(ratePerS, random);
        }
    },
    /** A timer: all of a period's requests within a short stretch. */
    SPIKES("periodic spikes") {
        @Override
        Arrivals arrivals(final double ratePerS, final Xoshiro random) {
            return new SpikeArrivals(ratePerS, SPIKE_PERIOD_NS, SPIKE_NS, SPIKE_PERIOD_NS / 2, random);
        }
    },
    /** Stretches of much and of nothing, of random length. */
    BURSTS("bursty") {
        @Override
        Arrivals arrivals(final double ratePerS, final Xoshiro random) {
            return new OnOffArrivals(ratePerS, BURST_NS, SILENCE_NS, random);
        }
    };

    private static final long SPIKE_PERIOD_NS = TimeUnit.MILLISECONDS.toNanos(2_000);
    private static final long SPIKE_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long BURST_NS = TimeUnit.MILLISECONDS.toNanos(700);
    private static final long SILENCE_NS = TimeUnit.MILLISECONDS.toNanos(700);

    private final String label;

    ArrivalPattern(final String label) {
        this.label = label;
    }

    /** For people. */
    String label() {
        return label;
    }

    abstract Arrivals arrivals(double ratePerS, Xoshiro random);
}
