package org.clockwork.schema.link.memory;

import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;

/** The dialing end of a {@link MemoryNetwork}. Owned by the thread of its network. */
public final class MemoryDialer extends MemoryEndpoint implements Dialer {
    private MemoryLink link;

    MemoryDialer(final MemoryNetwork network, final int endpointId, final String name) {
        super(network, endpointId, name);
    }

    @Override
    public Link dial(final String endpoint) {
        return dial(endpoint, true);
    }

    @Override
    public int poll(final int lane, final MessageHandler handler, final int limit) {
        return pollLane(lane, handler, limit);
    }

    @Override
    public int poll() {
        if (!hasHousekeeping()) {
            return 0;
        }
        final MemoryLink due = takeEvent(network.nowNs());
        if (due == null) {
            return 0;
        }
        final MemoryLink.Event event = due.event;
        due.event = MemoryLink.Event.NONE;
        if (event == MemoryLink.Event.ACCEPTED) {
            due.markConnected();
            onUp(due);
        } else {
            due.markClosed();
        }
        reschedule();
        return 1;
    }

    @Override
    public void close() {
        if (link != null) {
            link.close();
            link.markClosed();
            link = null;
        }
    }

    @Override
    public void crash() {
        if (link != null) {
            link.crash();
            link = null;
        }
    }

    /** Dials, and leaves LANE-OPEN out for tests that send something else first. */
    MemoryLink dial(final String endpoint, final boolean isOpening) {
        close();
        link = network.connect(this, endpoint, isOpening);
        return link;
    }
}
