package org.clockwork.schema.link.memory;

import java.util.Arrays;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;

/**
 * What listeners and dialers of a {@link MemoryNetwork} have in common: the pipes that lead here, ordered by the time
 * at which they deliver next. Owned by the thread of its network.
 */
public abstract class MemoryEndpoint {
    /** For {@link #nextDeliveryNs()}: nothing is on its way. */
    public static final long NEVER = Long.MAX_VALUE;

    final MemoryNetwork network;

    private final int endpointId;
    private final String name;
    private final TimeHeap[] lanes = {new TimeHeap(), new TimeHeap()};
    private final TimeHeap opening = new TimeHeap();
    private final TimeHeap events = new TimeHeap();
    private Pipe[] waiting = new Pipe[4];
    private int waitingCount;
    private boolean isPolling;
    private long nextDeliveryNs = NEVER;

    MemoryEndpoint(final MemoryNetwork network, final int endpointId, final String name) {
        this.network = network;
        this.endpointId = endpointId;
        this.name = name;
    }

    /** Number of this endpoint in its network, counted from 0 in the order of creation; what the models are told. */
    public final int endpointId() {
        return endpointId;
    }

    /** Name it was created with. */
    public final String name() {
        return name;
    }

    /**
     * Earliest time at which a poll of this endpoint has something to do: a message to deliver, a lane to open, a link
     * that ends. {@link #NEVER} if nothing is on its way. Messages that a limit held back are due at once.
     */
    public final long nextDeliveryNs() {
        return nextDeliveryNs;
    }

    final int pollLane(final int lane, final MessageHandler handler, final int limitPerLink) {
        final TimeHeap heap = lanes[lane];
        if (heap.first() == null || isPolling) {
            return 0;
        }
        final long nowNs = network.nowNs();
        int delivered = 0;
        isPolling = true;
        try {
            for (Pipe pipe = (Pipe) heap.first(); pipe != null && pipe.timeNs - nowNs <= 0; pipe = (Pipe) heap.first()) {
                heap.remove(pipe);
                pipe.isPolling = true;
                addWaiting(pipe);
                delivered += pipe.deliver(handler, limitPerLink, nowNs);
            }
        } finally {
            isPolling = false;
            restoreWaiting(heap);
            reschedule();
        }
        return delivered;
    }

    /** A message was put into a pipe that leads here. */
    final void onSent(final Pipe pipe) {
        if (!pipe.isScheduled() && !pipe.isPolling && pipe.hasHead()) {
            if (!pipe.isOpen) {
                opening.add(pipe, pipe.headNs());
            } else if (pipe.receiver.isReceiving()) {
                lanes[pipe.lane].add(pipe, pipe.headNs());
            } else {
                return;
            }
            reschedule();
        }
    }

    /** The link may deliver from now on. */
    final void onUp(final MemoryLink link) {
        link.isUp = true;
        onSent(link.in[Link.CONTROL]);
        onSent(link.in[Link.BULK]);
    }

    final void unschedule(final Pipe pipe) {
        (pipe.isOpen ? lanes[pipe.lane] : opening).remove(pipe);
        reschedule();
    }

    /** The earliest pipe with something visible whose lane is not open yet, no longer scheduled; or null. */
    final Pipe takeOpening(final long nowNs) {
        final Pipe pipe = (Pipe) opening.first();
        if (pipe == null || pipe.timeNs - nowNs > 0) {
            return null;
        }
        opening.remove(pipe);
        return pipe;
    }

    final boolean hasHousekeeping() {
        return opening.first() != null || events.first() != null;
    }

    /** The earliest link to which something happens by now, no longer scheduled; or null. */
    final MemoryLink takeEvent(final long nowNs) {
        final MemoryLink link = (MemoryLink) events.first();
        if (link == null || link.timeNs - nowNs > 0) {
            return null;
        }
        events.remove(link);
        return link;
    }

    final void scheduleEvent(final MemoryLink link, final long atNs) {
        if (link.isScheduled()) {
            events.move(link, atNs);
        } else {
            events.add(link, atNs);
        }
        reschedule();
    }

    final void cancelEvent(final MemoryLink link) {
        events.remove(link);
        reschedule();
    }

    final void reschedule() {
        if (isPolling) {
            return;
        }
        final long timeNs = earlier(earlier(lanes[Link.CONTROL].firstNs(), lanes[Link.BULK].firstNs()),
            earlier(opening.firstNs(), events.firstNs()));
        if (timeNs != nextDeliveryNs) {
            nextDeliveryNs = timeNs;
            if (timeNs != NEVER) {
                network.observer().onNextDelivery(endpointId, timeNs);
            }
        }
    }

    /** The process that owns this endpoint dies without a word. */
    public abstract void crash();

    private void addWaiting(final Pipe pipe) {
        if (waitingCount == waiting.length) {
            waiting = Arrays.copyOf(waiting, waitingCount * 2);
        }
        waiting[waitingCount++] = pipe;
    }

    private void restoreWaiting(final TimeHeap heap) {
        for (int i = 0; i < waitingCount; i++) {
            final Pipe pipe = waiting[i];
            waiting[i] = null;
            pipe.isPolling = false;
            if (pipe.receiver.isReceiving() && pipe.hasHead()) {
                heap.add(pipe, pipe.headNs());
            }
        }
        waitingCount = 0;
    }

    static long earlier(final long a, final long b) {
        return a == NEVER ? b : b == NEVER || a - b < 0 ? a : b;
    }
}
