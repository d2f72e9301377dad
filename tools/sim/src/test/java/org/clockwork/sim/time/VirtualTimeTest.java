package org.clockwork.sim.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The order in which nodes run, and clocks that drift. */
class VirtualTimeTest {
    private final VirtualTime time = new VirtualTime(1_000);
    private final List<String> log = new ArrayList<>();

    @Test
    void nodesRunInTheOrderOfTheirTimesAndTimeJumpsToThem() {
        final int[] left = {2};
        time.add(now -> note("a", now, Node.NEVER));
        time.add(now -> note("b", now, left[0]-- > 0 ? now + 50 : Node.NEVER));
        time.runUntil(5_000);
        assertEquals(List.of("a@1000", "b@1000", "b@1050", "b@1100"), log);
        assertEquals(5_000, time.nanoTime());
    }

    @Test
    void aNodeIsWokenNoLaterAndNeverInThePast() {
        final int index = time.add(now -> note("a", now, 2_000));
        time.runUntil(1_001);
        time.wake(index, 3_000);
        assertEquals(2_000, time.wakeNs(index));
        time.wake(index, 500);
        assertEquals(1_001, time.wakeNs(index));
    }

    @Test
    void whatIsDueExactlyAtTheLimitWaits() {
        time.add(now -> note("a", now, now + 10));
        time.runUntil(1_010);
        assertEquals(List.of("a@1000"), log);
        time.runUntil(1_011);
        assertEquals(List.of("a@1000", "a@1010"), log);
    }

    @Test
    void aRemovedNodeRunsNoMoreAndCannotBeWoken() {
        final int index = time.add(now -> note("a", now, now + 10));
        time.remove(index);
        time.wake(index, 1_500);
        assertFalse(time.step());
        assertTrue(log.isEmpty());
    }

    @Test
    void manyNodesKeepTheirOrder() {
        final SplittableRandom random = new SplittableRandom(7);
        final long[] last = {0};
        for (int i = 0; i < 100; i++) {
            time.add(now -> {
                assertTrue(now >= last[0]);
                last[0] = now;
                return now + 1 + random.nextInt(1_000);
            });
        }
        assertTrue(time.runUntil(100_000) > 10_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {-200_000, -1, 0, 1, 33_333, 200_000})
    void aClockSaysWhenItWillShowATime(final int driftPpb) {
        final NodeClock clock = new NodeClock(time, 123_456_789_000L, driftPpb);
        final SplittableRandom random = new SplittableRandom(driftPpb);
        for (int i = 0; i < 1_000; i++) {
            final long localNs = clock.nanoTime() + random.nextLong(100_000_000_000_000L);
            final long virtualNs = clock.virtualOf(localNs);
            assertTrue(clock.at(virtualNs) >= localNs, "drift " + driftPpb);
            assertTrue(clock.at(virtualNs - 1) < localNs, "drift " + driftPpb);
        }
    }

    private long note(final String name, final long nowNs, final long nextNs) {
        log.add(name + "@" + nowNs);
        return nextNs;
    }
}
