package org.clockwork.schema.link;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.logbuffer.BufferClaim;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.LaneOpenEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of the link port promises; each implementation runs all of it. */
public abstract class LinkConformanceTest {
    /** Most links at the listener under test. */
    protected static final int MAX_LINKS = 3;
    /** Time in which a peer must have opened both lanes, in the clock that {@link #elapse(long)} moves. */
    protected static final long OPEN_TIMEOUT_NS = 3_000_000_000L;

    private static final long GIVE_UP_NS = 20_000_000_000L;

    /** Links that came up, in order. */
    protected final List<Link> ups = new ArrayList<>();
    /** Links that went down, in order. */
    protected final List<Link> downs = new ArrayList<>();

    private final LinkObserver observer = new LinkObserver() {
        @Override
        public void onLinkUp(final Link link) {
            assertFalse(link.isClosed());
            ups.add(link);
        }

        @Override
        public void onLinkDown(final Link link) {
            assertTrue(link.isClosed());
            downs.add(link);
        }
    };
    private final List<Dialer> dialers = new ArrayList<>();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Protocol.MAX_MESSAGE_BYTES + 1]);
    private final BufferClaim claim = new BufferClaim();

    /** A peer that sends what it likes in place of LANE-OPEN. */
    protected interface RawPeer extends AutoCloseable {
        /** Sends one message; false: try again. */
        boolean send(int lane, UnsafeBuffer message, int length);

        @Override
        void close();
    }

    /** The one listener of the test. */
    protected abstract Listener listener();

    /** Where it listens. */
    protected abstract String endpoint();

    /** Where nobody listens. */
    protected abstract String absentEndpoint();

    /** A listener where nobody has listened so far. */
    protected abstract Listener newListener(String anEndpoint);

    /** A further dialer. */
    protected abstract Dialer newDialer();

    /** A further peer that opens nothing by itself. */
    protected abstract RawPeer newRawPeer();

    /** Lets whatever carries the messages work; never polls a listener or dialer. */
    protected abstract void step();

    /** Moves the clock of time-outs. */
    protected abstract void elapse(long durationNs);

    /** Something that is true of time for this implementation only, such as how much a lane takes at most. */
    protected abstract int laneCapacity(int lane);

    /** Closes what a test has opened. */
    @AfterEach
    void closeDialers() {
        CloseHelper.quietCloseAll(dialers);
    }

    @Test
    void linkComesUpOnceAndBothEndsCanSend() {
        final Pair pair = connect();
        assertEquals(1, ups.size());
        assertEquals(1, listener().linkCount());
        assertTrue(pair.near.isConnected());
        assertTrue(pair.far.isConnected());
        final Received received = new Received();
        assertTrue(sendValue(pair.near, Link.CONTROL, 41));
        awaitAtListener(Link.CONTROL, received, 1);
        assertSame(pair.far, received.messages().get(0).link());
        assertEquals(Link.CONTROL, received.messages().get(0).lane());
        final Received answers = new Received();
        assertTrue(sendValue(received.messages().get(0).link(), Link.CONTROL, 42));
        awaitAtDialer(pair.dialer, Link.CONTROL, answers, 1);
        assertSame(pair.near, answers.messages().get(0).link());
        assertEquals(42, value(answers.messages().get(0)));
        assertEquals(0, listener().droppedCount());
        assertEquals(0, listener().refusedCount());
        assertEquals(List.of(), downs);
    }

    @Test
    void nothingIsTakenBeforeTheLinkIsUp() {
        final Dialer dialer = dialer();
        final Link link = dialer.dial(endpoint());
        assertFalse(link.isConnected());
        assertFalse(link.isClosed());
        assertFalse(sendValue(link, Link.CONTROL, 1));
        assertFalse(link.tryClaim(Link.BULK, 8, claim));
        assertFalse(link.offer(Link.BULK, buffer, 0, 8, buffer, 8, 8));
    }

    @Test
    void dialingNobodyNeverConnectsAndAnotherDialDoes() {
        final Dialer dialer = dialer();
        final Link nobody = dialer.dial(absentEndpoint());
        for (int i = 0; i < 100; i++) {
            turn();
        }
        assertFalse(nobody.isConnected());
        assertFalse(sendValue(nobody, Link.CONTROL, 1));
        final Link link = dialer.dial(endpoint());
        assertTrue(nobody.isClosed());
        await("connected", link::isConnected);
    }

    @Test
    void aDialReachesAListenerThatComesLater() {
        final String endpoint = absentEndpoint();
        final Link link = dialer().dial(endpoint);
        for (int i = 0; i < 100; i++) {
            turn();
        }
        assertFalse(link.isConnected());
        try (Listener late = newListener(endpoint)) {
            await("connected", () -> late.poll(observer) >= 0 && link.isConnected() && late.linkCount() == 1);
            assertEquals(1, ups.size());
            assertTrue(sendValue(link, Link.BULK, 41));
            final Received received = new Received();
            await("received", () -> late.poll(Link.BULK, received, 10) > 0);
            assertEquals(41, value(received.messages().get(0)));
        }
        assertEquals(0, listener().linkCount());
    }

    @Test
    void aDialThatWasGivenUpReachesNobody() {
        final String endpoint = absentEndpoint();
        final Dialer dialer = dialer();
        final Link given = dialer.dial(endpoint);
        final Link link = dialer.dial(endpoint);
        try (Listener late = newListener(endpoint)) {
            await("connected", () -> late.poll(observer) >= 0 && link.isConnected() && late.linkCount() == 1);
            assertTrue(given.isClosed());
            assertEquals(1, ups.size());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Link.CONTROL, Link.BULK})
    void everythingArrivesOnceAndInOrderInBothDirections(final int lane) {
        final Pair pair = connect();
        final Random random = new Random(7 + lane);
        final List<byte[]> sentThere = new ArrayList<>();
        final List<byte[]> sentBack = new ArrayList<>();
        final Received there = new Received();
        final Received back = new Received();
        final int count = 2000;
        await("all sent and received", () -> {
            for (int burst = random.nextInt(12); burst > 0; burst--) {
                sendRandom(pair.near, lane, random, sentThere, count);
                sendRandom(pair.far, lane, random, sentBack, count);
            }
            listener().poll(lane, there, 1 + random.nextInt(10));
            pair.dialer.poll(lane, back, 1 + random.nextInt(10));
            return there.count() == count && back.count() == count;
        });
        assertArrived(sentThere, there);
        assertArrived(sentBack, back);
        for (int i = 0; i < 20; i++) {
            turn();
            assertEquals(0, listener().poll(lane, there, 10));
            assertEquals(0, pair.dialer.poll(lane, back, 10));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Link.CONTROL, Link.BULK})
    void messagesOfEverySizeArriveWhole(final int lane) {
        final Pair pair = connect();
        final int most = Protocol.MAX_MESSAGE_BYTES;
        final int claimable = pair.near.maxClaimLength(lane);
        final int[] sizes = {
            1, 2, 31, 32, 33, 1375, 1376, 1377, claimable - 1, claimable, Math.min(most, claimable + 1), 4096, 8160, 8161,
            Protocol.MAX_CHUNK_BYTES, 65471, 65472, 65473, most - 1, most
        };
        final Received there = new Received();
        final Received back = new Received();
        for (int i = 0; i < sizes.length; i++) {
            final int size = sizes[i];
            fill(size, i);
            await("sent " + size, () -> pair.near.offer(lane, buffer, 0, size));
            await("answered " + size, () -> pair.far.offer(lane, buffer, 0, size));
            awaitAtListener(lane, there, i + 1);
            awaitAtDialer(pair.dialer, lane, back, i + 1);
            final byte[] expected = new byte[size];
            buffer.getBytes(0, expected);
            assertArrayEquals(expected, there.messages().get(i).bytes());
            assertArrayEquals(expected, back.messages().get(i).bytes());
        }
    }

    @Test
    void lengthsOutOfRangeAreTheCallersFault() {
        final Pair pair = connect();
        for (int lane = 0; lane < Link.LANES; lane++) {
            final int theLane = lane;
            final int most = Protocol.MAX_MESSAGE_BYTES;
            assertThrows(IllegalArgumentException.class, () -> pair.near.offer(theLane, buffer, 0, most + 1));
            assertThrows(IllegalArgumentException.class, () -> pair.near.offer(theLane, buffer, 0, most, buffer, 0, 1));
            final int claimable = pair.near.maxClaimLength(lane);
            assertThrows(IllegalArgumentException.class, () -> pair.near.tryClaim(theLane, claimable + 1, claim));
            assertTrue(pair.near.tryClaim(lane, claimable, claim));
            claim.abort();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Link.CONTROL, Link.BULK})
    void committedClaimsArriveAndAbortedOnesDoNot(final int lane) {
        final Pair pair = connect();
        final Received received = new Received();
        final int count = 300;
        int committed = 0;
        for (int i = 0; i < count; i++) {
            final int length = 8 + i % 50;
            await("claimed", () -> pair.near.tryClaim(lane, length, claim));
            assertEquals(length, claim.length());
            claim.buffer().putLong(claim.offset(), i);
            if (i % 3 == 0) {
                claim.abort();
            } else {
                claim.commit();
                committed++;
            }
            turn();
            listener().poll(lane, received, 5);
        }
        awaitAtListener(lane, received, committed);
        int next = 0;
        for (final Received.Message message : received.messages()) {
            next += next % 3 == 0 ? 1 : 0;
            assertEquals(next, value(message));
            assertEquals(8 + next % 50, message.bytes().length);
            next++;
        }
    }

    @Test
    void offerOfTwoPartsArrivesAsOneMessage() {
        final Pair pair = connect();
        final Received received = new Received();
        final int[][] lengths = {{8, 100}, {8, 0}, {1, 1}, {8, Protocol.MAX_MESSAGE_BYTES - 8}, {30_000, 30_000}};
        for (int i = 0; i < lengths.length; i++) {
            final int first = lengths[i][0];
            final int second = lengths[i][1];
            fill(first + second, i);
            final UnsafeBuffer tail = new UnsafeBuffer(new byte[second + 3]);
            tail.putBytes(3, buffer, first, second);
            await("sent", () -> pair.near.offer(Link.BULK, buffer, 0, first, tail, 3, second));
            awaitAtListener(Link.BULK, received, i + 1);
            final byte[] expected = new byte[first + second];
            buffer.getBytes(0, expected);
            assertArrayEquals(expected, received.messages().get(i).bytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Link.CONTROL, Link.BULK})
    void fullLaneRefusesThenDeliversAllItTookAndTakesMore(final int lane) {
        final Pair pair = connect();
        final int taken = fillUp(pair.near, lane);
        assertTrue(taken > 10, "taken=" + taken);
        assertTrue((long) taken * 1024 <= laneCapacity(lane), "taken=" + taken);
        final int other = 1 - lane;
        final Received otherLane = new Received();
        assertTrue(sendValue(pair.near, other, 99), "the other lane is independent");
        awaitAtListener(other, otherLane, 1);
        assertFalse(send(pair.near, lane, 1024, -1), "nothing was read from the full lane");
        final Received received = new Received();
        awaitAtListener(lane, received, taken);
        for (int i = 0; i < taken; i++) {
            assertEquals(i, value(received.messages().get(i)));
        }
        await("takes more", () -> send(pair.near, lane, 1024, taken));
        awaitAtListener(lane, received, taken + 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {Link.CONTROL, Link.BULK})
    void slowPeerStallsNoOther(final int lane) {
        final Pair slow = connect();
        final Pair quick = connect();
        final int waiting = fillUp(slow.far, lane);
        final Received atQuick = new Received();
        for (int i = 0; i < 50; i++) {
            assertFalse(send(slow.far, lane, 1024, -1));
            assertTrue(sendValue(quick.far, lane, i));
            awaitAtDialer(quick.dialer, lane, atQuick, i + 1);
        }
        final Received atSlow = new Received();
        awaitAtDialer(slow.dialer, lane, atSlow, waiting);
        for (int i = 0; i < waiting; i++) {
            assertEquals(i, value(atSlow.messages().get(i)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Link.CONTROL, Link.BULK})
    void limitHoldsPerLinkSoThatABusyPeerHidesNoOther(final int lane) {
        final Pair busy = connect();
        final Pair other = connect();
        for (int i = 0; i < 40; i++) {
            assertTrue(sendValue(busy.near, lane, i));
        }
        for (int i = 0; i < 3; i++) {
            assertTrue(sendValue(other.near, lane, 1000 + i));
        }
        for (int i = 0; i < 50; i++) {
            turn();
        }
        final Received received = new Received();
        for (int polls = 1; received.count() < 43; polls++) {
            final int before = received.count();
            final int delivered = listener().poll(lane, received, 4);
            assertEquals(received.count() - before, delivered);
            assertTrue(delivered <= 8, "delivered=" + delivered);
            turn();
            if (polls == 1) {
                assertEquals(3, received.messages().stream().filter(m -> m.link() == other.far).count());
            }
        }
    }

    @Test
    void redialIsANewLinkAndTheOldOneIsOver() {
        final Pair old = connect();
        assertTrue(sendValue(old.near, Link.CONTROL, 1));
        final Link near = old.dialer.dial(endpoint());
        assertNotSame(old.near, near);
        assertTrue(old.near.isClosed());
        assertFalse(sendValue(old.near, Link.CONTROL, 2));
        await("new link", near::isConnected);
        await("old link down", () -> downs.size() == 1);
        assertEquals(List.of(old.far), downs);
        await("new link up", () -> ups.size() == 2);
        final Link far = ups.get(1);
        assertNotEquals(old.far.id(), far.id());
        assertNotEquals(old.near.id(), near.id());
        final Received received = new Received();
        assertTrue(sendValue(near, Link.CONTROL, 3));
        await("arrived", () -> {
            listener().poll(Link.CONTROL, received, 10);
            return received.messages().stream().anyMatch(m -> value(m) == 3);
        });
        for (final Received.Message message : received.messages()) {
            assertSame(value(message) == 3 ? far : old.far, message.link());
        }
        assertEquals(1, listener().linkCount());
    }

    @Test
    void closeByTheDialerIsSeenByTheListener() {
        final Pair pair = connect();
        pair.near.close();
        pair.near.close();
        assertTrue(pair.near.isClosed());
        assertFalse(pair.near.isConnected());
        await("down", () -> !downs.isEmpty());
        assertEquals(List.of(pair.far), downs);
        assertFalse(pair.far.isConnected());
        assertFalse(sendValue(pair.far, Link.CONTROL, 1));
        assertEquals(0, listener().linkCount());
    }

    @Test
    void closeByTheListenerIsSeenByTheDialerAndReportedOnce() {
        final Pair pair = connect();
        pair.far.close();
        assertTrue(pair.far.isClosed());
        assertFalse(sendValue(pair.far, Link.CONTROL, 1));
        await("closed at the dialer", pair.near::isClosed);
        assertFalse(sendValue(pair.near, Link.CONTROL, 1));
        for (int i = 0; i < 20; i++) {
            turn();
        }
        assertEquals(List.of(pair.far), downs);
        assertEquals(0, listener().linkCount());
    }

    @Test
    void closingTheListenerEndsAllItsLinks() {
        final Pair first = connect();
        final Pair second = connect();
        listener().close();
        await("closed at the dialers", () -> first.near.isClosed() && second.near.isClosed());
    }

    @Test
    void linkClosedByItsHandlerDeliversNothingMore() {
        final Pair pair = connect();
        for (int i = 0; i < 5; i++) {
            assertTrue(sendValue(pair.near, Link.CONTROL, i));
        }
        final int[] count = {0};
        await("first message", () -> {
            listener().poll(Link.CONTROL, (link, lane, bytes, offset, length) -> {
                count[0]++;
                link.close();
            }, 10);
            return count[0] > 0;
        });
        await("down", () -> !downs.isEmpty());
        listener().poll(Link.CONTROL, (link, lane, bytes, offset, length) -> count[0]++, 10);
        assertEquals(1, count[0]);
    }

    @Test
    void whatComesBeforeLaneOpenIsCountedAndDropped() {
        try (RawPeer peer = newRawPeer()) {
            fill(64, 3);
            for (int i = 1; i <= 5; i++) {
                final int sent = i;
                await("sent", () -> peer.send(Link.CONTROL, buffer, 3 * sent));
                await("dropped", () -> listener().droppedCount() == sent);
            }
            openLane(peer, Link.BULK, 77, Link.CONTROL, Protocol.VERSION);
            await("wrong lane dropped", () -> listener().droppedCount() == 6);
            final Pair good = connect();
            final Received received = new Received();
            assertTrue(sendValue(good.near, Link.CONTROL, 5));
            awaitAtListener(Link.CONTROL, received, 1);
            assertEquals(List.of(good.far), ups);
        }
        assertEquals(6, listener().droppedCount());
    }

    @Test
    void openingAfterGarbageStillOpensAndWhateverTheVersion() {
        try (RawPeer peer = newRawPeer()) {
            fill(64, 3);
            await("garbage sent", () -> peer.send(Link.CONTROL, buffer, 20));
            openLane(peer, Link.CONTROL, 4711, Link.CONTROL, Protocol.VERSION + 9);
            for (int i = 0; i < 20; i++) {
                turn();
            }
            assertEquals(0, ups.size(), "one lane is not enough");
            buffer.putLong(0, 12);
            await("sent behind the opening", () -> peer.send(Link.CONTROL, buffer, 8));
            openLane(peer, Link.BULK, 4711, Link.BULK, Protocol.VERSION + 9);
            await("up", () -> ups.size() == 1);
            assertEquals(1, listener().droppedCount());
            final Received received = new Received();
            awaitAtListener(Link.CONTROL, received, 1);
            assertEquals(12, value(received.messages().get(0)));
        }
        await("down", () -> downs.size() == 1);
    }

    @Test
    void halfOpenLinkTimesOutAtItsTimeAndNotBefore() {
        try (RawPeer peer = newRawPeer()) {
            openLane(peer, Link.CONTROL, 99, Link.CONTROL, Protocol.VERSION);
            for (int i = 0; i < 50; i++) {
                turn();
            }
            elapse(OPEN_TIMEOUT_NS / 2);
            for (int i = 0; i < 20; i++) {
                turn();
            }
            assertEquals(0, listener().refusedCount());
            elapse(OPEN_TIMEOUT_NS);
            await("given up", () -> listener().refusedCount() == 1);
            assertEquals(List.of(), ups);
            assertEquals(0, listener().linkCount());
        }
        connect();
    }

    @Test
    void linksBeyondTheLimitAreRefusedAndCounted() {
        final List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < MAX_LINKS; i++) {
            pairs.add(connect());
        }
        final Dialer dialer = dialer();
        final Link refused = dialer.dial(endpoint());
        await("refused", () -> listener().refusedCount() == 1);
        assertFalse(refused.isConnected());
        assertEquals(MAX_LINKS, listener().linkCount());
        assertEquals(MAX_LINKS, ups.size());
        pairs.get(0).near.close();
        await("down", () -> downs.size() == 1);
        final Link accepted = dialer.dial(endpoint());
        await("room again", () -> accepted.isConnected() && ups.size() == MAX_LINKS + 1);
        assertEquals(MAX_LINKS, listener().linkCount());
    }

    @Test
    void sendingAndPollingAllocateNothing() {
        final Pair pair = connect();
        final MessageHandler echo = (link, lane, bytes, offset, length) -> {
            if (!link.offer(lane, bytes, offset, length)) {
                throw new IllegalStateException("lane=" + lane);
            }
        };
        final int[] back = {0};
        final MessageHandler counting = (link, lane, bytes, offset, length) -> back[0]++;
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 10 && least > 0; attempt++) {
            long allocated = 0;
            for (int i = 0; i < 300; i++) {
                allocated += roundTrips(pair, echo, counting, back);
            }
            least = Math.min(least, allocated);
        }
        assertTrue(least < 500, "bytes for 1,800 messages: " + least);
    }

    /** Two ends of a link. */
    protected record Pair(Dialer dialer, Link near, Link far) {
    }

    /** A dialer and its link, up at both ends. */
    protected final Pair connect() {
        final int before = ups.size();
        final Dialer dialer = dialer();
        final Link near = dialer.dial(endpoint());
        await("connected", () -> near.isConnected() && ups.size() > before);
        return new Pair(dialer, near, ups.get(before));
    }

    /** Runs turns until the condition holds. */
    protected final void await(final String what, final BooleanSupplier condition) {
        final long giveUpNs = System.nanoTime() + GIVE_UP_NS;
        while (!condition.getAsBoolean()) {
            turn();
            if (System.nanoTime() - giveUpNs > 0) {
                throw new AssertionError("waited too long for: " + what);
            }
        }
    }

    /** One cycle of housekeeping on all ends. */
    protected final void turn() {
        step();
        listener().poll(observer);
        for (int i = 0; i < dialers.size(); i++) {
            dialers.get(i).poll();
        }
    }

    private Dialer dialer() {
        final Dialer dialer = newDialer();
        dialers.add(dialer);
        return dialer;
    }

    /** Sends three messages and has them echoed; returns what the ends have allocated meanwhile, without the carrier. */
    private long roundTrips(final Pair pair, final MessageHandler echo, final MessageHandler counting, final int[] back) {
        back[0] = 0;
        long before = Allocated.bytes();
        assertTrue(pair.near.offer(Link.CONTROL, buffer, 0, 100));
        assertTrue(pair.near.tryClaim(Link.CONTROL, 64, claim));
        claim.commit();
        assertTrue(pair.near.offer(Link.BULK, buffer, 0, 20_000));
        long allocated = Allocated.bytes() - before;
        final long giveUpNs = System.nanoTime() + GIVE_UP_NS;
        while (back[0] < 3) {
            step();
            before = Allocated.bytes();
            listener().poll(observer);
            pair.dialer.poll();
            listener().poll(Link.CONTROL, echo, 10);
            listener().poll(Link.BULK, echo, 10);
            pair.dialer.poll(Link.CONTROL, counting, 10);
            pair.dialer.poll(Link.BULK, counting, 10);
            allocated += Allocated.bytes() - before;
            assertTrue(System.nanoTime() - giveUpNs < 0, "echo lost");
        }
        return allocated;
    }

    private void openLane(final RawPeer peer, final int onLane, final long linkId, final int saidLane, final int version) {
        final UnsafeBuffer message = new UnsafeBuffer(new byte[LaneOpening.LENGTH]);
        new LaneOpening().encode(message, 0, linkId, saidLane);
        new LaneOpenEncoder().wrap(message, MessageHeaderEncoder.ENCODED_LENGTH).schemaVersion(version);
        new MessageHeaderEncoder().wrap(message, 0).version(version);
        await("opening sent", () -> peer.send(onLane, message, LaneOpening.LENGTH));
    }

    /** Sends numbered messages of 1 KiB until the lane has refused for a while; returns how many it took. */
    private int fillUp(final Link link, final int lane) {
        int taken = 0;
        int refusals = 0;
        while (refusals < 200) {
            if (send(link, lane, 1024, taken)) {
                taken++;
                refusals = 0;
            } else {
                refusals++;
                turn();
            }
            assertTrue(taken < 1_000_000, "unbounded");
        }
        return taken;
    }

    private void sendRandom(
        final Link link, final int lane, final Random random, final List<byte[]> sent, final int limit) {
        if (sent.size() < limit) {
            final int length = 1 + (random.nextInt(20) == 0 ? random.nextInt(20_000) : random.nextInt(300));
            final byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            if (link.offer(lane, new UnsafeBuffer(bytes), 0, length)) {
                sent.add(bytes);
            }
        }
    }

    private boolean sendValue(final Link link, final int lane, final long value) {
        return send(link, lane, 8, value);
    }

    private boolean send(final Link link, final int lane, final int length, final long value) {
        buffer.putLong(0, value);
        return link.offer(lane, buffer, 0, length);
    }

    private void fill(final int length, final int seed) {
        for (int i = 0; i < length; i++) {
            buffer.putByte(i, (byte) (i * 31 + (i >> 8) + seed));
        }
    }

    private void awaitAtListener(final int lane, final Received received, final int count) {
        await(count + " messages at the listener", () -> {
            listener().poll(lane, received, 10);
            return received.count() >= count;
        });
        assertEquals(count, received.count());
    }

    private void awaitAtDialer(final Dialer dialer, final int lane, final Received received, final int count) {
        await(count + " messages at the dialer", () -> {
            dialer.poll(lane, received, 10);
            return received.count() >= count;
        });
        assertEquals(count, received.count());
    }

    private static void assertArrived(final List<byte[]> sent, final Received received) {
        assertEquals(sent.size(), received.count());
        for (int i = 0; i < sent.size(); i++) {
            assertArrayEquals(sent.get(i), received.messages().get(i).bytes(), "message " + i);
        }
    }

    private static long value(final Received.Message message) {
        return new UnsafeBuffer(message.bytes()).getLong(0);
    }
}
