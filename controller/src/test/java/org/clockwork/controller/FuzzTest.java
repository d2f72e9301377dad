package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.logbuffer.BufferClaim;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.storage.MemoryFiles;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ActionResultEncoder;
import org.clockwork.schema.codec.CancelRequestEncoder;
import org.clockwork.schema.codec.InputEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.OutputEncoder;
import org.clockwork.schema.codec.QueryEndDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random, truncated and damaged messages on every stream are counted and dropped, and the service goes on. */
final class FuzzTest {
    private static final int ROUNDS = 500;
    private static final int MESSAGES_A_ROUND = 10;

    private final TestBed bed = new TestBed(
        context -> context.maxModels(300).maxArtifacts(20).maxSessions(50).maxWorkers(20).maxDevices(40),
        new MemoryFiles(), new MemoryNetwork.Context());
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[128 * 1024]);
    private long junk;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void nothingThatPeersSendStopsTheService(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final ScriptedClient client = bed.connected();
        final ScriptedWorker worker = bed.live("w", 2);
        client.registerProfile("steady", 1, "x");
        bed.run(0);
        worker.ready(0, 3, 1_000_000, 2_000_000, 3_000_000);
        bed.run(1);
        final long modelId = client.entry().modelId();
        final List<byte[]> clientMessages = clientMessages(client, modelId);
        final List<byte[]> workerMessages = workerMessages(worker, modelId);

        for (int round = 0; round < ROUNDS; round++) {
            final ScriptedPeer evilClient = random.nextInt(3) > 0 ? client : bed.client();
            final ScriptedPeer evilWorker = random.nextInt(3) > 0 ? worker : bed.worker("evil" + round);
            bed.run(0);
            for (int i = 0; i < MESSAGES_A_ROUND; i++) {
                send(evilClient.link, random, clientMessages);
                send(evilWorker.link, random, workerMessages);
            }
            bed.run(1);
            assertTrue(bed.errors.isEmpty(), () -> "seed=" + seed + " " + bed.errors.get(0));
            forget(evilClient, client);
            forget(evilWorker, worker);
            if (client.link.isClosed() || worker.link.isClosed()) {
                break;
            }
        }
        assertTrue(counted() > junk / 3, "counted=" + counted() + " junk=" + junk);
        serves();
    }

    /** The service as those find it who come now. */
    private void serves() {
        bed.peers.forEach(peer -> peer.link.close());
        bed.peers.clear();
        bed.run(2);
        final ScriptedClient client = bed.connected();
        final ScriptedWorker worker = bed.live("new", 1);
        client.unregister("after", 1);
        bed.run(1);
        client.registerProfile("after", 1, "y");
        bed.run(1);
        assertEquals(Status.OK, client.ack().status());
        final int artifactId = client.entry().artifactId();
        bed.run(50);
        worker.ready(artifactId, 3, 1_000_000, 2_000_000);
        bed.run(1);
        client.forget();
        client.list("after");
        bed.run(1);
        assertEquals(1, client.last(new QueryEndDecoder()).count());
        assertEquals(1, client.count(new ModelEntryDecoder()));
        assertEquals(ModelState.READY, client.entry().state());
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
    }

    private long counted() {
        return bed.count(ControllerCounter.MALFORMED) + bed.count(ControllerCounter.UNEXPECTED)
            + bed.count(ControllerCounter.UNKNOWN_SESSION) + bed.count(ControllerCounter.CHUNKS_DROPPED)
            + bed.agent.requestPath().figures().malformed;
    }

    private void forget(final ScriptedPeer peer, final ScriptedPeer kept) {
        if (peer != kept) {
            peer.link.close();
            bed.peers.remove(peer);
        }
    }

    private void send(final Link link, final SplittableRandom random, final List<byte[]> messages) {
        final byte[] message = messages.get(random.nextInt(messages.size()));
        int length = message.length;
        scratch.putBytes(0, message);
        switch (random.nextInt(8)) {
            case 0 -> {
                length = random.nextInt(200);
                fill(random, 0, length);
            }
            case 1 -> fill(random, MessageHeaderEncoder.ENCODED_LENGTH, length - MessageHeaderEncoder.ENCODED_LENGTH);
            case 2 -> length = random.nextInt(length);
            case 3, 4, 5 -> {
                for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                    final int at = random.nextInt(length);
                    scratch.putByte(at, (byte) (scratch.getByte(at) ^ 1 << random.nextInt(8)));
                }
            }
            case 6 -> {
                // whole, but out of turn
            }
            default -> {
                final int at = random.nextInt(length);
                fill(random, at, Math.min(8, length - at));
            }
        }
        link.offer(random.nextInt(6) == 0 ? Link.BULK : Link.CONTROL, scratch, 0, length);
        junk++;
    }

    private void fill(final SplittableRandom random, final int offset, final int length) {
        for (int i = 0; i < length; i++) {
            scratch.putByte(offset + i, (byte) random.nextInt());
        }
    }

    private static List<byte[]> clientMessages(final ScriptedClient like, final long modelId) {
        final Tap tap = new Tap();
        final ScriptedClient client = new ScriptedClient(null, like.incarnation);
        client.link = tap;
        client.sessionId = like.sessionId;
        client.connect();
        client.keepAlive(1, 2, 3);
        client.list("");
        client.list("steady");
        client.status();
        client.infer(1L << 32, modelId);
        client.infer(7, modelId);
        client.registerProfile("p", 3, "x");
        client.register("f", 1, "", 1000, new byte[32], Map.of("a", 1, "bb", 2), true, 5, 4);
        client.unregister("p", 3);
        client.chunk(1L << 32, new byte[1000], 0, 100);
        client.send(Link.CONTROL, new CancelRequestEncoder().wrapAndApplyHeader(client.buffer, 0, client.header)
            .sessionId(client.sessionId).requestId(7));
        client.send(Link.BULK, new InputEncoder().wrapAndApplyHeader(client.buffer, 0, client.header)
            .sessionId(client.sessionId).requestId(7).position(0).totalLength(12).tensorIndex(0)
            .putBytes(new byte[12], 0, 12));
        return tap.messages;
    }

    private static List<byte[]> workerMessages(final ScriptedWorker like, final long modelId) {
        final Tap tap = new Tap();
        final ScriptedWorker worker = new ScriptedWorker(null, like.name, like.incarnation);
        worker.emulated(2);
        worker.link = tap;
        worker.epoch = 1;
        worker.hello();
        worker.inventory(List.of(new ScriptedWorker.Held(0, modelId, 3, new byte[32])), false);
        worker.heartbeat(1, 2, 3);
        worker.needFile(0, 1);
        worker.failed(1, Status.COMPILE_FAILED, "why");
        worker.ready(0, 1, 2, 3, 4);
        for (final ActionKind kind : List.of(ActionKind.LOAD, ActionKind.INFER, ActionKind.PROFILE, ActionKind.UNLOAD)) {
            final ActionResultEncoder result =
                new ActionResultEncoder().wrapAndApplyHeader(worker.buffer, 0, worker.header)
                    .epoch(1).actionId(1L << 32).modelId(modelId).receivedNs(1).startNs(2).copyInNs(3).executeNs(4)
                    .executeStartNs(5).copyOutNs(6).endNs(7).sentNs(8).status(Status.OK).kind(kind).deviceIndex(0)
                    .batchSize(1).freePages(3);
            result.outputsCount(1).next().requestId(1L << 32).outputBytes(8).putOutput(new byte[8], 0, 8);
            worker.send(Link.CONTROL, result.detail(""));
        }
        worker.send(Link.BULK, new OutputEncoder().wrapAndApplyHeader(worker.buffer, 0, worker.header)
            .sessionId(0).requestId(1L << 32).position(0).totalLength(8).tensorIndex(0).putBytes(new byte[8], 0, 8));
        return tap.messages;
    }

    /** Keeps what is sent. */
    private static final class Tap implements Link {
        private final List<byte[]> messages = new ArrayList<>();

        @Override
        public long id() {
            return 0;
        }

        @Override
        public boolean tryClaim(final int lane, final int length, final BufferClaim claim) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean offer(final int lane, final DirectBuffer buffer, final int offset, final int length) {
            final byte[] copy = new byte[length];
            buffer.getBytes(offset, copy);
            messages.add(copy);
            return true;
        }

        @Override
        public boolean offer(
            final int lane,
            final DirectBuffer first, final int firstOffset, final int firstLength,
            final DirectBuffer second, final int secondOffset, final int secondLength) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int maxClaimLength(final int lane) {
            return Protocol.MAX_MESSAGE_BYTES;
        }

        @Override
        public boolean isConnected() {
            return true;
        }

        @Override
        public boolean isClosed() {
            return false;
        }

        @Override
        public void close() {
            throw new UnsupportedOperationException();
        }
    }
}
