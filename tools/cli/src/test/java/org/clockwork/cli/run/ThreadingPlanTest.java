package org.clockwork.cli.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.junit.jupiter.api.Test;

/** Busy-spinning is chosen only where each spinning thread has a core and one is left. */
class ThreadingPlanTest {
    @Test
    void theEdgeFromBothSides() {
        final ThreadingPlan below = ThreadingPlan.choose(ThreadingMode.AUTO, IdleMode.AUTO, 4, 1, 0);
        assertEquals(ThreadingMode.SHARED, below.mode());
        assertEquals(IdleMode.BACKOFF, below.idle());
        assertTrue(below.newIdleStrategy() instanceof BackoffIdleStrategy);
        final ThreadingPlan enough = ThreadingPlan.choose(ThreadingMode.AUTO, IdleMode.AUTO, 5, 1, 0);
        assertEquals(ThreadingMode.DEDICATED, enough.mode());
        assertEquals(IdleMode.SPIN, enough.idle());
        assertTrue(enough.newIdleStrategy() instanceof BusySpinIdleStrategy);
    }

    @Test
    void threadsThatComputeNeedCoresToo() {
        assertEquals(ThreadingMode.SHARED, ThreadingPlan.choose(ThreadingMode.AUTO, IdleMode.AUTO, 6, 1, 2).mode());
        assertEquals(ThreadingMode.DEDICATED, ThreadingPlan.choose(ThreadingMode.AUTO, IdleMode.AUTO, 7, 1, 2).mode());
    }

    @Test
    void whatIsAskedForIsDone() {
        final ThreadingPlan plan = ThreadingPlan.choose(ThreadingMode.DEDICATED, IdleMode.AUTO, 2, 1, 0);
        assertEquals(ThreadingMode.DEDICATED, plan.mode());
        assertEquals(IdleMode.BACKOFF, plan.idle(), "more spinning threads than cores is a disaster, unless asked for");
        assertEquals(IdleMode.SPIN, ThreadingPlan.choose(ThreadingMode.DEDICATED, IdleMode.SPIN, 2, 1, 0).idle());
        assertTrue(plan.describe().contains("as asked for"), plan.describe());
        assertTrue(ThreadingPlan.choose(ThreadingMode.AUTO, IdleMode.AUTO, 2, 1, 0).describe().contains("2 cores"));
    }
}
