package org.clockwork.worker;

import static org.clockwork.worker.WorkerRig.MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;
import org.clockwork.worker.StubController.Request;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whatever comes, the worker counts it, drops it and goes on. */
class HostileMessagesTest {
    private static final int[] TEMPLATES = {23, 35, 50, 52, 53, 54, 55, 56, 60, 61, 62, 63, 64, 65, 66, 1, 0, 65_535};
    private final WorkerRig rig = new WorkerRig().ready();
    private final StubController controller = rig.controller;

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void everyMessageCutShortIsDropped() {
        for (final Captured message : validMessages()) {
            for (int length = 0; length < message.bytes.length; length++) {
                final long before = rig.count(WorkerCounter.MALFORMED);
                controller.sendRaw(message.lane, Arrays.copyOf(message.bytes, length));
                rig.settle();
                assertEquals(before + 1, rig.count(WorkerCounter.MALFORMED),
                    "template=" + message.template() + " length=" + length + " of " + message.bytes.length);
            }
        }
        assertGoesOn();
    }

    @Test
    void headersThatLieAreDropped() {
        for (final Captured message : validMessages()) {
            final int[][] lies = {{0, 65_535}, {0, 0}, {2, 9999}, {4, 1}, {6, 7}};
            for (final int[] lie : lies) {
                final byte[] bytes = message.bytes.clone();
                bytes[lie[0]] = (byte) lie[1];
                bytes[lie[0] + 1] = (byte) (lie[1] >> 8);
                final long before = rig.count(WorkerCounter.MALFORMED);
                controller.sendRaw(message.lane, bytes);
                rig.settle();
                final boolean isHelloAckOfAnotherVersion = message.template() == 52 && lie[0] == 6;
                assertEquals(before + (isHelloAckOfAnotherVersion ? 0 : 1), rig.count(WorkerCounter.MALFORMED),
                    "template=" + message.template() + " " + Arrays.toString(lie));
            }
            controller.sendRaw(1 - message.lane, message.bytes);
            rig.settle();
        }
        rig.settle();
        assertGoesOn();
    }

    @Test
    void bitsThatFlipDoNoHarm() {
        final long seed = 5;
        final SplittableRandom random = new SplittableRandom(seed);
        final List<Captured> messages = validMessages();
        for (int i = 0; i < 20_000; i++) {
            final Captured message = messages.get(random.nextInt(messages.size()));
            final byte[] bytes = message.bytes.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                // Beyond the epoch: a forged higher epoch is obeyed, as it has to be.
                final int at = 16 + random.nextInt(bytes.length - 16);
                bytes[at] ^= (byte) (1 << random.nextInt(8));
            }
            controller.sendRaw(message.lane, bytes);
            rig.agent.doWork(rig.now());
            if (i % 100 == 0) {
                controller.heard.clear();
                rig.advance(MS, MS);
            }
        }
        assertEquals("", rig.errors.toString(), "seed=" + seed);
        rig.advance(12_000 * MS, 20 * MS);
        assertTrue(rig.agent.isLive());
        assertEquals(1 << 20, rig.agent.freeInputBytes(), "an input was lost");
    }

    @Test
    void noiseDoesNoHarm() {
        final SplittableRandom random = new SplittableRandom(6);
        for (int i = 0; i < 50_000; i++) {
            final byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            if (bytes.length >= 8 && random.nextInt(4) > 0) {
                final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
                new MessageHeaderEncoder().wrap(buffer, 0).schemaId(MessageHeaderDecoder.SCHEMA_ID).version(Protocol.VERSION)
                    .templateId(TEMPLATES[random.nextInt(TEMPLATES.length)]).blockLength(random.nextInt(70));
            }
            if (controller.link != null) {
                controller.sendRaw(random.nextInt(2), bytes);
            }
            if (i % 50 == 0) {
                controller.heard.clear();
                rig.advance(MS, MS);
            }
        }
        assertTrue(rig.errors.toString().lines().allMatch(l -> l.contains("SessionRefused")), rig.errors.toString());
    }

    private void assertGoesOn() {
        assertEquals("", rig.errors.toString());
        controller.heard.clear();
        controller.infer(9999, rig.now(), rig.now() + MS, 100, 1, Request.inline(1, new byte[4000]));
        rig.advance(3 * MS);
        assertEquals(Status.OK, controller.result(9999).status());
    }

    private List<Captured> validMessages() {
        final List<Captured> messages = new ArrayList<>();
        final Link real = controller.link;
        controller.link = new CapturingLink(messages);
        controller.helloAck(1, 1, Status.OK, "welcome");
        controller.beat(1, 2, 3);
        controller.installProfile(3, 3, WorkerRig.SMALL, 4);
        controller.forget(77);
        controller.load(500, rig.now(), rig.now() + MS, 103, 1);
        controller.unload(501, rig.now(), rig.now() + MS, 104);
        controller.infer(502, rig.now(), rig.now() + MS, 100, 2, Request.inline(2, new byte[40]), Request.bulk(3, 4000));
        controller.profile(503, rig.now(), rig.now() + MS, 100, 1);
        controller.cancel(504);
        controller.input(600, 0, 0, 50, new byte[40]);
        controller.chunk(700, 0, 50, new byte[40]);
        controller.link = real;
        return messages;
    }

    /** A message as it was sent. */
    private record Captured(int lane, byte[] bytes) {
        int template() {
            return new MessageHeaderDecoder().wrap(new UnsafeBuffer(bytes), 0).templateId();
        }
    }

    /** Keeps what is offered. */
    private static final class CapturingLink implements Link {
        private final List<Captured> messages;

        CapturingLink(final List<Captured> messages) {
            this.messages = messages;
        }

        @Override
        public long id() {
            return 0;
        }

        @Override
        public boolean tryClaim(final int lane, final int length, final io.aeron.logbuffer.BufferClaim claim) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean offer(final int lane, final DirectBuffer buffer, final int offset, final int length) {
            final byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            messages.add(new Captured(lane, bytes));
            return true;
        }

        @Override
        public boolean offer(
                final int lane, final DirectBuffer first, final int firstOffset, final int firstLength,
                final DirectBuffer second, final int secondOffset, final int secondLength) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int maxClaimLength(final int lane) {
            return 0;
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
            // Nothing to end.
        }
    }
}
