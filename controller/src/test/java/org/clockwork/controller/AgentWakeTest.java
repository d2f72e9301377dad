package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.storage.MemoryFiles;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CatalogueAckDecoder;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.InstallArtifactDecoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Running the agent at every microsecond gives the same messages at the same times as running it only when it says so,
 * or when a message has come.
 */
final class AgentWakeTest {
    private static final long US = 1_000L;
    private static final long END_US = 180_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void wakingOnlyWhenItSaysSoChangesNothing(final long seed) {
        final Run always = new Run(seed, true);
        final Run rarely = new Run(seed, false);
        final List<String> expected = always.run();
        final List<String> actual = rarely.run();
        for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
            assertEquals(expected.get(i), actual.get(i), "seed=" + seed + " message=" + i);
        }
        assertEquals(expected.size(), actual.size());
        assertTrue(expected.size() > 1_000, "messages=" + expected.size());
        assertTrue(rarely.workers.get(1).count(new FileChunkDecoder()) > 3, "files are sent to workers, too");
        assertTrue(rarely.cycles < always.cycles / 20, "cycles=" + rarely.cycles + " of " + always.cycles);
        assertTrue(rarely.bed.errors.isEmpty(), rarely.bed.errors.toString());
    }

    /** One run of the same random script. */
    private static final class Run {
        private final TestBed bed;
        private final boolean isAlways;
        private final SplittableRandom random;
        private final byte[] file = new byte[150_000];
        private final Map<Long, Integer> sent = new HashMap<>();
        private final List<ScriptedClient> clients = new ArrayList<>();
        private final List<ScriptedWorker> workers = new ArrayList<>();
        private final long startNs;
        private long cycles;

        Run(final long seed, final boolean isAlways) {
            this.isAlways = isAlways;
            random = new SplittableRandom(seed);
            bed = new TestBed(
                context -> context.transferTimeoutNs(15_000 * US).heartbeatNs(10_000 * US).timeoutNs(40_000 * US),
                new MemoryFiles(),
                new MemoryNetwork.Context()
                    .controlCapacity(128 * 1024).bulkCapacity(128 * 1024)
                    .latency((from, to, lane, length, nowNs) -> 37 * US)
                    .refusals((from, to, lane, length, nowNs) -> (nowNs / US) % 7 == 3 && to > 2));
            startNs = bed.clock.nanoTime();
            for (int i = 0; i < file.length; i++) {
                file[i] = (byte) random.nextInt();
            }
        }

        List<String> run() {
            for (int i = 0; i < 3; i++) {
                clients.add(bed.client());
            }
            workers.add(bed.worker("a").emulated(2));
            workers.add(bed.worker("b").cpu());
            long agentAtUs = 0;
            long actAtUs = 500;
            long acts = 0;
            for (long us = 0; us < END_US; us++) {
                bed.clock.set(startNs + us * US);
                final boolean isScripted = us == actAtUs;
                if (isScripted) {
                    act(acts++);
                    actAtUs = us + 300 + random.nextInt(1_400);
                }
                final long nowNs = bed.clock.nanoTime();
                if (isAlways || us == agentAtUs || bed.deliversBy(nowNs)) {
                    bed.agent.doWork();
                    cycles++;
                    agentAtUs = Math.max(us + 1, -Math.floorDiv(startNs - bed.agent.nextWakeNs(), US));
                }
                if (isScripted || us % 10 == 0) {
                    bed.peers.forEach(peer -> peer.poll(nowNs));
                }
            }
            final List<String> log = new ArrayList<>();
            for (int p = 0; p < bed.peers.size(); p++) {
                final ScriptedPeer peer = bed.peers.get(p);
                for (int i = 0; i < peer.received.size(); i++) {
                    final UnsafeBuffer message = peer.received.get(i);
                    log.add("peer=" + p + " us=" + (peer.receivedAtNs.get(i) - startNs) / US + " template="
                        + ScriptedPeer.templateId(message) + " hash=" + message.hashCode());
                }
            }
            return log;
        }

        private void act(final long ms) {
            final ScriptedClient client = clients.get(random.nextInt(clients.size()));
            if (ms < 3) {
                clients.get((int) ms).connect();
            } else if (ms < 5) {
                workers.get((int) ms - 3).join();
            } else if (ms == 140) {
                clients.get(2).answersKeepAlives = false;
            } else if (ms == 150) {
                workers.get(0).link.close();
            } else if (client.sessionId != 0 && !client.link.isClosed()) {
                act(client, random.nextInt(12));
            }
            answer(workers.get(0));
            answer(workers.get(1));
        }

        private void act(final ScriptedClient client, final int what) {
            switch (what) {
                case 0 -> client.registerProfile("p" + random.nextInt(4), 1 + random.nextInt(200), "x" + random.nextInt(4));
                case 1 -> client.registerFile("f", sha256(), file.length);
                case 2, 3, 9, 10, 11 -> clients.subList(0, 2).forEach(this::sendChunks);
                case 4 -> client.list("");
                case 5 -> client.status();
                case 6 -> client.unregister("p" + random.nextInt(4), 1);
                case 7 -> client.register(
                    "f", 1, "", file.length, sha256(), Map.of("d", 1 + random.nextInt(3)), true, Protocol.NULL_NS, 0);
                default -> client.infer(random.nextInt(100), client.count(new ModelEntryDecoder()) == 0
                    ? 1 : client.entry().modelId());
            }
        }

        private void sendChunks(final ScriptedClient client) {
            if (client.count(new CatalogueAckDecoder()) > 0 && client.ack().status() == Status.NEED_FILE) {
                final long transferId = client.ack().transferId();
                final int position = sent.getOrDefault(transferId, 0);
                if (position < file.length) {
                    client.chunk(transferId, file, position, 25_000);
                    client.chunk(transferId, file, position + 25_000, 25_000);
                    sent.put(transferId, position + 50_000);
                }
            }
        }

        private void answer(final ScriptedWorker worker) {
            final List<UnsafeBuffer> installs = worker.all(new InstallArtifactDecoder());
            if (!installs.isEmpty() && !worker.link.isClosed()) {
                final UnsafeBuffer install = installs.get(random.nextInt(installs.size()));
                final int artifactId = ScriptedPeer.decode(install, new InstallArtifactDecoder()).artifactId();
                if (worker == workers.get(1) && random.nextInt(3) > 0) {
                    worker.needFile(artifactId, artifactId);
                } else {
                    worker.ready(artifactId, 3, 1_000_000, 2_000_000);
                }
            }
        }

        private byte[] sha256() {
            try {
                return MessageDigest.getInstance("SHA-256").digest(file);
            } catch (final NoSuchAlgorithmException ex) {
                throw new AssertionError(ex);
            }
        }
    }
}
