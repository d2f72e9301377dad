package org.clockwork.schema.link.aeron;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.exceptions.RegistrationException;
import io.aeron.protocol.DataHeaderFlyweight;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.LaneOpening;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;

/**
 * Dials over Aeron UDP, a step at a time and never blocking: for each lane a response subscription, then the
 * publication that names it, then LANE-OPEN, then the image of the answers. Owned by the thread that polls it.
 */
public final class AeronDialer implements Dialer {
    /** How far one lane is. */
    private enum Step {
        /** The driver has been asked for the response subscription. */
        SUBSCRIBING,
        /** The driver has been asked for the publication. */
        PUBLISHING,
        /** The publication waits for a listener; then LANE-OPEN is sent. */
        CONNECTING,
        /** LANE-OPEN is sent; the listener has yet to answer with a stream of its own. */
        AWAITING_RESPONSE,
        /** Both directions are there. */
        READY
    }

    private final AeronLinks.Context context;
    private final Aeron aeron;
    private final LaneOpening laneOpening = new LaneOpening();
    private final UnsafeBuffer openingBuffer = new UnsafeBuffer(new byte[LaneOpening.LENGTH]);
    private final Step[] steps = new Step[Link.LANES];
    private final long[] subscriptionIds = new long[Link.LANES];
    private final long[] publicationIds = new long[Link.LANES];
    private final Subscription[] subscriptions = new Subscription[Link.LANES];
    private AeronEndpoint endpoint;
    private AeronLink link;
    private long peerLinkId;
    private long lastLinkId;

    /** A dialer that has not dialed; concludes the context. */
    public AeronDialer(final AeronLinks.Context context) {
        context.conclude();
        this.context = context;
        aeron = context.aeron();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the endpoint is not as {@link AeronEndpoint#parse(String)} wants it; a host
     *                                  that can't be resolved ends the link instead.
     */
    @Override
    public Link dial(final String endpointText) {
        final AeronEndpoint newEndpoint = AeronEndpoint.parse(endpointText);
        close();
        endpoint = newEndpoint;
        peerLinkId = context.nextLinkId();
        final boolean isLoopback = endpoint.isLoopback();
        link = new AeronLink(
            ++lastLinkId,
            context.mtu(Link.CONTROL, isLoopback) - DataHeaderFlyweight.HEADER_LENGTH,
            context.mtu(Link.BULK, isLoopback) - DataHeaderFlyweight.HEADER_LENGTH,
            this::onClosed);
        for (int lane = 0; lane < Link.LANES; lane++) {
            subscriptionIds[lane] = aeron.asyncAddSubscription(
                AeronLinks.responseSubscription(context, endpoint), context.streamId(lane));
            publicationIds[lane] = Aeron.NULL_VALUE;
            steps[lane] = Step.SUBSCRIBING;
        }
        return link;
    }

    @Override
    public int poll(final int lane, final MessageHandler handler, final int limit) {
        return link != null && link.isUp() ? link.inbound[lane].poll(handler, limit) : 0;
    }

    @Override
    public int poll() {
        if (link == null || link.isClosed()) {
            return 0;
        }
        if (link.isUp()) {
            if (link.isBroken()) {
                link.close();
                return 1;
            }
            return 0;
        }
        int work = 0;
        try {
            work += advance(Link.CONTROL) + advance(Link.BULK);
        } catch (final RegistrationException ex) {
            context.errorHandler().onError(ex);
            link.close();
            return 1;
        }
        if (steps[Link.CONTROL] == Step.READY && steps[Link.BULK] == Step.READY) {
            link.markUp();
        }
        return work;
    }

    @Override
    public void close() {
        if (link != null) {
            link.close();
            link = null;
        }
    }

    private int advance(final int lane) {
        final Step before = steps[lane];
        switch (before) {
            case SUBSCRIBING:
                subscriptions[lane] = aeron.getSubscription(subscriptionIds[lane]);
                if (subscriptions[lane] != null) {
                    final String channel = AeronLinks.requestPublication(context, endpoint, lane, subscriptionIds[lane]);
                    publicationIds[lane] = aeron.asyncAddExclusivePublication(channel, context.streamId(lane));
                    steps[lane] = Step.PUBLISHING;
                }
                break;
            case PUBLISHING:
                link.publications[lane] = aeron.getExclusivePublication(publicationIds[lane]);
                if (link.publications[lane] != null) {
                    steps[lane] = Step.CONNECTING;
                }
                break;
            case CONNECTING:
                if (sendOpening(link.publications[lane], lane)) {
                    steps[lane] = Step.AWAITING_RESPONSE;
                }
                break;
            case AWAITING_RESPONSE:
                if (subscriptions[lane].imageCount() > 0) {
                    final AeronInbound inbound = new AeronInbound(subscriptions[lane].imageAtIndex(0), lane, 0);
                    inbound.link = link;
                    link.inbound[lane] = inbound;
                    steps[lane] = Step.READY;
                }
                break;
            case READY:
            default:
                break;
        }
        return before == steps[lane] ? 0 : 1;
    }

    private boolean sendOpening(final ExclusivePublication publication, final int lane) {
        if (!publication.isConnected()) {
            return false;
        }
        laneOpening.encode(openingBuffer, 0, peerLinkId, lane);
        return publication.offer(openingBuffer, 0, LaneOpening.LENGTH, null) > 0;
    }

    /** The link has closed its publications; the rest of what was asked of the driver is taken back here. */
    private void onClosed(final AeronLink closed) {
        for (int lane = 0; lane < Link.LANES; lane++) {
            if (closed.publications[lane] == null && publicationIds[lane] != Aeron.NULL_VALUE) {
                aeron.asyncRemovePublication(publicationIds[lane]);
            }
            if (subscriptions[lane] != null) {
                subscriptions[lane].close();
                subscriptions[lane] = null;
            } else {
                aeron.asyncRemoveSubscription(subscriptionIds[lane]);
            }
        }
    }
}
