package org.clockwork.schema.link.memory;

import static io.aeron.protocol.DataHeaderFlyweight.HEADER_LENGTH;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.LaneOpening;
import org.clockwork.schema.link.Link;

/**
 * Joins listeners and dialers that live in one thread; the same models and the same calls give the same deliveries, bit
 * for bit. All of it is owned by that one thread. Once links are up and their rings have grown to what the traffic
 * needs, nothing allocates.
 */
public final class MemoryNetwork {
    /** A dial that nobody answers is repeated this often while its link is not given up, as Aeron does. */
    private static final long SETUP_INTERVAL_NS = 100_000_000L;

    private final Context context;
    private final NanoClock clock;
    private final LatencyModel latency;
    private final CutModel cuts;
    private final RefusalModel refusals;
    private final DeliveryObserver observer;
    /** By endpoint name; looked up when dialing only, never iterated. */
    private final Map<String, MemoryListener> listeners = new HashMap<>();
    /** Links that were dialed where nobody listens, in the order of the dials. */
    private final List<Dial> unanswered = new ArrayList<>();
    private final List<MemoryEndpoint> endpoints = new ArrayList<>();
    private final LaneOpening laneOpening = new LaneOpening();
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[LaneOpening.LENGTH]);
    private int endpointCount;
    private long linkCount;
    private long order;

    /** A link that nobody has answered yet. */
    private record Dial(MemoryLink link, String endpoint, long atNs) {
    }

    /** A network in which everything is visible at once. */
    public MemoryNetwork(final NanoClock clock) {
        this(new Context().clock(clock));
    }

    /** A network of that latency and no faults. */
    public MemoryNetwork(final NanoClock clock, final LatencyModel latency) {
        this(new Context().clock(clock).latency(latency));
    }

    /** A network with whatever the context says; concludes it. */
    public MemoryNetwork(final Context context) {
        context.conclude();
        this.context = context;
        clock = context.clock;
        latency = context.latency;
        cuts = context.cuts;
        refusals = context.refusals;
        observer = context.observer;
    }

    /** Listens on an endpoint, whatever its text; one listener at a time. */
    public MemoryListener listen(final String endpoint) {
        final MemoryListener listener = new MemoryListener(this, endpointCount, endpoint);
        if (listeners.putIfAbsent(endpoint, listener) != null) {
            throw new IllegalStateException("endpoint=" + endpoint + " has a listener");
        }
        endpointCount++;
        endpoints.add(listener);
        unanswered.removeIf(dial -> dial.link.isClosed() || reach(dial, listener));
        return listener;
    }

    /** A peer that can dial; the name is for people. */
    public MemoryDialer dialer(final String name) {
        final MemoryDialer dialer = new MemoryDialer(this, endpointCount++, name);
        endpoints.add(dialer);
        return dialer;
    }

    /**
     * Earliest {@link MemoryEndpoint#nextDeliveryNs()} of all endpoints; {@link MemoryEndpoint#NEVER} if there is none. Asks
     * each of them: where there are many, the {@link DeliveryObserver} is for that.
     */
    public long nextDeliveryNs() {
        long earliestNs = MemoryEndpoint.NEVER;
        for (final MemoryEndpoint endpoint : endpoints) {
            earliestNs = MemoryEndpoint.earlier(earliestNs, endpoint.nextDeliveryNs());
        }
        return earliestNs;
    }

    /**
     * Kills a link silently: what was on its way is lost, both ends go on sending into nothing until their lanes are
     * full, and see the end only after {@link Context#cutDetectionNs(long)}.
     */
    public void cut(final Link link) {
        ((MemoryLink) link).cut();
    }

    MemoryLink connect(final MemoryDialer dialer, final String endpoint, final boolean isOpening) {
        final long id = ++linkCount;
        final MemoryListener listener = listeners.get(endpoint);
        final MemoryLink near = new MemoryLink(this, dialer, id);
        final MemoryLink far = new MemoryLink(this, listener == null ? dialer : listener, id);
        near.other = far;
        far.other = near;
        near.in[Link.CONTROL].isOpen = true;
        near.in[Link.BULK].isOpen = true;
        final long nowNs = nowNs();
        if (listener != null) {
            call(listener, near, isOpening, nowNs);
        } else {
            far.markClosed();
            if (isOpening) {
                unanswered.removeIf(dial -> dial.link.isClosed());
                unanswered.add(new Dial(near, endpoint, nowNs));
            }
        }
        return near;
    }

    /** Whether an unanswered dial leads to this listener; if so, the next repetition of it arrives there. */
    private boolean reach(final Dial dial, final MemoryListener listener) {
        if (!dial.endpoint.equals(listener.name())) {
            return false;
        }
        final MemoryLink near = dial.link;
        near.other = new MemoryLink(this, listener, near.id());
        near.other.other = near;
        final long sinceNs = nowNs() - dial.atNs;
        call(listener, near, true, dial.atNs + (sinceNs / SETUP_INTERVAL_NS + 1) * SETUP_INTERVAL_NS);
        return true;
    }

    private void call(final MemoryListener listener, final MemoryLink near, final boolean isOpening, final long atNs) {
        if (listener.onDialed(near.other, atNs) && isOpening) {
            sendOpening(near, Link.CONTROL, atNs);
            sendOpening(near, Link.BULK, atNs);
        }
    }

    void release(final MemoryListener listener) {
        listeners.remove(listener.name());
        endpoints.remove(listener);
    }

    DeliveryObserver observer() {
        return observer;
    }

    boolean admits(final MemoryLink link, final int lane, final int length, final long nowNs) {
        final int from = link.endpoint.endpointId();
        final int to = link.other.endpoint.endpointId();
        if (refusals.refuses(from, to, lane, length, nowNs)) {
            return false;
        }
        if (cuts.cuts(from, to, lane, length, nowNs)) {
            link.cut();
        }
        return true;
    }

    long delayNs(final MemoryEndpoint from, final MemoryEndpoint to, final int lane, final int length, final long nowNs) {
        return latency.delayNs(from.endpointId(), to.endpointId(), lane, length, nowNs);
    }

    long nowNs() {
        return clock.nanoTime();
    }

    long nextOrder() {
        return order++;
    }

    TailModel tails() {
        return context.tails;
    }

    MessageTap tap() {
        return context.tap;
    }

    LaneOpening laneOpening() {
        return laneOpening;
    }

    int controlCapacity() {
        return context.controlCapacity;
    }

    int bulkCapacity() {
        return context.bulkCapacity;
    }

    int maxClaimLength() {
        return context.maxClaimLength;
    }

    int maxLinks() {
        return context.maxLinks;
    }

    long openTimeoutNs() {
        return context.openTimeoutNs;
    }

    long cutDetectionNs() {
        return context.cutDetectionNs;
    }

    private void sendOpening(final MemoryLink link, final int lane, final long nowNs) {
        final MemoryEndpoint from = link.endpoint;
        final MemoryEndpoint to = link.other.endpoint;
        laneOpening.encode(scratch, 0, link.id(), lane);
        sendRaw(link, lane, scratch, LaneOpening.LENGTH,
            nowNs + context.openings.extraDelayNs(from.endpointId(), to.endpointId(), lane, nowNs));
    }

    /** Sends what an application could not: an opening, or a test's idea of one. */
    void sendRaw(final MemoryLink link, final int lane, final DirectBuffer buffer, final int length, final long sendNs) {
        final MemoryEndpoint to = link.other.endpoint;
        final Pipe pipe = link.other.in[lane];
        final int index = pipe.reserve(length, sendNs + delayNs(link.endpoint, to, lane, length, sendNs));
        pipe.buffer().putBytes(index + HEADER_LENGTH, buffer, 0, length);
        pipe.commit(index, length);
        to.onSent(pipe);
    }

    /** Options of a {@link MemoryNetwork}. */
    public static final class Context {
        /** Default of {@link #maxLinks(int)}. */
        public static final int DEFAULT_MAX_LINKS = 4096;
        /** Default of {@link #controlCapacity(int)}. */
        public static final int DEFAULT_CONTROL_CAPACITY = 256 * 1024;
        /** Default of {@link #bulkCapacity(int)}. */
        public static final int DEFAULT_BULK_CAPACITY = 2 * 1024 * 1024;
        /** Default of {@link #maxClaimLength(int)}: what one packet of an ordinary network holds. */
        public static final int DEFAULT_MAX_CLAIM_LENGTH = 1376;
        /** Default of {@link #openTimeoutNs(long)}. */
        public static final long DEFAULT_OPEN_TIMEOUT_NS = 5_000_000_000L;
        /** Default of {@link #cutDetectionNs(long)}: as Aeron's default settings. */
        public static final long DEFAULT_CUT_DETECTION_NS = 5_000_000_000L;

        private NanoClock clock;
        private LatencyModel latency = LatencyModel.NONE;
        private CutModel cuts = CutModel.NONE;
        private TailModel tails = TailModel.NONE;
        private RefusalModel refusals = RefusalModel.NONE;
        private OpeningModel openings = OpeningModel.NONE;
        private DeliveryObserver observer = DeliveryObserver.NONE;
        private MessageTap tap = MessageTap.NONE;
        private int maxLinks = DEFAULT_MAX_LINKS;
        private int controlCapacity = DEFAULT_CONTROL_CAPACITY;
        private int bulkCapacity = DEFAULT_BULK_CAPACITY;
        private int maxClaimLength = DEFAULT_MAX_CLAIM_LENGTH;
        private long openTimeoutNs = DEFAULT_OPEN_TIMEOUT_NS;
        private long cutDetectionNs = DEFAULT_CUT_DETECTION_NS;
        private boolean isConcluded;

        /** The network's time; required. */
        public Context clock(final NanoClock networkClock) {
            clock = networkClock;
            return this;
        }

        /** How long messages travel. */
        public Context latency(final LatencyModel model) {
            latency = model;
            return this;
        }

        /** Which messages kill their link. */
        public Context cuts(final CutModel model) {
            cuts = model;
            return this;
        }

        /** What becomes of messages on their way when their sender dies. */
        public Context tails(final TailModel model) {
            tails = model;
            return this;
        }

        /** Which offers are refused without need. */
        public Context refusals(final RefusalModel model) {
            refusals = model;
            return this;
        }

        /** How much later than they could the lanes open. */
        public Context openings(final OpeningModel model) {
            openings = model;
            return this;
        }

        /** Who is told when an endpoint has something to do. */
        public Context observer(final DeliveryObserver deliveryObserver) {
            observer = deliveryObserver;
            return this;
        }

        /** Who sees each message as it is delivered. */
        public Context tap(final MessageTap messageTap) {
            tap = messageTap;
            return this;
        }

        /** Links that one listener has at most, half-open ones included; further ones are refused. */
        public Context maxLinks(final int limit) {
            maxLinks = limit;
            return this;
        }

        /** Bytes that a control lane holds in each direction before it answers false; a power of two. */
        public Context controlCapacity(final int bytes) {
            controlCapacity = bytes;
            return this;
        }

        /** Bytes that a bulk lane holds in each direction before it answers false; a power of two. */
        public Context bulkCapacity(final int bytes) {
            bulkCapacity = bytes;
            return this;
        }

        /** Longest message that can be claimed on any lane. */
        public Context maxClaimLength(final int bytes) {
            maxClaimLength = bytes;
            return this;
        }

        /** Time in which a peer must open both lanes. */
        public Context openTimeoutNs(final long durationNs) {
            openTimeoutNs = durationNs;
            return this;
        }

        /** Time after which the ends of a cut link see it as closed; Long.MAX_VALUE: never. */
        public Context cutDetectionNs(final long durationNs) {
            cutDetectionNs = durationNs;
            return this;
        }

        /** Checks the options; once. */
        public Context conclude() {
            if (isConcluded) {
                throw new IllegalStateException("already concluded");
            }
            isConcluded = true;
            Objects.requireNonNull(clock, "clock");
            checkCapacity("controlCapacity", controlCapacity);
            checkCapacity("bulkCapacity", bulkCapacity);
            if (maxClaimLength < 1 || maxClaimLength > Protocol.MAX_MESSAGE_BYTES) {
                throw new IllegalArgumentException(
                    "maxClaimLength=" + maxClaimLength + " must be 1 to " + Protocol.MAX_MESSAGE_BYTES);
            }
            if (maxLinks < 1) {
                throw new IllegalArgumentException("maxLinks=" + maxLinks + " must be positive");
            }
            if (openTimeoutNs < 1 || cutDetectionNs < 1) {
                throw new IllegalArgumentException(
                    "openTimeoutNs=" + openTimeoutNs + " cutDetectionNs=" + cutDetectionNs + " must be positive");
            }
            return this;
        }

        private static void checkCapacity(final String name, final int bytes) {
            final int least = 2 * Protocol.MAX_MESSAGE_BYTES;
            if (bytes < least || !BitUtil.isPowerOfTwo(bytes)) {
                throw new IllegalArgumentException(name + "=" + bytes + " must be a power of two, at least " + least);
            }
        }
    }
}
