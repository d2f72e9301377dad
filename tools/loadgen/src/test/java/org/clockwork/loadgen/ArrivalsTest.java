package org.clockwork.loadgen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Supplier;
import java.util.stream.Stream;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rates, shapes and repeatability of the arrival processes. */
class ArrivalsTest {
    private static final long SEED = 4217;
    private static final long SECOND = 1_000_000_000L;

    static Stream<Arguments> openLoops() {
        return Stream.of(
            named("poisson", () -> new PoissonArrivals(1_000, random("poisson"))),
            named("fixed", () -> new FixedRateArrivals(1_000, 0.5)),
            named("spikes", () -> new SpikeArrivals(1_000, SECOND, SECOND / 10, SECOND / 3, random("spikes"))),
            named("bursts", () -> new OnOffArrivals(1_000, SECOND / 10, SECOND / 5, random("bursts"))),
            named("gamma", () -> new GammaArrivals(1_000, 3.0, random("gamma"))),
            named("smooth", () -> new GammaArrivals(1_000, 0.5, random("smooth"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("openLoops")
    void keepsItsRateAndNeverGoesBack(final String name, final Supplier<Arrivals> maker) {
        final Arrivals arrivals = maker.get();
        assertEquals(1_000.0, arrivals.ratePerS(), 1e-6);
        long last = 0;
        long count = 0;
        while (arrivals.dueNs() < 400 * SECOND) {
            assertTrue(arrivals.dueNs() >= last, "seed=" + SEED);
            last = arrivals.dueNs();
            arrivals.advance();
            count++;
        }
        assertEquals(400_000.0, count, 12_000.0, "seed=" + SEED);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("openLoops")
    void sameSeedSameTimes(final String name, final Supplier<Arrivals> maker) {
        final Arrivals one = maker.get();
        final Arrivals other = maker.get();
        for (int i = 0; i < 1_000; i++) {
            assertEquals(one.dueNs(), other.dueNs());
            one.advance();
            other.advance();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("openLoops")
    void allocatesNothing(final String name, final Supplier<Arrivals> maker) {
        final Arrivals arrivals = maker.get();
        final Runnable work = () -> {
            for (int i = 0; i < 50_000; i++) {
                arrivals.dueNs();
                arrivals.advance();
            }
        };
        work.run();
        final long bytes = Allocation.bytesOf(work);
        assertTrue(bytes < 50_000, "bytes=" + bytes);
    }

    @Test
    void variationOfTheGapsIsWhatItIsNamed() {
        assertEquals(1.0, variation(new PoissonArrivals(1_000, random("a"))), 0.03);
        assertEquals(3.0, variation(new GammaArrivals(1_000, 3.0, random("b"))), 0.15);
        assertEquals(0.5, variation(new GammaArrivals(1_000, 0.5, random("c"))), 0.02);
        assertTrue(variation(new OnOffArrivals(1_000, SECOND / 10, SECOND / 5, random("d"))) > 1.5);
    }

    @Test
    void spikesHoldAllRequests() {
        final Arrivals arrivals = new SpikeArrivals(100, SECOND, SECOND / 20, SECOND / 4, random("spikes"));
        for (int i = 0; i < 10_000; i++) {
            final long inPeriod = (arrivals.dueNs() - SECOND / 4) % SECOND;
            assertTrue(inPeriod >= 0 && inPeriod < SECOND / 20, "due=" + arrivals.dueNs());
            arrivals.advance();
        }
    }

    @Test
    void fixedRateDoesNotDrift() {
        final Arrivals arrivals = new FixedRateArrivals(3, 0.0);
        for (int i = 0; i < 3_000_000; i++) {
            arrivals.advance();
        }
        assertEquals(1_000_000 * SECOND, arrivals.dueNs(), 1_000);
    }

    @Test
    void aRateOfZeroNeverComes() {
        assertEquals(Arrivals.NEVER, new PoissonArrivals(0, random("a")).dueNs());
        assertEquals(Arrivals.NEVER, new FixedRateArrivals(0, 0).dueNs());
        assertEquals(Arrivals.NEVER, new SpikeArrivals(0, SECOND, SECOND, 0, random("a")).dueNs());
        final Arrivals bursts = new OnOffArrivals(0, SECOND, SECOND, random("a"));
        bursts.advance();
        assertEquals(Arrivals.NEVER, bursts.dueNs());
        assertEquals(Arrivals.NEVER, new GammaArrivals(0, 1, random("a")).dueNs());
    }

    @Test
    void nonsenseIsRefusedWithItsValue() {
        final Exception ex = assertThrows(IllegalArgumentException.class, () -> new PoissonArrivals(-1, random("a")));
        assertTrue(ex.getMessage().contains("-1"), ex.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new PoissonArrivals(Double.NaN, random("a")));
        assertThrows(IllegalArgumentException.class, () -> new SpikeArrivals(1, 10, 11, 0, random("a")));
        assertThrows(IllegalArgumentException.class, () -> new GammaArrivals(1, 0, random("a")));
        assertThrows(IllegalArgumentException.class, () -> new ClosedLoopArrivals(0, 0, random("a")));
    }

    @Test
    void closedLoopKeepsAsManyInFlightAsItHasClients() {
        final Arrivals arrivals = new ClosedLoopArrivals(3, 0, random("a"));
        for (int i = 0; i < 3; i++) {
            assertEquals(0, arrivals.dueNs());
            arrivals.advance();
        }
        assertEquals(Arrivals.NEVER, arrivals.dueNs());
        arrivals.onEnded(70, 70);
        arrivals.onEnded(50, 50);
        assertEquals(50, arrivals.dueNs());
        arrivals.advance();
        assertEquals(70, arrivals.dueNs());
        arrivals.advance();
        assertEquals(Arrivals.NEVER, arrivals.dueNs());
    }

    @Test
    void closedLoopThinks() {
        final Arrivals arrivals = new ClosedLoopArrivals(1, 1_000_000, random("think"));
        long nowNs = 0;
        for (int i = 0; i < 20_000; i++) {
            assertTrue(arrivals.dueNs() >= nowNs);
            nowNs = arrivals.dueNs();
            arrivals.advance();
            arrivals.onEnded(nowNs, nowNs);
        }
        assertEquals(20_000 * 1e6, nowNs, 20_000 * 1e6 * 0.03);
    }

    @Test
    void closedLoopStartsAtRandomPhases() {
        final Arrivals arrivals = new ClosedLoopArrivals(1_000, 0, SECOND, false, random("phases"));
        long last = -1;
        long sum = 0;
        for (int i = 0; i < 1_000; i++) {
            assertTrue(arrivals.dueNs() >= last && arrivals.dueNs() < SECOND);
            last = arrivals.dueNs();
            sum += last;
            arrivals.advance();
        }
        assertEquals(SECOND / 2.0, sum / 1_000.0, SECOND * 0.05, "seed=" + SEED);
        assertEquals(Arrivals.NEVER, arrivals.dueNs());
    }

    @Test
    void aPatientClientWaitsForTheEndOfWhatWasRefused() {
        final Arrivals patient = new ClosedLoopArrivals(1, 0, 0, true, random("a"));
        final Arrivals other = new ClosedLoopArrivals(1, 0, 0, false, random("a"));
        patient.advance();
        other.advance();
        patient.onEnded(50, 100);
        other.onEnded(50, 100);
        assertEquals(100, patient.dueNs());
        assertEquals(50, other.dueNs());
    }

    @Test
    void streamsOfOneSeedDiffer() {
        assertTrue(random("one").nextLong() != random("other").nextLong());
        assertTrue(random("one").nextLong() != new Xoshiro(SEED + 1, "one").nextLong());
    }

    @Test
    void generatorIsTheOneItIsNamedAndStaysSo() {
        final Xoshiro random = new Xoshiro(1, "golden");
        final long[] first = {random.nextLong(), random.nextLong(), random.nextLong()};
        final Xoshiro again = new Xoshiro(1, "golden");
        for (final long value : first) {
            assertEquals(value, again.nextLong());
        }
        double sum = 0;
        for (int i = 0; i < 100_000; i++) {
            final int value = again.nextInt(10);
            assertTrue(value >= 0 && value < 10);
            sum += value;
        }
        assertEquals(4.5, sum / 100_000, 0.05);
    }

    private static Xoshiro random(final String purpose) {
        return new Xoshiro(SEED, purpose);
    }

    private static Arguments named(final String name, final Supplier<Arrivals> maker) {
        return Arguments.of(name, maker);
    }

    private static double variation(final Arrivals arrivals) {
        double sum = 0;
        double squares = 0;
        long last = arrivals.dueNs();
        final int count = 200_000;
        for (int i = 0; i < count; i++) {
            arrivals.advance();
            final double gap = arrivals.dueNs() - last;
            last = arrivals.dueNs();
            sum += gap;
            squares += gap * gap;
        }
        final double mean = sum / count;
        return Math.sqrt(squares / count - mean * mean) / mean;
    }
}
