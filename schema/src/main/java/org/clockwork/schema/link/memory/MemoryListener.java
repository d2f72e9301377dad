package org.clockwork.schema.link.memory;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.Listener;
import org.clockwork.schema.link.MessageHandler;

/** The listening end of a {@link MemoryNetwork}. Owned by the thread of its network. */
public final class MemoryListener extends MemoryEndpoint implements Listener {
    private final MessageHandler firstMessageHandler = this::onFirstMessage;
    /** Half-open and open links, in no order that matters; each knows its place. */
    private MemoryLink[] links = new MemoryLink[4];
    private int size;
    private int upCount;
    private long droppedCount;
    private long refusedCount;
    private boolean isClosed;

    MemoryListener(final MemoryNetwork network, final int endpointId, final String name) {
        super(network, endpointId, name);
    }

    @Override
    public int poll(final int lane, final MessageHandler handler, final int limitPerLink) {
        return pollLane(lane, handler, limitPerLink);
    }

    @Override
    public int poll(final LinkObserver observer) {
        if (!hasHousekeeping()) {
            return 0;
        }
        final long nowNs = network.nowNs();
        int work = 0;
        for (Pipe pipe = takeOpening(nowNs); pipe != null; pipe = takeOpening(nowNs)) {
            work += open(pipe, nowNs, observer);
        }
        for (MemoryLink link = takeEvent(nowNs); link != null; link = takeEvent(nowNs)) {
            work++;
            end(link, observer);
        }
        reschedule();
        return work;
    }

    @Override
    public int linkCount() {
        return upCount;
    }

    @Override
    public long droppedCount() {
        return droppedCount;
    }

    @Override
    public long refusedCount() {
        return refusedCount;
    }

    /** All links end, without a word to an observer, and the endpoint may be listened on again. */
    @Override
    public void close() {
        while (size > 0) {
            final MemoryLink link = links[size - 1];
            link.close();
            link.markClosed();
            remove(link);
        }
        release();
    }

    @Override
    public void crash() {
        while (size > 0) {
            final MemoryLink link = links[size - 1];
            link.crash();
            remove(link);
        }
        release();
    }

    /** A dialer has called; its openings are about to be sent. */
    boolean onDialed(final MemoryLink link, final long nowNs) {
        if (size == network.maxLinks()) {
            refusedCount++;
            link.close();
            return false;
        }
        if (size == links.length) {
            links = Arrays.copyOf(links, size * 2);
        }
        link.index = size;
        links[size++] = link;
        link.schedule(MemoryLink.Event.HALF_OPEN, nowNs + network.openTimeoutNs());
        return true;
    }

    private int open(final Pipe pipe, final long nowNs, final LinkObserver observer) {
        final MemoryLink link = pipe.receiver;
        while (pipe.hasHead() && pipe.headNs() - nowNs <= 0) {
            if (pipe.deliver(firstMessageHandler, 1, nowNs) == 0) {
                break;
            }
            if (pipe.isOpen) {
                if (link.in[Link.CONTROL].isOpen && link.in[Link.BULK].isOpen) {
                    accept(link, nowNs, observer);
                }
                return 1;
            }
        }
        onSent(pipe);
        return 1;
    }

    private void onFirstMessage(
        final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (network.laneOpening().decode(buffer, offset, length, lane)) {
            ((MemoryLink) link).in[lane].isOpen = true;
        } else {
            droppedCount++;
        }
    }

    private void accept(final MemoryLink link, final long nowNs, final LinkObserver observer) {
        cancelEvent(link);
        link.event = MemoryLink.Event.NONE;
        upCount++;
        link.markConnected();
        onUp(link);
        link.other.schedule(
            MemoryLink.Event.ACCEPTED, nowNs + network.delayNs(this, link.other.endpoint, Link.CONTROL, 0, nowNs));
        observer.onLinkUp(link);
    }

    private void end(final MemoryLink link, final LinkObserver observer) {
        if (link.event == MemoryLink.Event.HALF_OPEN) {
            refusedCount++;
            link.close();
        } else {
            link.markClosed();
        }
        final boolean wasUp = link.isUp;
        remove(link);
        if (wasUp) {
            observer.onLinkDown(link);
        }
    }

    private void remove(final MemoryLink link) {
        final MemoryLink last = links[--size];
        links[size] = null;
        links[link.index] = last;
        last.index = link.index;
        links[size] = null;
        if (link.isUp) {
            link.isUp = false;
            upCount--;
        }
    }

    private void release() {
        if (!isClosed) {
            isClosed = true;
            network.release(this);
        }
    }
}
