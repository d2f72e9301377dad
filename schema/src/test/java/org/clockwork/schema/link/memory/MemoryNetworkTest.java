package org.clockwork.schema.link.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.logbuffer.BufferClaim;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.MessageHandler;
import org.junit.jupiter.api.Test;

/** What the in-memory network adds to the contract of links: time, faults, and the answer to "when next?". */
class MemoryNetworkTest {
    private static final long LATENCY_NS = 1_000;

    private long nowNs = 5_000_000;
    private long latencyNs = LATENCY_NS;
    private int observedEndpoint;
    private long observedNs;
    private final MemoryNetwork network = new MemoryNetwork(new MemoryNetwork.Context()
        .clock(() -> nowNs)
        .latency((from, to, lane, length, atNs) -> latencyNs)
        .observer((endpointId, timeNs) -> {
            observedEndpoint = endpointId;
            observedNs = timeNs;
        }));
    private final MemoryListener listener = network.listen("controller:1");
    private final MemoryDialer dialer = network.dialer("worker");
    private final List<Long> received = new ArrayList<>();
    private final MessageHandler handler = (link, lane, buffer, offset, length) -> received.add(buffer.getLong(offset));
    private final UnsafeBuffer message = new UnsafeBuffer(new byte[64]);
    private Link accepted;
    private int downs;
    private final LinkObserver observer = new LinkObserver() {
        @Override
        public void onLinkUp(final Link link) {
            accepted = link;
        }

        @Override
        public void onLinkDown(final Link link) {
            downs++;
        }
    };

    @Test
    void messageIsVisibleAtItsTimeAndNotBefore() {
        final Link link = connect();
        assertEquals(MemoryEndpoint.NEVER, network.nextDeliveryNs());
        assertTrue(send(link, Link.CONTROL, 7));
        assertEquals(nowNs + LATENCY_NS, network.nextDeliveryNs());
        assertEquals(nowNs + LATENCY_NS, listener.nextDeliveryNs());
        assertEquals(listener.endpointId(), observedEndpoint);
        assertEquals(nowNs + LATENCY_NS, observedNs);
        assertEquals(MemoryEndpoint.NEVER, dialer.nextDeliveryNs());
        nowNs += LATENCY_NS - 1;
        assertEquals(0, listener.poll(Link.CONTROL, handler, 10));
        nowNs++;
        assertEquals(1, listener.poll(Link.CONTROL, handler, 10));
        assertEquals(List.of(7L), received);
        assertEquals(MemoryEndpoint.NEVER, network.nextDeliveryNs());
    }

    @Test
    void lateMessageDelaysThoseBehindItOnItsLaneOnly() {
        final Link link = connect();
        latencyNs = 10 * LATENCY_NS;
        assertTrue(send(link, Link.CONTROL, 1));
        latencyNs = LATENCY_NS;
        assertTrue(send(link, Link.CONTROL, 2));
        assertTrue(send(link, Link.BULK, 3));
        nowNs += 10 * LATENCY_NS - 1;
        assertEquals(0, listener.poll(Link.CONTROL, handler, 10));
        assertEquals(1, listener.poll(Link.BULK, handler, 10));
        nowNs++;
        assertEquals(2, listener.poll(Link.CONTROL, handler, 10));
        assertEquals(List.of(3L, 1L, 2L), received);
    }

    @Test
    void abortedClaimIsPassedBy() {
        final Link link = connect();
        final BufferClaim claim = new BufferClaim();
        assertTrue(link.tryClaim(Link.CONTROL, 8, claim));
        claim.abort();
        assertTrue(link.tryClaim(Link.CONTROL, 8, claim));
        claim.buffer().putLong(claim.offset(), 9);
        claim.commit();
        nowNs += LATENCY_NS;
        assertEquals(1, listener.poll(Link.CONTROL, handler, 10));
        assertEquals(List.of(9L), received);
    }

    @Test
    void closeIsSeenOneLatencyLaterAndTheTailIsLost() {
        final Link link = connect();
        assertTrue(send(link, Link.CONTROL, 1));
        link.close();
        assertEquals(nowNs + LATENCY_NS, listener.nextDeliveryNs());
        nowNs += LATENCY_NS;
        assertEquals(0, listener.poll(Link.CONTROL, handler, 10));
        assertEquals(1, listener.poll(observer));
        assertEquals(1, downs);
        assertTrue(accepted.isClosed());
        assertEquals(0, listener.linkCount());
        assertFalse(send(accepted, Link.CONTROL, 2));
    }

    private Link connect() {
        final Link link = dialer.dial("controller:1");
        nowNs += LATENCY_NS;
        listener.poll(observer);
        nowNs += LATENCY_NS;
        dialer.poll();
        assertTrue(link.isConnected());
        assertTrue(accepted.isConnected());
        assertEquals(1, listener.linkCount());
        return link;
    }

    private boolean send(final Link link, final int lane, final long value) {
        message.putLong(0, value);
        return link.offer(lane, message, 0, 8);
    }
}
