package org.clockwork.sim.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What messages travel and what the controller's cycle costs. */
class HopsTest {
    private static final int WORKER = 2;
    private static final int CONTROLLER = 1;
    private static final int MESSAGES = 100_000;
    private final SimOptions options = new SimOptions();

    @Test
    void messagesTravelTheHopAndAJitterOfTheMeanAskedFor() {
        final Hops hops = new Hops(options);
        double sum = 0;
        long most = 0;
        for (int i = 0; i < MESSAGES; i++) {
            final long delayNs = hops.delayNs(WORKER, CONTROLLER, 0, 100, i);
            assertTrue(delayNs >= 50_000, "delayNs=" + delayNs);
            sum += delayNs;
            most = Math.max(most, delayNs);
        }
        assertEquals(55_000, sum / MESSAGES, 100);
        assertTrue(most > 50_000 + 7 * 5_000 && most < 50_000 + 8 * 5_000, "most=" + most);
    }

    @Test
    void lostMessagesTakeOneRepetitionLonger() {
        options.loss = 0.25;
        options.hopJitterNs = 0;
        final Hops hops = new Hops(options);
        int lost = 0;
        for (int i = 0; i < MESSAGES; i++) {
            final long delayNs = hops.delayNs(WORKER, CONTROLLER, 0, 100, i);
            assertTrue(delayNs == 50_000 || delayNs == 1_050_000, "delayNs=" + delayNs);
            lost += delayNs > 50_000 ? 1 : 0;
        }
        assertEquals(0.25, (double) lost / MESSAGES, 0.01);
    }

    @Test
    void messagesOfOneCycleLeaveOneAfterTheOther() {
        options.hopJitterNs = 0;
        options.messageCostNs = 300;
        options.actionCostNs = 500;
        final Hops hops = new Hops(options);
        assertEquals(50_500, hops.delayNs(CONTROLLER, WORKER, 0, 100, 1_000));
        assertEquals(51_000, hops.delayNs(CONTROLLER, WORKER, 0, 100, 1_000));
        assertEquals(50_000, hops.delayNs(WORKER, CONTROLLER, 0, 100, 1_000));
        assertEquals(4 * 300 + 2 * 500, hops.cycleCostNs(4, 1_000));
        assertEquals(4 * 300, hops.cycleCostNs(4, 2_000), "a cycle that sent nothing");
        assertEquals(50_500, hops.delayNs(CONTROLLER, WORKER, 0, 100, 3_000));
        assertEquals(500, hops.cycleCostNs(0, 3_000));
    }

    @Test
    void theSameSeedGivesTheSameDelays() {
        final Hops one = new Hops(options);
        final Hops same = new Hops(options);
        options.seed = 2;
        final Hops other = new Hops(options);
        int different = 0;
        for (int i = 0; i < 100; i++) {
            final long delayNs = one.delayNs(WORKER, CONTROLLER, 0, 100, i);
            assertEquals(delayNs, same.delayNs(WORKER, CONTROLLER, 0, 100, i));
            different += delayNs == other.delayNs(WORKER, CONTROLLER, 0, 100, i) ? 0 : 1;
        }
        assertTrue(different > 90, "different=" + different);
    }
}
