package org.clockwork.schema.link.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.MessageHandler;
import org.junit.jupiter.api.Test;

/** Faults that a simulation asks for: cut cables, dead processes, refused offers, lanes that open late. */
class MemoryFaultTest {
    private static final long DETECTION_NS = 5_000;
    private static final long OPEN_TIMEOUT_NS = 3_000;

    private long nowNs = 1_000_000;
    private boolean mustCut;
    private boolean mustRefuse;
    private final long[] openingDelayNs = new long[Link.LANES];
    private final MemoryNetwork network = new MemoryNetwork(new MemoryNetwork.Context()
        .clock(() -> nowNs)
        .cuts((from, to, lane, length, atNs) -> mustCut)
        .refusals((from, to, lane, length, atNs) -> mustRefuse)
        .openings((from, to, lane, atNs) -> openingDelayNs[lane])
        .cutDetectionNs(DETECTION_NS)
        .openTimeoutNs(OPEN_TIMEOUT_NS));
    private final MemoryListener listener = network.listen("controller:1");
    private final MemoryDialer dialer = network.dialer("worker");
    private final List<Long> received = new ArrayList<>();
    private final MessageHandler handler = (link, lane, buffer, offset, length) -> received.add(buffer.getLong(offset));
    private final UnsafeBuffer message = new UnsafeBuffer(new byte[1024]);
    private final List<Link> ups = new ArrayList<>();
    private final List<Link> downs = new ArrayList<>();
    private final LinkObserver observer = new LinkObserver() {
        @Override
        public void onLinkUp(final Link link) {
            ups.add(link);
        }

        @Override
        public void onLinkDown(final Link link) {
            downs.add(link);
        }
    };

    @Test
    void cutLinkLosesItsTailAndIsSeenAtTheDetectionTimeAndNotBefore() {
        final Link near = connect();
        final Link far = ups.get(0);
        assertTrue(send(near, 1));
        assertTrue(send(far, 2));
        network.cut(near);
        assertTrue(near.isConnected());
        assertTrue(far.isConnected());
        assertTrue(send(near, 3));
        poll();
        assertEquals(List.of(), received);
        assertEquals(nowNs + DETECTION_NS, network.nextDeliveryNs());
        nowNs += DETECTION_NS - 1;
        poll();
        assertFalse(near.isClosed());
        assertEquals(List.of(), downs);
        nowNs++;
        poll();
        assertTrue(near.isClosed());
        assertEquals(List.of(far), downs);
        assertEquals(MemoryEndpoint.NEVER, network.nextDeliveryNs());
    }

    @Test
    void cutLinkTakesWhatItsLaneHoldsAndThenRefuses() {
        final Link near = connect();
        network.cut(near);
        int taken = 0;
        while (near.offer(Link.CONTROL, message, 0, 1024)) {
            taken++;
        }
        assertTrue(taken > 100 && taken * 1024 <= MemoryNetwork.Context.DEFAULT_CONTROL_CAPACITY, "taken=" + taken);
    }

    @Test
    void cutModelKillsTheLinkWithTheMessage() {
        final Link near = connect();
        mustCut = true;
        assertTrue(send(near, 1));
        mustCut = false;
        assertTrue(send(near, 2));
        assertTrue(send(ups.get(0), 3));
        poll();
        assertEquals(List.of(), received);
        assertTrue(near.isConnected());
    }

    @Test
    void crashedDialerComesBackAsANewLinkBesideTheOldOne() {
        final Link near = connect();
        dialer.crash();
        assertTrue(near.isClosed());
        final Link again = connect();
        assertEquals(2, listener.linkCount());
        assertFalse(ups.get(0).isClosed());
        assertTrue(send(again, 5));
        poll();
        assertEquals(List.of(5L), received);
        nowNs += DETECTION_NS;
        poll();
        assertEquals(List.of(ups.get(0)), downs);
        assertEquals(1, listener.linkCount());
    }

    @Test
    void crashedListenerLeavesItsPeersBelievingAndItsEndpointFree() {
        final Link near = connect();
        assertThrows(IllegalStateException.class, () -> network.listen("controller:1"));
        listener.crash();
        assertTrue(near.isConnected());
        final MemoryListener next = network.listen("controller:1");
        poll();
        assertTrue(near.isConnected());
        nowNs += DETECTION_NS;
        dialer.poll();
        assertTrue(near.isClosed());
        final Link link = dialer.dial("controller:1");
        next.poll(observer);
        dialer.poll();
        assertTrue(link.isConnected());
    }

    @Test
    void refusedOffersAnswerFalseAndLeaveNoTrace() {
        final Link near = connect();
        mustRefuse = true;
        assertFalse(send(near, 1));
        assertEquals(MemoryEndpoint.NEVER, network.nextDeliveryNs());
        mustRefuse = false;
        assertTrue(send(near, 2));
        poll();
        assertEquals(List.of(2L), received);
    }

    @Test
    void lanesThatOpenApartBringTheLinkUpWithTheLater() {
        openingDelayNs[Link.BULK] = OPEN_TIMEOUT_NS - 1;
        final Link near = dialer.dial("controller:1");
        poll();
        assertEquals(nowNs + OPEN_TIMEOUT_NS - 1, network.nextDeliveryNs());
        nowNs += OPEN_TIMEOUT_NS - 2;
        poll();
        assertEquals(0, listener.linkCount());
        nowNs++;
        poll();
        assertTrue(near.isConnected());
        assertEquals(0, listener.refusedCount());
    }

    @Test
    void laneThatOpensTooLateEndsTheLink() {
        openingDelayNs[Link.BULK] = OPEN_TIMEOUT_NS + 1;
        final Link near = dialer.dial("controller:1");
        nowNs += OPEN_TIMEOUT_NS;
        poll();
        assertEquals(1, listener.refusedCount());
        assertTrue(near.isClosed());
        nowNs += 10;
        poll();
        assertEquals(List.of(), ups);
        assertEquals(MemoryEndpoint.NEVER, network.nextDeliveryNs());
    }

    @Test
    void handlerThatThrowsHasHadItsMessageAndTheNextOneArrives() {
        final Link near = connect();
        assertTrue(send(near, 1));
        assertTrue(send(near, 2));
        assertThrows(IllegalStateException.class, () -> listener.poll(Link.CONTROL, (link, lane, buffer, offset, length) -> {
            throw new IllegalStateException("handler");
        }, 10));
        assertEquals(nowNs, listener.nextDeliveryNs());
        poll();
        assertEquals(List.of(2L), received);
    }

    @Test
    void optionsAreChecked() {
        assertThrows(NullPointerException.class, () -> new MemoryNetwork(new MemoryNetwork.Context()));
        assertThrows(IllegalArgumentException.class, () -> context().controlCapacity(100_000).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().bulkCapacity(1 << 16).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().maxClaimLength(0).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().maxLinks(0).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().openTimeoutNs(0).conclude());
        final MemoryNetwork.Context twice = context().conclude();
        assertThrows(IllegalStateException.class, twice::conclude);
    }

    private MemoryNetwork.Context context() {
        return new MemoryNetwork.Context().clock(() -> nowNs);
    }

    private Link connect() {
        final Link link = dialer.dial("controller:1");
        poll();
        assertTrue(link.isConnected());
        return link;
    }

    private void poll() {
        listener.poll(observer);
        dialer.poll();
        listener.poll(Link.CONTROL, handler, 10);
        dialer.poll(Link.CONTROL, handler, 10);
    }

    private boolean send(final Link link, final long value) {
        message.putLong(0, value);
        return link.offer(Link.CONTROL, message, 0, 8);
    }
}
