package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;
import org.junit.jupiter.api.Test;

/** Whatever a controller sends, the core counts it and goes on. */
class HostileMessagesTest {
    private static final long MS = 1_000_000;

    private static List<byte[]> samples(final Bench bench, final long requestId) {
        final ControllerEncoder e = bench.stub.encoder;
        final long session = bench.stub.sessionId;
        final List<byte[]> samples = new ArrayList<>();
        samples.add(e.bytes(e.connectAck(bench.stub.connectCorrelationId, session, 1, Status.OK, bench.stub.grant, "d")));
        samples.add(e.bytes(e.keepAlive(session, 1, 2, 3)));
        samples.add(e.bytes(e.sessionClosed(session, Status.SLOW_CONSUMER, "too slow")));
        samples.add(e.bytes(e.response(session, requestId, 1, Status.OK, 10, new byte[10], 10, "")));
        samples.add(e.bytes(e.response(session, requestId, 1, Status.SHED, 0, new byte[0], 0, "because")));
        samples.add(e.bytes(e.response(session, requestId, 1, Status.OK, 100, new byte[0], 0, "")));
        samples.add(e.bytes(e.output(session, requestId, 0, 0, 100, new byte[50], 0, 50)));
        samples.add(e.bytes(e.model(session, 1, ControllerEncoder.model(
            1, "m", ModelState.READY, new int[] {4, 4}, new int[] {8}))));
        samples.add(e.bytes(e.catalogueAck(session, 1, Status.NEED_FILE, 99, "detail")));
        samples.add(e.bytes(e.report(session, 1)));
        samples.add(e.bytes(e.worker(session, 1, 0)));
        samples.add(e.bytes(e.device(session, 1, 0, 0)));
        samples.add(e.bytes(e.queryEnd(session, 1, Status.OK, 3)));
        return samples;
    }

    private static byte[] spoil(final byte[] sample, final Random random) {
        byte[] bytes = sample.clone();
        if (random.nextInt(3) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
        }
        final int changes = bytes.length == 0 ? 0 : random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            final int at = random.nextInt(random.nextBoolean() ? Math.min(16, bytes.length) : bytes.length);
            bytes[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (random.nextBoolean() ? 0xFF : 0x7F);
        }
        return bytes;
    }

    @Test
    void spoiledMessagesAreCountedAndDropped() {
        for (int seed = 0; seed < 20; seed++) {
            final Random random = new Random(seed);
            final Bench bench = new Bench(c -> c.outputArenaBytes(1 << 20).requestTimeoutNs(20 * MS).outputTimeoutNs(20 * MS));
            bench.connect();
            for (int round = 0; round < 300; round++) {
                if (!bench.core.isConnected()) {
                    bench.advance(2000 * MS).connect();
                }
                final long id = bench.infer(new RequestSpec().model(1));
                bench.core.listModels("", (status, detail, models) -> { }, bench.clock.nanoTime());
                bench.core.queryStatus((status, detail, controller) -> { }, bench.clock.nanoTime());
                bench.core.unregister("m", 1, (status, detail) -> { });
                final List<byte[]> samples = samples(bench, id);
                for (int i = 0; i < 5 && bench.stub.link != null; i++) {
                    final byte[] bytes = spoil(samples.get(random.nextInt(samples.size())), random);
                    final int lane = random.nextInt(4) == 0 ? Link.BULK : Link.CONTROL;
                    bench.stub.link.offer(lane, new UnsafeBuffer(bytes), 0, bytes.length);
                    bench.settle();
                }
                bench.advance(random.nextInt(10) * MS);
            }
            if (!bench.core.isConnected()) {
                bench.advance(2000 * MS).connect();
            }
            bench.stub.isEchoing = true;
            final long last = bench.infer(new RequestSpec().model(1));
            assertEquals(last, bench.recorder.last().requestId(), "seed " + seed);
            assertEquals(Status.OK, bench.recorder.last().status());
            assertTrue(bench.core.counts().malformed() > 100, "seed " + seed);
            bench.core.close(bench.clock.nanoTime());
            bench.recorder.endsById.forEach((id, times) -> assertEquals(1, times));
            assertEquals(0, bench.core.outputBytesInUse(), "seed " + seed);
        }
    }

    @Test
    void messagesForTheOtherSideOnTheWrongLaneOrOfAnotherVersionAreMalformed() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1));
        final ControllerEncoder e = bench.stub.encoder;
        bench.stub.sendBulk(e.response(bench.stub.sessionId, id, 1, Status.OK, 0, new byte[0], 0, ""));
        bench.stub.send(e.output(bench.stub.sessionId, id, 0, 0, 4, new byte[4], 0, 4));
        e.response(bench.stub.sessionId, id, 1, Status.OK, 0, new byte[0], 0, "");
        e.buffer.putShort(6, (short) (Protocol.VERSION + 1));
        bench.stub.send(e.response(bench.stub.sessionId, id, 1, Status.OK, 4, new byte[3], 3, ""));
        bench.stub.send(e.response(bench.stub.sessionId, id, 1, Status.OK, -4, new byte[0], 0, ""));
        bench.stub.send(e.response(bench.stub.sessionId, id, 1, Status.NULL_VAL, 0, new byte[0], 0, ""));
        final int length = e.response(bench.stub.sessionId, id, 1, Status.OK, 0, new byte[0], 0, "");
        e.buffer.putShort(6, (short) (Protocol.VERSION + 1));
        bench.stub.send(length);
        bench.settle();
        assertEquals(6, bench.core.counts().malformed());
        assertEquals(0, bench.recorder.ends.size());
        bench.stub.send(e.response(bench.stub.sessionId + 1, id, 1, Status.OK, 0, new byte[0], 0, ""));
        bench.settle();
        assertEquals(1, bench.core.counts().wrongSession());
        assertEquals(0, bench.recorder.ends.size());
    }

    @Test
    void anotherVersionsRefusalIsUnderstood() {
        final Bench bench = new Bench();
        bench.stub.isAnsweringConnect = false;
        bench.settle().advance(MS);
        final int length = bench.stub.encoder.connectAck(
            bench.stub.connectCorrelationId, 0, 1, Status.INCOMPATIBLE_VERSION, bench.stub.grant, "speak version 9");
        bench.stub.encoder.buffer.putShort(6, (short) 9);
        bench.stub.send(length);
        bench.settle();
        assertEquals(Status.INCOMPATIBLE_VERSION, bench.core.lastStatus());
        assertEquals("speak version 9", bench.core.lastReason());
    }
}
