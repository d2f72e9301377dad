package org.clockwork.sim.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.device.emulated.Profile;
import org.clockwork.loadgen.Arrivals;
import org.clockwork.loadgen.FixedRateArrivals;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.Xoshiro;
import org.junit.jupiter.api.Test;

/** The theoretical bounds, against what can be reckoned by hand. */
class BoundsTest {
    private static final long MS = 1_000_000L;
    private static final long US = 1_000L;
    private static final long S = 1_000 * MS;
    private final SimOptions system = new SimOptions();
    private final Kind resnet50 = Kind.resnet50(system);

    @Test
    void theBestBatchFromBothSides() {
        final long aroundNs = resnet50.aroundNs(16);
        assertEquals(200 * US + 802_816, aroundNs, 1, "four hops, and 16 x 602,112 bytes at 12 GB/s");
        assertEquals(16, resnet50.bestBatch(17_300 * US + aroundNs));
        assertEquals(8, resnet50.bestBatch(17_300 * US + aroundNs - 1));
        assertEquals(4, resnet50.bestBatch(10 * MS));
        assertEquals(0, resnet50.bestBatch(2_730 * US));
        assertEquals(924.9, resnet50.perSecond(16), 0.1);
        assertEquals(681.4, resnet50.perSecond(4), 0.1);
    }

    @Test
    void withoutPreemptionWhatComesApartIsInTimeAndWhatComesTogetherIsNot() {
        final long sloNs = 3 * 2_730 * US;
        assertEquals(1.0, attainment(new FixedRateArrivals(300, 0.5), 1, sloNs));
        assertEquals(0.0, attainment(new FixedRateArrivals(300, 0.5), 1, 2_730 * US));
        final Arrivals pairs = new Twice(new FixedRateArrivals(100, 0.5));
        final long oneNs = 2_730 * US + resnet50.aroundNs(1);
        assertEquals(0.5, attainment(pairs, 1, oneNs));
        assertEquals(1.0, attainment(new Twice(new FixedRateArrivals(100, 0.5)), 2, oneNs));
    }

    @Test
    void withoutPreemptionCapacityIsTheBound() {
        final long sloNs = 100 * MS;
        final double share = attainment(new PoissonArrivals(2 * 924.9, new Xoshiro(3, "arrivals")), 1, sloNs);
        assertEquals(0.5, share, 0.01);
    }

    @Test
    void fewestDevicesByHand() {
        // Two models in turns, 200/s each: of each some 18 come within the 95 ms that 100 ms leave, so batches of 16 it is.
        final FewestDevices few = fewest(400, 100 * MS);
        assertEquals(0, few.missed(1), 1e-9, "400/s are 43 % of 924.9/s");
        assertEquals(1, few.forShare(1));
        // Within 6 ms one waits 1.7 ms at most for another: each is alone, and 2.73 ms x 400/s are 1.09 devices.
        final FewestDevices alone = fewest(400, 6 * MS);
        assertEquals(2, alone.forShare(0.99));
        assertEquals(1, alone.forShare(0.9));
        final double missed = 4_000 - 10_006 / 2.73;
        assertTrue(alone.missed(1) > 0.95 * missed && alone.missed(1) <= missed, () -> "prices are in steps: " + alone.missed(1));
        assertEquals(0, fewest(400, 2 * MS).missed(100), 1e-9, "what no device can do costs none: an execution takes longer");
    }

    private FewestDevices fewest(final double ratePerS, final long sloNs) {
        final FixedRateArrivals times = new FixedRateArrivals(ratePerS, 0.5);
        return new FewestDevices(times, new Turns(), new Kind[] {resnet50, resnet50}, sloNs, 10 * S, 10 * S);
    }

    /** Two models in turns. */
    private static final class Turns implements ModelChoice {
        private int next;

        @Override
        public int next(final long dueNs) {
            return next++ & 1;
        }
    }

    @Test
    void timeIsSharedMaxMin() {
        final Kind[] kinds = {kind(10 * MS), kind(10 * MS), kind(20 * MS)};
        final FairShares shares = new FairShares(kinds, new double[] {20, 1_000, 1_000}, 1, S);
        assertEquals(20, shares.perSecond(0), 0.01);
        assertEquals(40, shares.perSecond(1), 0.01);
        assertEquals(20, shares.perSecond(2), 0.01);
        assertEquals(80, shares.totalPerSecond(), 0.03);
        assertEquals(2_020 / (0.2 + 10 + 20), shares.proportionalPerSecond(), 0.01);
        assertEquals(100, shares.mostPerSecond(), 0.01);
        final FairShares idle = new FairShares(kinds, new double[] {20, 30, 10}, 1, S);
        assertEquals(60, idle.totalPerSecond(), 1e-9);
        assertEquals(60, idle.proportionalPerSecond(), 1e-9);
    }

    @Test
    void coldModelsAreBoundByExecutionThenByMemoryAndLoads() {
        final ColdBound bound = new ColdBound(resnet50, system, 100 * MS);
        assertEquals(196, bound.resident());
        assertEquals(924.9, bound.perSecond(200), 0.1);
        // One other model: full batches in the time that 200/s leave.
        assertEquals(924.9 - 200, bound.perSecond(1, 1_000, 200), 0.2);
        // 3,600: hits 54, LOADs 120 less what inputs take of the way, and second requests that meet the first.
        assertEquals(195, bound.perSecond(3_600, 1_000, 200), 3);
        double last = Double.POSITIVE_INFINITY;
        for (final int active : new int[] {1, 10, 100, 200, 1_000, 3_600, 100_000}) {
            final double perSecond = bound.perSecond(active, 1_000, 200);
            assertTrue(perSecond <= last, active + " models");
            last = perSecond;
        }
        assertTrue(last >= 1e9 / 8_320_000 * 0.9, "each LOAD serves one at least");
    }

    @Test
    void aRateAllowsBatchesOfWhatComesWhileTheyCanWait() {
        final long waitNs = 100 * MS - 4_050 * US - resnet50.aroundNs(2);
        assertEquals(2_730 * US, resnet50.nsAt(0, 100 * MS));
        assertEquals(4_050 * US / (1 + 10 * waitNs / 1e9), resnet50.nsAt(10, 100 * MS), 1);
        assertEquals(17_300 * US / 16.0, resnet50.nsAt(1_000, 100 * MS), 1);
        assertEquals(Double.POSITIVE_INFINITY, resnet50.nsAt(1_000, 2_730 * US));
    }

    private double attainment(final Arrivals arrivals, final int gpus, final long sloNs) {
        return NonPreemption.attainment(arrivals, resnet50, gpus, sloNs, 0, 10 * S);
    }

    private Kind kind(final long executeNs) {
        return new Kind(Profile.parse("kind:b1=" + executeNs + "ns"), system);
    }

    /** Each arrival twice. */
    private static final class Twice implements Arrivals {
        private final Arrivals arrivals;
        private boolean isSecond;

        Twice(final Arrivals arrivals) {
            this.arrivals = arrivals;
        }

        @Override
        public long dueNs() {
            return arrivals.dueNs();
        }

        @Override
        public void advance() {
            if (isSecond) {
                arrivals.advance();
            }
            isSecond = !isSecond;
        }

        @Override
        public double ratePerS() {
            return 2 * arrivals.ratePerS();
        }
    }
}
