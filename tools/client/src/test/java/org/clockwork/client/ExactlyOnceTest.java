package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** Each request ends exactly once, whatever is lost, late, repeated, cancelled or given up. */
class ExactlyOnceTest {
    private static final long MS = 1_000_000;
    private static final Status[] STATUSES = {
        Status.OK, Status.DEADLINE_UNREACHABLE, Status.CANCELLED, Status.EXECUTION_FAILED, Status.UNKNOWN_REQUEST};

    private final Set<Long> sent = new HashSet<>();
    private final List<Long> ids = new ArrayList<>();
    private final Map<Status, Integer> seen = new HashMap<>();
    private Random random;
    private Bench bench;

    @Test
    void underRandomSchedules() {
        for (int seed = 0; seed < 80; seed++) {
            sent.clear();
            ids.clear();
            random = new Random(seed);
            final Random network = new Random(seed + 1000);
            bench = new Bench(
                c -> c.maxInFlight(16).outputArenaBytes(1 << 18).outputTimeoutNs(30 * MS).connectTimeoutNs(40 * MS),
                n -> n.refusals((from, to, lane, length, now) -> network.nextInt(8) == 0)
                    .latency((from, to, lane, length, now) -> network.nextInt(3_000_000)));
            bench.stub.grant = new ControllerStub.Grant(12, 400_000, 1024, 10 * MS, 60 * MS);
            for (int step = 0; step < 600; step++) {
                act();
                bench.advance(random.nextInt(4) == 0 ? random.nextInt((int) (20 * MS)) : random.nextInt(200_000));
                check(seed);
            }
            bench.core.close(bench.clock.nanoTime());
            check(seed);
            assertEquals(sent, bench.recorder.endsById.keySet(), "seed " + seed);
            assertEquals(0, bench.core.inFlight());
            assertEquals(0, bench.core.abandoned());
            assertEquals(0, bench.core.outputBytesInUse(), "seed " + seed);
            bench.recorder.ends.forEach(end -> seen.merge(end.status(), 1, Integer::sum));
        }
        for (final Status status : List.of(
            Status.OK, Status.CANCELLED, Status.CLIENT_TIMED_OUT, Status.OUTCOME_UNKNOWN, Status.OUTPUT_LOST)) {
            assertTrue(seen.getOrDefault(status, 0) > 50, status + " is rare: " + seen);
        }
    }

    private void check(final int seed) {
        final ClientCounts c = bench.core.counts();
        bench.recorder.endsById.forEach((id, times) -> assertEquals(1, times, "seed " + seed));
        assertEquals(sent.size(), bench.core.inFlight() + bench.recorder.ends.size(), "seed " + seed);
        assertEquals(c.requestsSent(), bench.core.inFlight() + c.answered() + c.refused() + c.timedOut() + c.cancelled() +
            c.outcomeUnknown() + c.outputsLost(), "seed " + seed);
    }

    private void act() {
        switch (random.nextInt(12)) {
            case 0, 1, 2, 3 -> infer();
            case 4 -> {
                if (!ids.isEmpty()) {
                    bench.core.cancel(any(), bench.clock.nanoTime());
                }
            }
            case 5, 6, 7 -> answer();
            case 8 -> outputs();
            case 9 -> bench.stub.send(bench.stub.encoder.keepAlive(bench.stub.sessionId, 1, 2, 3));
            case 10 -> lose();
            default -> bench.stub.send(bench.stub.encoder.queryEnd(bench.stub.sessionId, 1, Status.OK, 0));
        }
    }

    private void infer() {
        final int length = random.nextInt(3) == 0 ? random.nextInt(150_000) : random.nextInt(1200);
        final RequestSpec spec = new RequestSpec().model(1).input(new UnsafeBuffer(new byte[length]), 0, length);
        if (random.nextInt(3) == 0) {
            spec.timeoutNs(random.nextInt((int) (30 * MS)));
        }
        final long id = bench.core.infer(spec, bench.clock.nanoTime());
        if (id > 0) {
            assertTrue(sent.add(id), "an id is used once");
            ids.add(id);
        }
    }

    /** Mostly one of the last, so that it is still in flight. */
    private long any() {
        final int back = random.nextInt(random.nextInt(4) == 0 ? ids.size() : Math.min(8, ids.size()));
        return ids.get(ids.size() - 1 - back);
    }

    private void answer() {
        if (ids.isEmpty()) {
            return;
        }
        final long id = any();
        if (random.nextInt(3) == 0) {
            bench.stub.answerLarge(id, 3000);
            if (random.nextBoolean()) {
                bench.stub.output(id, 0, 0, 3000, new byte[3000]);
            }
        } else {
            bench.stub.answer(id, STATUSES[random.nextInt(STATUSES.length)]);
        }
    }

    private void outputs() {
        if (!ids.isEmpty()) {
            final long id = any();
            final byte[] bytes = new byte[3000];
            Arrays.fill(bytes, (byte) 1);
            bench.stub.output(id, 0, 0, 3000, Arrays.copyOf(bytes, random.nextBoolean() ? 3000 : 1500));
            if (random.nextBoolean()) {
                bench.stub.output(id, 0, 1500, 3000, Arrays.copyOf(bytes, 1500));
            }
        }
    }

    private void lose() {
        if (random.nextInt(3) != 0 || bench.stub.link == null) {
            return;
        }
        switch (random.nextInt(3)) {
            case 0 -> bench.stub.link.close();
            case 1 -> bench.network.cut(bench.stub.link);
            default -> bench.stub.send(bench.stub.encoder.sessionClosed(bench.stub.sessionId, Status.SLOW_CONSUMER, ""));
        }
    }
}
