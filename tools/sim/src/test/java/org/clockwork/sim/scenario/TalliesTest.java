package org.clockwork.sim.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.clockwork.loadgen.Arrivals;
import org.clockwork.loadgen.ClosedLoopArrivals;
import org.clockwork.loadgen.FixedRateArrivals;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.Xoshiro;
import org.junit.jupiter.api.Test;

/** Counts per model and per window of time, and loads that begin later. */
class TalliesTest {
    private static final long S = 1_000_000_000L;

    @Test
    void sharesAreOfTheMean() {
        final ModelTally tally = ModelTally.byStream(3, 1);
        for (int stream = 0; stream < 5; stream++) {
            for (int i = 0; i < 10 * stream; i++) {
                tally.onOffered(stream(stream), 0, 0);
                tally.onEnded(stream(stream), 0, 0, i < 5 * stream ? Outcome.IN_TIME : Outcome.REFUSED);
            }
        }
        assertEquals(10, tally.offered(0));
        assertEquals(30, tally.offered(2));
        assertEquals(15, tally.inTime(2));
        assertEquals(0.5, tally.leastShare(), 1e-9);
        assertEquals(1.5, tally.mostShare(), 1e-9);
    }

    @Test
    void modelsOfOneStream() {
        final ModelTally tally = ModelTally.ofStream(4, 1);
        tally.onEnded(stream(1), 3, 0, Outcome.IN_TIME);
        tally.onEnded(stream(0), 2, 0, Outcome.IN_TIME);
        tally.onEnded(stream(1), 3, 0, Outcome.LATE);
        assertEquals(1, tally.inTime(3));
        assertEquals(0, tally.inTime(2));
        assertEquals(0, tally.leastShare());
        assertEquals(4, tally.mostShare());
    }

    @Test
    void windowsFromBothSidesOfTheirEdge() {
        final TimeTally tally = new TimeTally(2, S, 3 * S, 2 * S);
        assertEquals(2, tally.windows());
        for (final long dueNs : new long[] {3 * S, 4 * S - 1, 4 * S, 5 * S - 1}) {
            tally.onOffered(stream(1), 0, dueNs);
            tally.onEnded(stream(1), 0, dueNs, dueNs < 4 * S - 1 ? Outcome.IN_TIME : Outcome.REFUSED);
        }
        assertEquals(1, tally.inTime(1, 0, 1));
        assertEquals(0.5, tally.attainment(1, 0, 1));
        assertEquals(0, tally.attainment(1, 1, 1));
        assertEquals(0.25, tally.attainment(1, 0, 2));
        assertEquals(0, tally.leastAttainment(1, 1));
        assertEquals(0.25, tally.leastAttainment(1, 2));
        assertEquals(1, tally.attainment(0, 0, 2), "nothing was offered");
    }

    @Test
    void delayedArrivalsBeginLaterAndAreToldInTheirOwnTime() {
        final Arrivals arrivals = new DelayedArrivals(new FixedRateArrivals(10, 0), 5 * S);
        assertEquals(5 * S, arrivals.dueNs());
        arrivals.advance();
        assertEquals(5 * S + S / 10, arrivals.dueNs());
        final Arrivals loop = new DelayedArrivals(new ClosedLoopArrivals(1, 0, 0, true, new Xoshiro(1, "a")), 5 * S);
        assertEquals(5 * S, loop.dueNs());
        loop.advance();
        assertEquals(Arrivals.NEVER, loop.dueNs());
        loop.onEnded(6 * S, 7 * S);
        assertEquals(7 * S, loop.dueNs());
    }

    private static LoadStream stream(final int index) {
        return new LoadStream(index, "s", new FixedRateArrivals(1, 0), new long[] {1}, new int[] {0}, S,
            ModelChoice.uniform(1, null));
    }
}
