package org.clockwork.schema.link.memory;

import static io.aeron.protocol.DataHeaderFlyweight.HEADER_LENGTH;

import io.aeron.logbuffer.BufferClaim;
import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.Link;

/**
 * One end of a link: the two pipes that lead to the other end. As a node it is the next thing that happens to this end
 * without a message. Owned by the thread of its network.
 */
final class MemoryLink extends TimeHeap.Node implements Link {
    /** What happens to an end of a link at its time. */
    enum Event {
        /** Nothing is planned. */
        NONE,
        /** The listener has accepted: the dialer may send. */
        ACCEPTED,
        /** The peer did not open both lanes in time. */
        HALF_OPEN,
        /** The link is seen to be over. */
        OVER
    }

    final MemoryEndpoint endpoint;
    /** Pipes into this end, by lane. */
    final Pipe[] in = new Pipe[LANES];
    Event event = Event.NONE;
    /** Whether the observer knows this link. */
    boolean isUp;
    /** Position in the listener's table while it is up. */
    int index;
    MemoryLink other;

    private final MemoryNetwork network;
    private final long id;
    private final boolean hasTap;
    private boolean isConnected;
    private boolean isClosed;
    private boolean isCut;
    /** Whether what the other end had sent before it died still arrives here. */
    private boolean isTailKept;

    MemoryLink(final MemoryNetwork network, final MemoryEndpoint endpoint, final long id) {
        super(network.nextOrder());
        this.network = network;
        this.endpoint = endpoint;
        this.id = id;
        hasTap = network.tap() != MessageTap.NONE;
        in[CONTROL] = new Pipe(network.nextOrder(), this, CONTROL, network.controlCapacity());
        in[BULK] = new Pipe(network.nextOrder(), this, BULK, network.bulkCapacity());
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public boolean tryClaim(final int lane, final int length, final BufferClaim claim) {
        if (length < 0 || length > network.maxClaimLength()) {
            throw new IllegalArgumentException("length=" + length + " maxClaimLength=" + network.maxClaimLength());
        }
        final Pipe pipe = other.in[lane];
        final int index = reserve(pipe, length);
        if (index < 0) {
            return false;
        }
        claim.wrap(pipe.buffer(), index, length + HEADER_LENGTH);
        return true;
    }

    @Override
    public boolean offer(final int lane, final DirectBuffer buffer, final int offset, final int length) {
        checkLength(length);
        final Pipe pipe = other.in[lane];
        final int index = reserve(pipe, length);
        if (index < 0) {
            return false;
        }
        pipe.buffer().putBytes(index + HEADER_LENGTH, buffer, offset, length);
        pipe.commit(index, length);
        return true;
    }

    @Override
    public boolean offer(
        final int lane,
        final DirectBuffer first, final int firstOffset, final int firstLength,
        final DirectBuffer second, final int secondOffset, final int secondLength) {
        final int length = firstLength + secondLength;
        checkLength(length);
        final Pipe pipe = other.in[lane];
        final int index = reserve(pipe, length);
        if (index < 0) {
            return false;
        }
        pipe.buffer().putBytes(index + HEADER_LENGTH, first, firstOffset, firstLength);
        pipe.buffer().putBytes(index + HEADER_LENGTH + firstLength, second, secondOffset, secondLength);
        pipe.commit(index, length);
        return true;
    }

    @Override
    public int maxClaimLength(final int lane) {
        return network.maxClaimLength();
    }

    @Override
    public boolean isConnected() {
        return isConnected;
    }

    @Override
    public boolean isClosed() {
        return isClosed;
    }

    /** The other end sees it one latency later; what either had sent and the other had not read is lost. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        final long nowNs = network.nowNs();
        if (!isCut && !other.isClosed) {
            other.loseTail();
            other.schedule(Event.OVER, nowNs + network.delayNs(endpoint, other.endpoint, CONTROL, 0, nowNs));
        }
        markClosed();
        if (isUp) {
            schedule(Event.OVER, nowNs);
        }
    }

    /** The process of this end is gone: it says nothing, and the other end may find out some day. */
    void crash() {
        final boolean isWhole = !isClosed && !isCut && other.isUp && !other.isClosed;
        final long lateNs = isWhole
            ? network.tails().lateNs(endpoint.endpointId(), other.endpoint.endpointId(), network.nowNs()) : TailModel.LOST;
        other.isTailKept = lateNs != TailModel.LOST;
        cut();
        if (other.isTailKept) {
            other.delayTail(lateNs);
        }
        markClosed();
    }

    /** The cable is cut: both ends go on believing in the link until the network's detection time has passed. */
    void cut() {
        if (isClosed || isCut) {
            return;
        }
        isCut = true;
        loseTail();
        if (!other.isClosed) {
            other.isCut = true;
            if (!other.isTailKept) {
                other.loseTail();
            }
        }
        final long detectionNs = network.cutDetectionNs();
        if (detectionNs != Long.MAX_VALUE) {
            final long nowNs = network.nowNs();
            schedule(Event.OVER, nowNs + detectionNs);
            if (!other.isClosed) {
                other.schedule(Event.OVER, nowNs + detectionNs);
            }
        }
    }

    void markConnected() {
        isConnected = !isClosed;
    }

    void markClosed() {
        isClosed = true;
        isConnected = false;
        loseTail();
        event = Event.NONE;
        endpoint.cancelEvent(this);
    }

    /** Plans what happens next to this end, in place of what was planned. */
    void schedule(final Event nextEvent, final long atNs) {
        event = nextEvent;
        endpoint.scheduleEvent(this, atNs);
    }

    /** Whether messages that have arrived here are to be delivered. */
    boolean isReceiving() {
        return isUp && !isClosed && (!isCut || isTailKept);
    }

    /** A message is about to be delivered here. */
    void tap(final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (hasTap) {
            network.tap().onDelivery(other.endpoint.endpointId(), endpoint.endpointId(), id, lane, buffer, offset, length);
        }
    }

    private void delayTail(final long lateNs) {
        for (final Pipe pipe : in) {
            endpoint.unschedule(pipe);
            pipe.delayBy(lateNs);
            endpoint.onSent(pipe);
        }
    }

    private void loseTail() {
        endpoint.unschedule(in[CONTROL]);
        endpoint.unschedule(in[BULK]);
        in[CONTROL].discard();
        in[BULK].discard();
    }

    private int reserve(final Pipe pipe, final int length) {
        if (!isConnected) {
            return -1;
        }
        final long nowNs = network.nowNs();
        if (!network.admits(this, pipe.lane, length, nowNs)) {
            return -1;
        }
        final long delayNs = network.delayNs(endpoint, other.endpoint, pipe.lane, length, nowNs);
        final int index = pipe.reserve(length, nowNs + delayNs);
        if (index >= 0 && !isCut && !other.isClosed) {
            other.endpoint.onSent(pipe);
        }
        return index;
    }

    private static void checkLength(final int length) {
        if (length < 0 || length > Protocol.MAX_MESSAGE_BYTES) {
            throw new IllegalArgumentException("length=" + length + " max=" + Protocol.MAX_MESSAGE_BYTES);
        }
    }
}
