package org.clockwork.loadgen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Rates by the minute, popularities, timers and bursts. */
class MixedArrivalsTest {
    private static final double[] NONE = new double[3];
    private static final double S = 1e9;

    @Test
    void eachMinuteHasItsRateAndItsPopularities() {
        final double[] rates = {100, 0, 300};
        final MixedArrivals arrivals = new MixedArrivals(new MixedArrivals.Plan() {
            @Override
            public double ratePerS(final long minute) {
                return minute < 3 ? rates[(int) minute] : 0;
            }

            @Override
            public ModelChoice popularity(final long minute) {
                return dueNs -> (int) Math.min(2, minute);
            }
        }, NONE, 0, new Xoshiro(5, "mix"));
        final int[] counts = new int[3];
        while (arrivals.dueNs() != Arrivals.NEVER) {
            final int minute = (int) (arrivals.dueNs() / MixedArrivals.MINUTE_NS);
            assertEquals(minute, arrivals.next(arrivals.dueNs()));
            counts[minute]++;
            arrivals.advance();
        }
        assertEquals(6_000, counts[0], 300);
        assertEquals(0, counts[1]);
        assertEquals(18_000, counts[2], 600);
    }

    @Test
    void timersAreExactAndHaveTheirPhases() {
        final MixedArrivals arrivals = new MixedArrivals(plan(0), new double[] {2.0, 0.0, 10.0}, 0, new Xoshiro(1, "mix"));
        assertEquals(12.0, arrivals.ratePerS(), 1e-9);
        final long[] last = {-1, -1, -1};
        final int[] counts = new int[3];
        while (arrivals.dueNs() < 100 * S) {
            final int model = arrivals.next(arrivals.dueNs());
            if (last[model] >= 0) {
                assertEquals(model == 0 ? S / 2 : S / 10, arrivals.dueNs() - last[model], 2.0);
            }
            last[model] = arrivals.dueNs();
            counts[model]++;
            arrivals.advance();
        }
        assertEquals(200, counts[0], 1);
        assertEquals(0, counts[1]);
        assertEquals(1_000, counts[2], 1);
    }

    @Test
    void burstsHaveTheirVariation() {
        final MixedArrivals arrivals = new MixedArrivals(plan(0), new double[] {1_000.0}, 4, new Xoshiro(2, "mix"));
        double sum = 0;
        double squares = 0;
        long before = arrivals.dueNs();
        final int count = 200_000;
        for (int i = 0; i < count; i++) {
            arrivals.advance();
            final double betweenNs = arrivals.dueNs() - before;
            before = arrivals.dueNs();
            sum += betweenNs;
            squares += betweenNs * betweenNs;
        }
        final double mean = sum / count;
        assertEquals(1e6, mean, 5e4);
        assertEquals(4.0, Math.sqrt(squares / count - mean * mean) / mean, 0.2);
    }

    @Test
    void bothPartsTogetherComeInTheOrderOfTime() {
        final MixedArrivals arrivals = new MixedArrivals(plan(50), new double[] {0.0, 10.0, 5.0}, 0, new Xoshiro(3, "mix"));
        final int[] counts = new int[3];
        long before = 0;
        while (arrivals.dueNs() < 200 * S) {
            assertTrue(arrivals.dueNs() >= before);
            before = arrivals.dueNs();
            counts[arrivals.next(before)]++;
            arrivals.advance();
        }
        assertEquals(10_000, counts[0], 500);
        assertEquals(2_000, counts[1], 1);
        assertEquals(1_000, counts[2], 1);
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new MixedArrivals(plan(1), NONE, -1, new Xoshiro(1, "mix")));
        assertThrows(IllegalArgumentException.class,
            () -> new MixedArrivals(plan(1), new double[] {Double.NaN}, 0, new Xoshiro(1, "mix")));
    }

    private static MixedArrivals.Plan plan(final double ratePerS) {
        return new MixedArrivals.Plan() {
            @Override
            public double ratePerS(final long minute) {
                return ratePerS;
            }

            @Override
            public ModelChoice popularity(final long minute) {
                return dueNs -> 0;
            }
        };
    }
}
