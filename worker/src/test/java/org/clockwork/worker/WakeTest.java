package org.clockwork.worker;

import static org.clockwork.worker.WorkerRig.MS;
import static org.clockwork.worker.WorkerRig.US;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.MemoryDialer;
import org.clockwork.worker.StubController.Request;
import org.clockwork.worker.StubController.Result;
import org.junit.jupiter.api.Test;

/** An agent that is run only when it says so, or when a message comes, does the same as one that is run all the time. */
class WakeTest {
    private static final long STEPS = 250_000;

    @Test
    void runningAtEachMicrosecondChangesNothing() {
        for (long seed = 1; seed <= 2; seed++) {
            final Run always = new Run(seed, true);
            final Run onWake = new Run(seed, false);
            always.run();
            onWake.run();
            assertSame(always.heard(), onWake.heard(), seed);
            assertEquals(always.rig.errors.toString(), onWake.rig.errors.toString());
            for (final WorkerCounter counter : WorkerCounter.values()) {
                if (!counter.name().endsWith("BACK_PRESSURE") && counter != WorkerCounter.OUTPUT_ARENA_FULL) {
                    assertEquals(always.rig.count(counter), onWake.rig.count(counter), counter + " seed=" + seed);
                }
            }
            assertTrue(always.rig.count(WorkerCounter.ACTIONS) > 1000, "actions=" + always.rig.count(WorkerCounter.ACTIONS));
            assertTrue(always.rig.count(WorkerCounter.OUTPUTS) > 100);
            assertTrue(always.rig.count(WorkerCounter.INPUT_ORPHANS) > 0);
            assertTrue(always.rig.count(WorkerCounter.SESSIONS) > 1);
            assertTrue(onWake.cycles < always.cycles / 4, onWake.cycles + " of " + always.cycles);
            assertTrue(onWake.rig.agent.isDrained());
            final List<Status> statuses =
                onWake.rig.controller.all(Result.class).stream().map(Result::status).distinct().toList();
            assertTrue(statuses.size() >= 8, statuses.toString());
            always.rig.close();
            onWake.rig.close();
        }
    }

    private static void assertSame(final List<String> expected, final List<String> actual, final long seed) {
        for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
            assertEquals(expected.get(i), actual.get(i), "message=" + i + " seed=" + seed);
        }
        assertEquals(expected.size(), actual.size(), "seed=" + seed);
    }

    /** One run of one script. */
    private static final class Run {
        final WorkerRig rig;
        long cycles;
        private final SplittableRandom script;
        private final boolean isAlways;
        private long nextId = 1000;

        Run(final long seed, final boolean isAlways) {
            this.isAlways = isAlways;
            script = new SplittableRandom(seed);
            final SplittableRandom latency = new SplittableRandom(seed + 100);
            final SplittableRandom refusals = new SplittableRandom(seed + 200);
            rig = new WorkerRig(
                c -> c.backend(new EmulatedBackend(new EmulatedContext().devices(2).memoryBytes(10L << 24).seed(seed)
                    .maxBatch(4).executeJitter(0.05).profiles(WorkerRig.profiles())))
                    .limits().outputsPerCycle(1).inputTimeoutNs(3 * MS).bulkPollLimit(1),
                n -> n
                    .latency((from, to, lane, length, nowNs) -> 1 + latency.nextLong(30_000))
                    .refusals((from, to, lane, length, nowNs) -> refusals.nextInt() == 0));
        }

        void run() {
            long wakeNs = rig.now();
            final MemoryDialer dialer = (MemoryDialer) rig.context.dialer();
            for (long step = 0; step < STEPS; step++) {
                rig.clock.advance(US);
                final long nowNs = rig.now();
                rig.controller.doWork();
                act(step);
                final boolean isOrdered = step == STEPS - 70_000;
                if (isOrdered) {
                    rig.agent.drain();
                }
                if (isAlways || isOrdered || wakeNs - nowNs <= 0 || dialer.nextDeliveryNs() - nowNs <= 0) {
                    rig.agent.doWork(nowNs);
                    wakeNs = rig.agent.nextWakeNs(nowNs);
                    cycles++;
                }
            }
        }

        List<String> heard() {
            return rig.controller.heard.stream().map(Object::toString).toList();
        }

        private void act(final long step) {
            final StubController controller = rig.controller;
            if (step == STEPS / 2) {
                rig.controller.link.close();
            }
            if (controller.link == null || !controller.link.isConnected() || step < 2_000 || script.nextInt(100) > 0) {
                return;
            }
            if (step % 20_000 < 2_000) {
                controller.installProfile(1, 1, WorkerRig.SMALL, 4);
                controller.installProfile(2, 2, WorkerRig.WIDE, 4);
                return;
            }
            final long earliest = rig.now() - 50 * US + script.nextLong(2 * MS);
            final long latest = earliest - 20 * US + script.nextLong(3 * MS);
            final long id = nextId++;
            final long model = 100 + script.nextInt(6);
            switch (script.nextInt(12)) {
                case 0 -> controller.load(1, id, earliest, latest, model, 1 + (int) (model & 1), script.nextInt(2));
                case 1 -> controller.unload(id, earliest, latest, model);
                case 2 -> controller.profile(id, earliest, latest, model, 1 + script.nextInt(4));
                case 3 -> controller.cancel(id - 1 - script.nextInt(5));
                case 4 -> controller.input(id + script.nextInt(30), 0, 0, 4000, new byte[4000]);
                case 5, 6 -> controller.infer(id, earliest, latest, model, 1, Request.bulk(id, 4000));
                default -> controller.infer(
                    id, earliest, latest, model, 2, Request.generated(id, id), Request.omitted(id + 100_000));
            }
        }
    }
}
