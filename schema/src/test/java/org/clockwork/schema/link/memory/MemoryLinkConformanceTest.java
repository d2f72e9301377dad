package org.clockwork.schema.link.memory;

import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.LinkConformanceTest;
import org.clockwork.schema.link.Listener;

/** The in-memory links keep the contract, here with a latency that changes with each message. */
class MemoryLinkConformanceTest extends LinkConformanceTest {
    private static final long STEP_NS = 1_000;

    private long nowNs = Long.MAX_VALUE - 5_000_000;
    private long draws;
    private final MemoryNetwork network = new MemoryNetwork(new MemoryNetwork.Context()
        .clock(() -> nowNs)
        .latency((from, to, lane, length, atNs) -> draws++ * 7919 % 5 * STEP_NS)
        .maxLinks(MAX_LINKS)
        .openTimeoutNs(OPEN_TIMEOUT_NS));
    private final MemoryListener listener = network.listen("controller:1");

    @Override
    protected Listener listener() {
        return listener;
    }

    @Override
    protected String endpoint() {
        return "controller:1";
    }

    @Override
    protected String absentEndpoint() {
        return "nobody:1";
    }

    @Override
    protected Listener newListener(final String anEndpoint) {
        return network.listen(anEndpoint);
    }

    @Override
    protected Dialer newDialer() {
        return network.dialer("peer");
    }

    @Override
    protected RawPeer newRawPeer() {
        final MemoryDialer dialer = network.dialer("raw");
        final MemoryLink link = dialer.dial(endpoint(), false);
        return new RawPeer() {
            @Override
            public boolean send(final int lane, final UnsafeBuffer message, final int length) {
                network.sendRaw(link, lane, message, length, nowNs);
                return true;
            }

            @Override
            public void close() {
                dialer.close();
            }
        };
    }

    @Override
    protected void step() {
        nowNs += STEP_NS;
    }

    @Override
    protected void elapse(final long durationNs) {
        nowNs += durationNs;
    }

    @Override
    protected int laneCapacity(final int lane) {
        return lane == 0 ? MemoryNetwork.Context.DEFAULT_CONTROL_CAPACITY : MemoryNetwork.Context.DEFAULT_BULK_CAPACITY;
    }
}
