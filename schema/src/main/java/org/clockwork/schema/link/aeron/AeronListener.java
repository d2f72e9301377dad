package org.clockwork.schema.link.aeron;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.RegistrationException;
import io.aeron.protocol.DataHeaderFlyweight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.collections.Long2ObjectHashMap;
import org.clockwork.schema.link.LaneOpening;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.Listener;
import org.clockwork.schema.link.MessageHandler;

/**
 * Takes links over Aeron UDP: an image of a request stream becomes, once it has said LANE-OPEN, one lane of a link; a
 * link is up once both lanes are open and their response publications are connected. Owned by the thread that polls it.
 */
public final class AeronListener implements Listener {
    /** Messages read in one cycle from a lane that has not been opened. */
    private static final int UNOPENED_LIMIT = 10;
    /** Interval at which links are looked over for publications that Aeron has closed. */
    private static final long SWEEP_INTERVAL_NS = 100_000_000L;

    private final AeronLinks.Context context;
    private final Aeron aeron;
    private final Subscription[] subscriptions = new Subscription[Link.LANES];
    private final ExclusivePublication prototype;
    /** Counted up by Aeron's conductor, on whatever thread it runs. */
    private final AtomicLong imageChanges = new AtomicLong();
    private final LaneOpening laneOpening = new LaneOpening();
    private final MessageHandler firstMessageHandler = this::onFirstMessage;
    /** All images that were seen and are still there; the map finds them, the list gives the order. */
    private final Long2ObjectHashMap<AeronInbound> knownByCorrelationId = new Long2ObjectHashMap<>();
    private final List<AeronInbound> known = new ArrayList<>();
    private final List<AeronInbound> unopened = new ArrayList<>();
    private final List<HalfOpen> halfOpen = new ArrayList<>();
    private final int[] firstToPoll = new int[Link.LANES];
    private AeronLink[] links = new AeronLink[16];
    private int linkCount;
    private long imageChangesSeen = -1;
    private boolean hasClosedLinks;
    private long nextSweepNs;
    private long lastLinkId;
    private long droppedCount;
    private long refusedCount;
    /** The image being asked for its first message. */
    private AeronInbound opening;

    /** A link one of whose lanes has been opened, and how far it is. */
    private static final class HalfOpen {
        final long peerLinkId;
        final AeronLink link;
        final long deadlineNs;
        final long[] publicationIds = {Aeron.NULL_VALUE, Aeron.NULL_VALUE};

        HalfOpen(final long peerLinkId, final AeronLink link, final long deadlineNs) {
            this.peerLinkId = peerLinkId;
            this.link = link;
            this.deadlineNs = deadlineNs;
        }
    }

    /**
     * Listens. Blocks until the driver has answered: for launchers, not for agents. With a driver in INVOKER mode the
     * Aeron client must know its invoker ({@code Aeron.Context.driverAgentInvoker}).
     *
     * @param context is concluded here.
     * @throws RegistrationException if a port is in use or the host is not this machine's.
     */
    public AeronListener(final AeronLinks.Context context) {
        context.conclude();
        Objects.requireNonNull(context.endpoint(), "endpoint");
        this.context = context;
        aeron = context.aeron();
        final String channel = AeronLinks.requestSubscription(context);
        prototype = aeron.addExclusivePublication(AeronLinks.responsePrototype(context), context.streamId(Link.CONTROL));
        try {
            for (int lane = 0; lane < Link.LANES; lane++) {
                subscriptions[lane] = aeron.addSubscription(
                    channel, context.streamId(lane), this::onImageChange, this::onImageChange);
            }
        } catch (final RegistrationException ex) {
            CloseHelper.quietCloseAll(subscriptions);
            prototype.close();
            throw ex;
        }
        nextSweepNs = context.nanoClock().nanoTime();
    }

    @Override
    public int poll(final int lane, final MessageHandler handler, final int limitPerLink) {
        final int count = linkCount;
        if (count == 0) {
            return 0;
        }
        int index = firstToPoll[lane] < count ? firstToPoll[lane] : 0;
        firstToPoll[lane] = index + 1;
        int delivered = 0;
        for (int i = 0; i < count; i++) {
            delivered += links[index].inbound[lane].poll(handler, limitPerLink);
            index = index + 1 == count ? 0 : index + 1;
        }
        return delivered;
    }

    @Override
    public int poll(final LinkObserver observer) {
        final long nowNs = context.nanoClock().nanoTime();
        final long changes = imageChanges.get();
        int work = 0;
        boolean mustSweep = hasClosedLinks || nowNs - nextSweepNs >= 0;
        if (changes != imageChangesSeen) {
            imageChangesSeen = changes;
            work += takeNewImages(nowNs);
            mustSweep = true;
        }
        if (mustSweep) {
            nextSweepNs = nowNs + SWEEP_INTERVAL_NS;
            work += endLinks(observer);
            forgetImages();
        }
        if (!unopened.isEmpty()) {
            work += openLanes(nowNs);
        }
        if (!halfOpen.isEmpty()) {
            work += openLinks(nowNs, observer);
        }
        return work;
    }

    @Override
    public int linkCount() {
        return linkCount;
    }

    @Override
    public long droppedCount() {
        return droppedCount;
    }

    @Override
    public long refusedCount() {
        return refusedCount;
    }

    @Override
    public void close() {
        while (linkCount > 0) {
            links[--linkCount].close();
            links[linkCount] = null;
        }
        for (int i = halfOpen.size() - 1; i >= 0; i--) {
            abandon(halfOpen.remove(i));
        }
        unopened.clear();
        CloseHelper.quietCloseAll(subscriptions);
        CloseHelper.quietClose(prototype);
    }

    private void onImageChange(final Image image) {
        imageChanges.incrementAndGet();
    }

    private int takeNewImages(final long nowNs) {
        int work = 0;
        for (int lane = 0; lane < Link.LANES; lane++) {
            final List<Image> images = subscriptions[lane].images();
            for (int i = 0; i < images.size(); i++) {
                final Image image = images.get(i);
                if (!knownByCorrelationId.containsKey(image.correlationId())) {
                    final AeronInbound inbound = new AeronInbound(image, lane, nowNs + context.openTimeoutNs());
                    knownByCorrelationId.put(image.correlationId(), inbound);
                    known.add(inbound);
                    if (isTooLong(image) || unopened.size() >= 2 * Link.LANES * context.maxLinks()) {
                        refusedCount++;
                    } else {
                        unopened.add(inbound);
                    }
                    work++;
                }
            }
        }
        return work;
    }

    private void forgetImages() {
        for (int i = known.size() - 1; i >= 0; i--) {
            final AeronInbound inbound = known.get(i);
            droppedCount += inbound.takeOversized();
            if (inbound.isClosed()) {
                removeUnordered(known, i);
                knownByCorrelationId.remove(inbound.image.correlationId());
            }
        }
    }

    private int openLanes(final long nowNs) {
        int work = 0;
        for (int i = 0; i < unopened.size(); i++) {
            opening = unopened.get(i);
            if (!opening.isClosed()) {
                int budget = UNOPENED_LIMIT;
                while (opening != null && budget-- > 0 && opening.poll(firstMessageHandler, 1) > 0) {
                    work++;
                }
                if (opening != null && nowNs - opening.deadlineNs <= 0) {
                    continue;
                }
                refusedCount += opening == null ? 0 : 1;
            }
            unopened.remove(i--);
        }
        opening = null;
        return work;
    }

    /** Leaves {@link #opening} null once the lane is done with, opened or refused. */
    private void onFirstMessage(
        final Link ignored, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (!laneOpening.decode(buffer, offset, length, lane)) {
            droppedCount++;
            return;
        }
        HalfOpen half = find(laneOpening.linkId());
        if (half == null) {
            if (linkCount + halfOpen.size() >= context.maxLinks()) {
                // A refused peer is counted once, though both its lanes come to nothing.
                refusedCount += lane == Link.CONTROL ? 1 : 0;
                opening = null;
                return;
            }
            half = newHalfOpen(opening);
            halfOpen.add(half);
        } else if (half.link.inbound[lane] != null) {
            droppedCount++;
            return;
        }
        half.link.inbound[lane] = opening;
        opening.link = half.link;
        opening = null;
    }

    private HalfOpen newHalfOpen(final AeronInbound inbound) {
        final boolean isLoopback = isLoopback(inbound);
        final AeronLink link = new AeronLink(
            ++lastLinkId,
            context.mtu(Link.CONTROL, isLoopback) - DataHeaderFlyweight.HEADER_LENGTH,
            context.mtu(Link.BULK, isLoopback) - DataHeaderFlyweight.HEADER_LENGTH,
            closed -> hasClosedLinks = true);
        return new HalfOpen(laneOpening.linkId(), link, inbound.deadlineNs);
    }

    private HalfOpen find(final long peerLinkId) {
        for (int i = 0; i < halfOpen.size(); i++) {
            if (halfOpen.get(i).peerLinkId == peerLinkId) {
                return halfOpen.get(i);
            }
        }
        return null;
    }

    private int openLinks(final long nowNs, final LinkObserver observer) {
        int work = 0;
        for (int i = 0; i < halfOpen.size(); i++) {
            final HalfOpen half = halfOpen.get(i);
            final boolean isReady = addPublication(half, Link.CONTROL) & addPublication(half, Link.BULK);
            if (half.link.isClosed() || isGone(half, Link.CONTROL) || isGone(half, Link.BULK)) {
                halfOpen.remove(i--);
                abandon(half);
            } else if (isReady) {
                halfOpen.remove(i--);
                accept(half.link, observer);
                work++;
            } else if (nowNs - half.deadlineNs > 0) {
                halfOpen.remove(i--);
                refusedCount++;
                abandon(half);
                work++;
            }
        }
        return work;
    }

    /** Makes the response publication of an opened lane, a step at a time; true once it is connected. */
    private boolean addPublication(final HalfOpen half, final int lane) {
        final AeronInbound inbound = half.link.inbound[lane];
        if (inbound == null || half.link.isClosed()) {
            return false;
        }
        final ExclusivePublication publication = half.link.publications[lane];
        if (publication != null) {
            return publication.isConnected();
        }
        try {
            if (half.publicationIds[lane] == Aeron.NULL_VALUE) {
                final String channel = AeronLinks.responsePublication(
                    context, lane, inbound.image.correlationId(), isLoopback(inbound));
                half.publicationIds[lane] = aeron.asyncAddExclusivePublication(channel, context.streamId(lane));
            } else {
                half.link.publications[lane] = aeron.getExclusivePublication(half.publicationIds[lane]);
            }
        } catch (final RegistrationException ex) {
            // The peer asked for no response channel, or is gone already.
            half.publicationIds[lane] = Aeron.NULL_VALUE;
            refusedCount++;
            half.link.close();
        }
        return false;
    }

    private void accept(final AeronLink link, final LinkObserver observer) {
        if (linkCount == links.length) {
            links = Arrays.copyOf(links, linkCount * 2);
        }
        links[linkCount++] = link;
        link.markUp();
        observer.onLinkUp(link);
    }

    private void abandon(final HalfOpen half) {
        half.link.close();
        for (int lane = 0; lane < Link.LANES; lane++) {
            if (half.publicationIds[lane] != Aeron.NULL_VALUE && half.link.publications[lane] == null) {
                aeron.asyncRemovePublication(half.publicationIds[lane]);
            }
        }
    }

    private int endLinks(final LinkObserver observer) {
        hasClosedLinks = false;
        int work = 0;
        for (int i = linkCount - 1; i >= 0; i--) {
            final AeronLink link = links[i];
            if (link.isClosed() || link.isBroken()) {
                link.close();
                links[i] = links[--linkCount];
                links[linkCount] = null;
                work++;
                observer.onLinkDown(link);
            }
        }
        return work;
    }

    private static boolean isGone(final HalfOpen half, final int lane) {
        return half.link.inbound[lane] != null && half.link.inbound[lane].isClosed();
    }

    private static boolean isTooLong(final Image image) {
        return image.termBufferLength() > AeronLinks.MAX_TERM_LENGTH;
    }

    private static boolean isLoopback(final AeronInbound inbound) {
        return AeronEndpoint.isLoopback(inbound.image.sourceIdentity());
    }

    private static void removeUnordered(final List<AeronInbound> list, final int index) {
        final AeronInbound last = list.remove(list.size() - 1);
        if (index < list.size()) {
            list.set(index, last);
        }
    }
}
