package org.clockwork.schema.link.aeron;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.ThreadingMode;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkConformanceTest;
import org.clockwork.schema.link.Listener;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** The Aeron links keep the contract: driver, client and both ends on one thread. */
class AeronLinkConformanceTest extends LinkConformanceTest {
    private static EmbeddedAeron embedded;

    private long nowNs = Long.MAX_VALUE - 10;
    private final String endpoint = FreePorts.endpoint();
    private final Listener listener = newListener(endpoint);

    @BeforeAll
    static void launch() {
        embedded = new EmbeddedAeron(ThreadingMode.INVOKER);
    }

    @AfterAll
    static void close() {
        embedded.close();
    }

    @AfterEach
    void closeListener() {
        listener.close();
        assertEquals(List.of(), List.copyOf(embedded.errors));
    }

    @Override
    protected Listener listener() {
        return listener;
    }

    @Override
    protected String endpoint() {
        return endpoint;
    }

    @Override
    protected String absentEndpoint() {
        return FreePorts.endpoint();
    }

    @Override
    protected Listener newListener(final String anEndpoint) {
        return new AeronListener(newContext().endpoint(anEndpoint).maxLinks(MAX_LINKS).openTimeoutNs(OPEN_TIMEOUT_NS));
    }

    @Override
    protected Dialer newDialer() {
        return new AeronDialer(newContext());
    }

    @Override
    protected RawPeer newRawPeer() {
        return new Raw(embedded.aeron, AeronEndpoint.parse(endpoint));
    }

    @Override
    protected void step() {
        embedded.step();
    }

    @Override
    protected void elapse(final long durationNs) {
        nowNs += durationNs;
    }

    @Override
    protected int laneCapacity(final int lane) {
        return lane == Link.CONTROL ? AeronLinks.DEFAULT_CONTROL_TERM_LENGTH : AeronLinks.DEFAULT_BULK_TERM_LENGTH;
    }

    private AeronLinks.Context newContext() {
        return new AeronLinks.Context().aeron(embedded.aeron).clientStreams().nanoClock(() -> nowNs);
    }

    /** Publishes on the listener's streams without a dialer's manners. */
    private static final class Raw implements RawPeer {
        private final Aeron aeron;
        private final AeronEndpoint endpoint;
        private final AeronLinks.Context context = new AeronLinks.Context().clientStreams();
        private final Subscription[] subscriptions = new Subscription[Link.LANES];
        private final ExclusivePublication[] publications = new ExclusivePublication[Link.LANES];

        Raw(final Aeron aeron, final AeronEndpoint endpoint) {
            this.aeron = aeron;
            this.endpoint = endpoint;
        }

        @Override
        public boolean send(final int lane, final UnsafeBuffer message, final int length) {
            if (publications[lane] == null) {
                subscriptions[lane] =
                    aeron.addSubscription(AeronLinks.responseSubscription(context, endpoint), context.streamId(lane));
                final String channel =
                    AeronLinks.requestPublication(context, endpoint, lane, subscriptions[lane].registrationId());
                publications[lane] = aeron.addExclusivePublication(channel, context.streamId(lane));
            }
            return publications[lane].offer(message, 0, length) > 0;
        }

        @Override
        public void close() {
            for (int lane = 0; lane < Link.LANES; lane++) {
                if (publications[lane] != null) {
                    publications[lane].revokeOnClose();
                    publications[lane].close();
                    subscriptions[lane].close();
                }
            }
        }
    }
}
