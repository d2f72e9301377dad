package org.clockwork.loadgen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** Sends on time, sees each request to its one end, allocates nothing. */
class LoadDriverTest {
    private static final long MS = 1_000_000L;
    private static final long START = 1_000 * MS;
    private static final int OK = Status.OK.value();

    private final Recorder recorder = new Recorder(List.of("m"));
    private final ArrayDeque<Long> taken = new ArrayDeque<>();
    private boolean isTaking = true;

    @Test
    void sendsAtTheIntendedTimeAndNotBefore() {
        final LoadDriver driver = driver(10, 10, 100 * MS, 0, 1_000 * MS);
        assertEquals(START + 50 * MS, driver.nextWakeNs());
        assertEquals(0, driver.doWork(START + 50 * MS - 1));
        assertEquals(1, driver.doWork(START + 50 * MS));
        assertEquals(1, driver.inFlight());
        driver.onEnd(taken.remove(), OK, 0, START + 60 * MS);
        assertEquals(0, driver.inFlight());
        assertEquals(1, recorder.count(Outcome.IN_TIME));
    }

    @Test
    void waitingToBeSentCountsAsLatency() {
        final LoadDriver driver = driver(10, 10, 100 * MS, 0, 1_000 * MS);
        isTaking = false;
        assertEquals(0, driver.doWork(START + 50 * MS));
        assertEquals(0, driver.inFlight());
        isTaking = true;
        assertEquals(1, driver.doWork(START + 90 * MS));
        driver.onEnd(taken.remove(), OK, 0, START + 151 * MS);
        assertEquals(1, recorder.count(Outcome.LATE));
        assertFalse(Summary.of(recorder, run(true)).isValid());
        assertTrue(Summary.of(recorder, run(false)).isValid());
    }

    @Test
    void theEdgeOfTheSloFromBothSides() {
        final LoadDriver driver = driver(10, 10, 100 * MS, 0, 1_000 * MS);
        driver.doWork(START + 150 * MS);
        assertEquals(2, taken.size());
        driver.onEnd(taken.remove(), OK, 0, START + 150 * MS);
        driver.onEnd(taken.remove(), OK, 0, START + 250 * MS + 1);
        assertEquals(1, recorder.count(Outcome.IN_TIME));
        assertEquals(1, recorder.count(Outcome.LATE));
    }

    @Test
    void givesUpWhatCouldNotBeSentWithinItsSlo() {
        final LoadDriver driver = driver(10, 10, 100 * MS, 0, 1_000 * MS);
        isTaking = false;
        assertEquals(0, driver.doWork(START + 150 * MS));
        assertEquals(1, driver.doWork(START + 150 * MS + 1));
        final Summary summary = Summary.of(recorder, run(true));
        assertEquals(1, summary.total().offered());
        assertEquals(Map.of("CLIENT_BACK_PRESSURE", 1L), summary.total().refusedBy());
    }

    @Test
    void refusedClientsAskAgainWhenTheDeadlineHasPassedAndAnsweredOnesAtOnce() {
        final LoadDriver driver = new LoadDriver(
            List.of(new LoadStream(0, "s", new ClosedLoopArrivals(2, 0, 0, true, new Xoshiro(1, "clients")), new long[] {7},
                new int[] {0}, 100 * MS, ModelChoice.uniform(1, null))),
            this::take, recorder, 10, START, 0, 1_000 * MS);
        assertEquals(2, driver.doWork(START));
        driver.onEnd(taken.remove(), Status.DEADLINE_UNREACHABLE.value(), 0, START + 10 * MS);
        driver.onEnd(taken.remove(), OK, 0, START + 30 * MS);
        assertEquals(START + 30 * MS, driver.nextWakeNs());
        assertEquals(1, driver.doWork(START + 30 * MS));
        assertEquals(START + 100 * MS, driver.nextWakeNs());
    }

    @Test
    void anObserverSeesEachRecordedRequestTwice() {
        final List<String> seen = new ArrayList<>();
        final LoadDriver driver = driver(10, 10, 100 * MS, 100 * MS, 1_000 * MS).observer(new LoadObserver() {
            @Override
            public void onOffered(final LoadStream stream, final int modelIndex, final long dueNs) {
                seen.add("offered " + modelIndex + " " + dueNs / MS);
            }

            @Override
            public void onEnded(final LoadStream stream, final int modelIndex, final long dueNs, final Outcome outcome) {
                seen.add(outcome + " " + modelIndex + " " + dueNs / MS);
            }
        });
        driver.doWork(START + 150 * MS);
        driver.onEnd(taken.remove(), OK, 0, START + 150 * MS);
        driver.onEnd(taken.remove(), OK, 0, START + 160 * MS);
        assertEquals(List.of("offered 0 150", "IN_TIME 0 150"), seen);
    }

    @Test
    void limitOfRequestsInFlightHolds() {
        final LoadDriver driver = driver(1_000, 4, 100 * MS, 0, 1_000 * MS);
        assertEquals(4, driver.doWork(START + 50 * MS));
        assertEquals(4, driver.inFlight());
        driver.onEnd(taken.remove(), OK, 0, START + 51 * MS);
        assertEquals(1, driver.doWork(START + 51 * MS));
    }

    @Test
    void aSecondEndIsCountedAndChangesNothing() {
        final LoadDriver driver = driver(10, 10, 100 * MS, 0, 1_000 * MS);
        driver.doWork(START + 50 * MS);
        final long tag = taken.remove();
        driver.onEnd(tag, OK, 0, START + 51 * MS);
        driver.onEnd(tag, OK, 0, START + 52 * MS);
        driver.onEnd(-1L, OK, 0, START + 52 * MS);
        driver.onEnd(9_999L, OK, 0, START + 52 * MS);
        assertEquals(3, driver.unknownEnds());
        assertEquals(1, recorder.count(Outcome.IN_TIME));
        assertEquals(0, driver.inFlight());
    }

    @Test
    void warmUpIsSentAndNotRecorded() {
        final LoadDriver driver = driver(10, 10, 100 * MS, 100 * MS, 200 * MS);
        driver.doWork(START + 1_000 * MS);
        assertEquals(3, taken.size());
        while (!taken.isEmpty()) {
            driver.onEnd(taken.remove(), OK, 0, START + 1_000 * MS);
        }
        assertEquals(2, recorder.offered());
        assertTrue(driver.isDone(START + 1_000 * MS));
        assertEquals(200 * MS, driver.recordedNs());
        assertEquals(Long.MAX_VALUE, driver.nextWakeNs());
    }

    @Test
    void stopWaitsForWhatIsInFlight() {
        final LoadDriver driver = driver(10, 10, 100 * MS, 0, 1_000 * MS);
        driver.doWork(START + 50 * MS);
        driver.stop(START + 60 * MS);
        assertEquals(0, driver.doWork(START + 500 * MS));
        assertFalse(driver.isDone(START + 500 * MS));
        driver.onEnd(taken.remove(), Status.CANCELLED.value(), 0, START + 70 * MS);
        assertTrue(driver.isDone(START + 500 * MS));
        assertEquals(60 * MS, driver.recordedNs());
        assertEquals(1, recorder.count(Outcome.CANCELLED));
    }

    @Test
    void startOfTheClockMayBeNegativeAndWrap() {
        final long start = Long.MAX_VALUE - 10 * MS;
        final LoadDriver driver = new LoadDriver(
            List.of(stream(10, 100 * MS)), this::take, recorder, 10, start, 0, 1_000 * MS);
        assertEquals(0, driver.doWork(start + 50 * MS - 1));
        assertEquals(1, driver.doWork(start + 50 * MS));
        driver.onEnd(taken.remove(), OK, 0, start + 60 * MS);
        assertEquals(1, recorder.count(Outcome.IN_TIME));
    }

    @Test
    void allocatesNothingPerRequest() {
        final long[] tags = new long[1_000];
        final int[] count = {0};
        final RequestSink sink = (stream, model, sequence, tag, intendedNs, nowNs) -> {
            tags[count[0]++] = tag;
            return true;
        };
        final LoadDriver driver = new LoadDriver(
            List.of(stream(1_000_000, 100 * MS)), sink, recorder, 1_000, START, 0, Long.MAX_VALUE / 4);
        final long[] nowNs = {START};
        final Runnable work = () -> {
            for (int i = 0; i < 2_000; i++) {
                nowNs[0] += 50_000;
                driver.doWork(nowNs[0]);
                while (count[0] > 0) {
                    driver.onEnd(tags[--count[0]], OK, 0, nowNs[0]);
                }
            }
        };
        work.run();
        final long before = recorder.offered();
        final long bytes = Allocation.bytesOf(work);
        assertTrue(recorder.offered() - before >= 99_999);
        assertTrue(bytes < 100_000, "bytes=" + bytes);
    }

    private LoadDriver driver(
        final double ratePerS, final int inFlight, final long sloNs, final long warmupNs, final long durationNs) {
        return new LoadDriver(
            List.of(stream(ratePerS, sloNs)), this::take, recorder, inFlight, START, warmupNs, durationNs);
    }

    private static LoadStream stream(final double ratePerS, final long sloNs) {
        return new LoadStream(
            0, "s", new FixedRateArrivals(ratePerS, 0.5), new long[]{7}, new int[]{0}, sloNs, new Xoshiro(1, "choice"));
    }

    private boolean take(
        final LoadStream stream, final int model, final long sequence, final long tag, final long intendedNs, final long nowNs) {
        if (isTaking) {
            taken.add(tag);
        }
        return isTaking;
    }

    private static Summary.Run run(final boolean isLive) {
        return new Summary.Run(1_000 * MS, 1_000 * MS, 1, "test", Map.of(), isLive);
    }

    @Test
    void aStreamChecksItself() {
        assertEquals(Protocol.NULL_NS, stream(1, Protocol.NULL_NS).sloNs());
        org.junit.jupiter.api.Assertions.assertThrows(IllegalArgumentException.class, () -> stream(1, 0));
    }
}
