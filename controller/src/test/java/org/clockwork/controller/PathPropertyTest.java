package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/** Whatever comes: each request ends exactly once, pages are never over-committed, and all slots come back. */
class PathPropertyTest {
    private static final long MS = 1_000_000L;

    @Test
    void anySeed() {
        for (int seed = 0; seed < 60; seed++) {
            run(seed);
        }
    }

    @Test
    @Tag("slow")
    void manySeeds() {
        for (int seed = 1_000; seed < 4_000; seed++) {
            run(seed);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7, 13})
    void sameSeedSameMessages(final long seed) {
        assertEquals(new Chaos(seed, true).run(), new Chaos(seed, true).run());
    }

    private static void run(final long seed) {
        try {
            new Chaos(seed, false).run();
        } catch (final AssertionError | RuntimeException ex) {
            throw new AssertionError("seed=" + seed + ": " + ex.getMessage(), ex);
        }
    }

    /** One run: two seconds of everything at once, then quiet. */
    private static final class Chaos {
        private final SplittableRandom random;
        private final PathRig rig;
        private final List<Model> models = new ArrayList<>();
        private final boolean isLossy;
        private final boolean isFaulty;
        private int nextOffset;

        Chaos(final long seed, final boolean isLogged) {
            random = new SplittableRandom(seed);
            rig = new PathRig(random.nextInt(3) * 50_000L);
            isLossy = random.nextInt(4) == 0;
            isFaulty = random.nextInt(3) == 0;
            rig.context.policy(random.nextBoolean() ? "paper" : "slack");
            rig.context.maxRequests(random.nextInt(5) == 0 ? 20 : 512);
            rig.context.maxActions(random.nextInt(5) == 0 ? 8 : 256);
            rig.context.maxOutstanding(random.nextInt(5) == 0 ? 1 : 8);
            rig.context.maxWaitingMessages(random.nextInt(3) == 0 ? 2 : 64);
            rig.context.arenaBytes(random.nextInt(4) == 0 ? 64 << 10 : 4 << 20);
            rig.context.agingNs(200 * MS).retryNs(100_000);
            rig.log = isLogged ? new StringBuilder() : null;
            rig.start();
            final int[] sizes = {8, 900, 3_000, 150_000};
            for (int i = 0; i < 3 + random.nextInt(3); i++) {
                final boolean isKnown = random.nextInt(3) > 0;
                final int input = sizes[random.nextInt(sizes.length)];
                final int output = sizes[random.nextInt(sizes.length)];
                final Artifact artifact = rig.catalogue.artifact(
                    1 + random.nextInt(7), input, output, rig.loadNs, isKnown ? PathRig.RESNET : new long[0]);
                for (int j = 0; j < 1 + random.nextInt(4); j++) {
                    models.add(rig.register(artifact));
                }
            }
            for (int i = 0; i < 1 + random.nextInt(3); i++) {
                addWorker();
            }
            for (int i = 0; i < 1 + random.nextInt(3); i++) {
                rig.client(1 + random.nextInt(64));
            }
        }

        String run() {
            final long endNs = rig.nowNs + 1_000 * MS;
            while (rig.nowNs < endNs) {
                rig.runFor(random.nextInt(2_000) * 1_000L);
                step();
            }
            rig.workers.forEach(worker -> worker.link.isRefusing = false);
            rig.clients.forEach(client -> client.link.isRefusing = false);
            rig.workers.forEach(worker -> worker.fault = (kind, id) -> Status.OK);
            rig.workers.forEach(worker -> worker.lossRate = 0);
            rig.runFor(12_000 * MS);
            check();
            checkThatAllIsServedAgain();
            return rig.log == null ? "" : rig.log.toString();
        }

        private void step() {
            final int what = random.nextInt(100);
            if (what < 75) {
                for (int i = 0; i < 1 + random.nextInt(6); i++) {
                    ask();
                }
            } else if (what < 83) {
                final RigClient client = anyClient();
                if (!client.all.isEmpty()) {
                    client.cancel(client.all.get(random.nextInt(client.all.size())).id);
                }
            } else if (what < 87) {
                anyClient().link.isRefusing = random.nextBoolean();
            } else if (what < 91) {
                final RigWorker worker = rig.workers.get(random.nextInt(rig.workers.size()));
                worker.link.isRefusing = random.nextBoolean();
            } else if (what < 93) {
                loseWorker();
            } else if (what < 97) {
                if (rig.workers.size() < 12) {
                    addWorker();
                }
            } else if (what < 98 && random.nextInt(4) == 0) {
                final Model model = models.get(random.nextInt(models.size()));
                if (model.state != ModelState.UNREGISTERED) {
                    model.state = ModelState.UNREGISTERED;
                    rig.path.onModelGone(model, Status.MODEL_GONE, rig.nowNs);
                }
            } else if (what < 99) {
                final RigClient client = anyClient();
                if (!client.session.isClosed) {
                    rig.close(client.session);
                }
            } else if (rig.clients.size() < 6) {
                rig.client(32);
            }
        }

        private void ask() {
            final RigClient client = anyClient();
            final Model model = models.get(random.nextInt(models.size()));
            final RigClient.Ask ask = new RigClient.Ask();
            ask.sloNs = random.nextInt(5) == 0 ? Protocol.NULL_NS : (1 + random.nextInt(200)) * MS;
            ask.elapsedNs = random.nextInt(20) == 0 ? random.nextInt(300) * MS : 0;
            ask.isGenerated = random.nextInt(3) == 0;
            ask.omitsOutput = random.nextInt(3) == 0;
            final int total = model.artifact.inputBytes;
            if (client.session.isClosed) {
                return;
            }
            final RigClient.Sent sent = client.ask(model, ask);
            if (!ask.isGenerated && total > Protocol.DEFAULT_INLINE_BYTES) {
                final boolean isComplete = random.nextInt(10) > 0;
                for (int at = 0; at < total; at += Protocol.MAX_CHUNK_BYTES) {
                    final int length = Math.min(Protocol.MAX_CHUNK_BYTES, total - at);
                    if (isComplete || random.nextBoolean()) {
                        final int from = at;
                        rig.at(rig.nowNs + random.nextInt(3) * MS, () -> client.input(sent.id, 0, from, total, length));
                    }
                }
            }
        }

        private RigClient anyClient() {
            return rig.clients.get(random.nextInt(rig.clients.size()));
        }

        private void addWorker() {
            final RigWorker worker =
                rig.worker(1 + random.nextInt(2), 8 + random.nextInt(24), random.nextLong(2_000 * MS) - 1_000 * MS);
            worker.jitter = random.nextInt(2) * 0.1;
            worker.repeatsResults = random.nextInt(4) == 0;
            worker.lossRate = isLossy ? 0.01 : 0;
            worker.isLenient = true;
            final double rate = isFaulty ? 0.03 : 0;
            final SplittableRandom faults = random.split();
            worker.fault = (kind, id) -> {
                if (rate == 0 || faults.nextDouble() > rate) {
                    return Status.OK;
                }
                switch (kind) {
                    case INFER:
                        return faults.nextBoolean() ? Status.INFER_FAILED : Status.ACTION_QUEUE_FULL;
                    case LOAD:
                        return faults.nextBoolean() ? Status.LOAD_FAILED : null;
                    case UNLOAD:
                        return Status.UNLOAD_IN_USE;
                    default:
                        return Status.PROFILE_TOO_LATE;
                }
            };
            for (int i = 0; i < models.size() && i < 2; i++) {
                final Model model = models.get(i);
                if (model.state != ModelState.UNREGISTERED && model.artifact.pages <= worker.freePages(0)) {
                    worker.hold(0, model);
                }
            }
            worker.join();
        }

        private void loseWorker() {
            final RigWorker worker = rig.workers.get(nextOffset++ % rig.workers.size());
            if (!worker.isDead) {
                if (random.nextBoolean()) {
                    worker.die();
                    rig.at(rig.nowNs + random.nextInt(300) * MS, () -> {
                        worker.isDead = false;
                        rig.lose(worker);
                    });
                } else {
                    rig.lose(worker);
                }
            }
        }

        /** Once nothing fails any more, every model is measured and served. */
        private void checkThatAllIsServedAgain() {
            addWorker();
            rig.workers.get(rig.workers.size() - 1).fault = (kind, id) -> Status.OK;
            rig.workers.get(rig.workers.size() - 1).lossRate = 0;
            rig.runFor(12_000 * MS);
            final RigClient client = rig.client(64);
            for (final Model model : models) {
                if (model.state != ModelState.UNREGISTERED) {
                    final RigClient.Ask ask = new RigClient.Ask();
                    ask.isGenerated = true;
                    ask.sloNs = 2_000 * MS;
                    client.ask(model, ask);
                    rig.runFor(100 * MS);
                }
            }
            rig.runFor(2_000 * MS);
            assertEquals(client.all.size(), client.count(Status.OK), "served again");
        }

        private void check() {
            for (final RigClient client : rig.clients) {
                assertEquals(0, client.unknownResponses);
                for (final RigClient.Sent sent : client.all) {
                    if (client.session.isClosed) {
                        assertTrue(sent.ends <= 1, "ended " + sent.ends + " times");
                    } else {
                        assertEquals(1, sent.ends, "ends of a request that ended with " + sent.status);
                        if (sent.status == Status.OK) {
                            assertEquals(sent.outputBytes, Math.max(sent.inlineOutput, sent.relayedOutput));
                        }
                    }
                }
                assertEquals(0, client.session.inFlight);
                assertEquals(0, client.session.bytesInFlight);
            }
            assertEquals(0, rig.path.requestsInFlight());
            assertEquals(0, rig.path.figures().malformed);
            for (final RigWorker worker : rig.workers) {
                if (!worker.isDead && !isLossy) {
                    for (int i = 0; i < worker.state.devices.size(); i++) {
                        final DeviceState device = worker.state.devices.get(i);
                        assertEquals(worker.freePages(i), device.freePages, "free pages of the mirror");
                    }
                }
            }
        }
    }
}
