package org.clockwork.controller.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.clockwork.controller.cluster.ClockOffset.Outcome;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The offset between clocks that drift, step and wrap, over links that delay unevenly. */
final class ClockOffsetTest {
    private static final long US = 1_000L;
    private static final long MS = 1_000_000L;
    private static final long S = 1_000_000_000L;

    private final ClockOffset offset = new ClockOffset();

    @Test
    void anEvenExchangeGivesTheOffsetExactly() {
        assertFalse(offset.isKnown());
        assertEquals(Outcome.TAKEN, offset.onSample(1_000, 51_500, 51_700, 2_200));
        assertTrue(offset.isKnown());
        assertEquals(50_000, offset.offsetNs());
        assertEquals(1_000, offset.roundTripNs());
        assertEquals(52_200, offset.toTheirs(2_200));
        assertEquals(2_200, offset.toOurs(52_200));
    }

    @Test
    void theErrorIsAtMostHalfTheLeastRoundTrip() {
        final Exchange exchange = new Exchange(7 * S, 0, 7);
        exchange.run(offset, 10 * S);
        assertTrue(offset.roundTripNs() < 120 * US, "roundTripNs=" + offset.roundTripNs());
        assertTrue(exchange.errorNs(offset) <= offset.roundTripNs() / 2 + 1, exchange.sentence(offset));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-500e-6, -100e-6, -20e-6, 20e-6, 100e-6, 500e-6})
    void driftIsFollowedFromBothSides(final double drift) {
        final Exchange exchange = new Exchange(-3 * S, drift, 11);
        exchange.run(offset, 5 * S);
        long worstNs = 0;
        for (int i = 0; i < 600; i++) {
            exchange.exchange(offset);
            worstNs = Math.max(worstNs, exchange.errorNs(offset));
            exchange.advance(25 * MS);
            worstNs = Math.max(worstNs, exchange.errorNs(offset));
            exchange.advance(25 * MS);
        }
        assertTrue(worstNs <= 100 * US, "worstNs=" + worstNs + " drift=" + drift);
        assertEquals(drift, offset.drift(), 30e-6);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-300e-6, 0, 300e-6})
    void translatedTimeNeverRunsBackwardsEitherWay(final double drift) {
        final Exchange exchange = new Exchange(S, drift, 13);
        exchange.exchange(offset);
        long lastTheirsNs = Long.MIN_VALUE;
        long lastOursNs = Long.MIN_VALUE;
        for (int i = 0; i < 4_000; i++) {
            final long theirsNs = offset.toTheirs(exchange.nowNs);
            final long oursNs = offset.toOurs(exchange.theirsNs(exchange.nowNs));
            assertTrue(theirsNs > lastTheirsNs, "i=" + i);
            assertTrue(oursNs > lastOursNs, "i=" + i);
            assertTrue(Math.abs(offset.toOurs(theirsNs) - exchange.nowNs) <= 1, "i=" + i);
            lastTheirsNs = theirsNs;
            lastOursNs = oursNs;
            if (i % 10 == 9) {
                exchange.exchange(offset);
            }
            exchange.advance(5 * MS);
        }
    }

    @Test
    void aWindowMovesLittleWhileItIsOpen() {
        final Exchange exchange = new Exchange(S, 50e-6, 17);
        exchange.run(offset, 10 * S);
        long worstNs = 0;
        for (int i = 0; i < 400; i++) {
            final long earliestNs = exchange.nowNs + 60 * MS;
            final long beforeNs = offset.toTheirs(earliestNs);
            exchange.advance(50 * MS);
            exchange.exchange(offset);
            worstNs = Math.max(worstNs, Math.abs(offset.toTheirs(earliestNs) - beforeNs));
        }
        assertTrue(worstNs < 40 * US, "worstNs=" + worstNs);
    }

    @ParameterizedTest
    @ValueSource(longs = {-3_600 * S, -2 * MS, 2 * MS, 3_600 * S})
    void aStepIsFollowedAfterThreeSamplesThatAgree(final long stepNs) {
        final Exchange exchange = new Exchange(4 * S, 30e-6, 19);
        exchange.run(offset, 6 * S);
        exchange.step(stepNs);
        final long beforeNs = offset.offsetNs();
        assertEquals(Outcome.DROPPED, exchange.exchange(offset));
        exchange.advance(50 * MS);
        assertEquals(Outcome.DROPPED, exchange.exchange(offset));
        assertEquals(beforeNs, offset.offsetNs(), "two are not enough");
        exchange.advance(50 * MS);
        assertEquals(Outcome.STEPPED, exchange.exchange(offset));
        assertTrue(exchange.errorNs(offset) <= 300 * US, exchange.sentence(offset));
        exchange.run(offset, 2 * S);
        assertTrue(exchange.errorNs(offset) <= 100 * US, exchange.sentence(offset));
    }

    @Test
    void oneStrayStampChangesNothing() {
        final Exchange exchange = new Exchange(4 * S, 0, 23);
        exchange.run(offset, 2 * S);
        for (int i = 0; i < 20; i++) {
            exchange.step(i % 2 == 0 ? 10 * S : -10 * S);
            assertEquals(Outcome.DROPPED, exchange.exchange(offset));
            exchange.step(i % 2 == 0 ? -10 * S : 10 * S);
            exchange.advance(50 * MS);
            assertEquals(Outcome.TAKEN, exchange.exchange(offset));
            exchange.advance(50 * MS);
        }
        assertTrue(exchange.errorNs(offset) <= 100 * US, exchange.sentence(offset));
    }

    @Test
    void straysThatDisagreeAmongThemselvesNeverMakeAStep() {
        final Exchange exchange = new Exchange(4 * S, 0, 29);
        exchange.run(offset, 2 * S);
        final long beforeNs = offset.offsetNs();
        for (int i = 1; i < 30; i++) {
            exchange.step(i * S);
            assertEquals(Outcome.DROPPED, exchange.exchange(offset));
            exchange.advance(50 * MS);
        }
        assertEquals(beforeNs, offset.offsetNs());
    }

    @Test
    void aSlowExchangeIsNoStep() {
        final Exchange exchange = new Exchange(4 * S, 0, 31);
        exchange.run(offset, 2 * S);
        final long nowNs = exchange.nowNs;
        for (int i = 0; i < 5; i++) {
            // 300 ms on the way there, nothing on the way back: a bad sample, but no contradiction
            final long sentNs = nowNs + i * 400 * MS;
            final long arrivedNs = sentNs + 300 * MS;
            assertEquals(Outcome.TAKEN, offset.onSample(
                sentNs, exchange.theirsNs(arrivedNs), exchange.theirsNs(arrivedNs), arrivedNs + 10));
            assertTrue(Math.abs(offset.toTheirs(arrivedNs) - exchange.theirsNs(arrivedNs)) <= 150 * US);
        }
    }

    @Test
    void contradictoryStampsAreDropped() {
        assertEquals(Outcome.DROPPED, offset.onSample(1_000, 5_000, 5_000, 999), "received before sent");
        assertEquals(Outcome.DROPPED, offset.onSample(1_000, 5_001, 5_000, 2_000), "answered before received");
        assertEquals(Outcome.DROPPED, offset.onSample(1_000, 5_000, 6_001, 2_000), "longer there than here");
        assertEquals(Outcome.DROPPED, offset.onSample(0, 0, 0, 11 * S), "too long ago");
        assertEquals(Outcome.DROPPED, offset.onSample(Long.MIN_VALUE, 0, 0, Long.MAX_VALUE));
        assertEquals(Outcome.DROPPED, offset.onSample(0, Long.MAX_VALUE, Long.MIN_VALUE, 0), "a nanosecond, but backwards");
        assertFalse(offset.isKnown());
        assertEquals(Outcome.TAKEN, offset.onSample(1_000, 5_000, 6_000, 2_000));
    }

    @Test
    void clocksMayWrap() {
        final long ours = Long.MAX_VALUE - 500;
        final long theirs = Long.MIN_VALUE + 100;
        offset.onSample(ours, theirs + 600, theirs + 600, ours + 1_200);
        assertEquals(theirs + 1_200, offset.toTheirs(ours + 1_200));
        assertEquals(ours + 5_000, offset.toOurs(offset.toTheirs(ours + 5_000)));
    }

    @Test
    void samplesAllocateNothing() {
        final Exchange exchange = new Exchange(4 * S, 30e-6, 37);
        exchange.run(offset, 20 * S);
        final long bytes = Allocation.bytesOf(() -> {
            for (int i = 0; i < 1_000; i++) {
                exchange.exchange(offset);
                exchange.advance(50 * MS);
                offset.toOurs(offset.toTheirs(i));
            }
        });
        assertTrue(bytes < 200, "bytes=" + bytes);
    }

    /** Two clocks and a link whose ways take 20 us, and seldom much more; each way on its own. */
    private static final class Exchange {
        private final SplittableRandom random;
        private final double drift;
        private final long startNs = 9 * S;
        private long baseNs;
        private long nowNs = startNs;

        Exchange(final long offsetNs, final double drift, final long seed) {
            baseNs = offsetNs;
            this.drift = drift;
            random = new SplittableRandom(seed);
        }

        long theirsNs(final long oursNs) {
            return oursNs + baseNs + (long) (drift * (oursNs - startNs));
        }

        void step(final long stepNs) {
            baseNs += stepNs;
        }

        void advance(final long durationNs) {
            nowNs += durationNs;
        }

        Outcome exchange(final ClockOffset into) {
            final long arrivedNs = nowNs + delayNs();
            final long answeredNs = arrivedNs + 1 + random.nextInt(50_000);
            final long sentNs = nowNs;
            nowNs = answeredNs + delayNs();
            return into.onSample(sentNs, theirsNs(arrivedNs), theirsNs(answeredNs), nowNs);
        }

        void run(final ClockOffset into, final long durationNs) {
            for (final long endNs = nowNs + durationNs; nowNs - endNs < 0;) {
                exchange(into);
                advance(50 * MS);
            }
            exchange(into);
        }

        long errorNs(final ClockOffset of) {
            return Math.abs(of.toTheirs(nowNs) - theirsNs(nowNs));
        }

        String sentence(final ClockOffset of) {
            return "errorNs=" + errorNs(of) + " roundTripNs=" + of.roundTripNs() + " drift=" + of.drift();
        }

        private long delayNs() {
            final long usualNs = 20 * US + random.nextInt(40_000);
            return random.nextInt(10) == 0 ? usualNs + random.nextInt(3_000_000) : usualNs;
        }
    }
}
