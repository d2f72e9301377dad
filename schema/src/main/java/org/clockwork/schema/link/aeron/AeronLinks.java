package org.clockwork.schema.link.aeron;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.logbuffer.FrameDescriptor;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.agrona.BitUtil;
import org.agrona.ErrorHandler;
import org.agrona.SystemUtil;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.Link;

/** Options of the Aeron links, as text in system properties and in code in a {@link Context}. */
public final class AeronLinks {
    /** Property: largest packet of the control lane in bytes; 0 chooses by {@link #LOOPBACK_CONTROL_MTU}. */
    public static final String CONTROL_MTU_PROP_NAME = "clockwork.link.control.mtu";
    /** Property: largest packet of the bulk lane in bytes; 0 chooses by {@link #LOOPBACK_BULK_MTU}. */
    public static final String BULK_MTU_PROP_NAME = "clockwork.link.bulk.mtu";
    /** Property: term length of the control lane in bytes; a lane takes three terms of memory at each side. */
    public static final String CONTROL_TERM_LENGTH_PROP_NAME = "clockwork.link.control.term.length";
    /** Property: term length of the bulk lane in bytes; a lane takes three terms of memory at each side. */
    public static final String BULK_TERM_LENGTH_PROP_NAME = "clockwork.link.bulk.term.length";
    /** Property: receive window in bytes; 0 leaves it to the driver. The socket's receive buffer must hold it. */
    public static final String RECEIVER_WINDOW_PROP_NAME = "clockwork.link.receiver.window";
    /** Property: links that a listener has at most, half-open ones included. */
    public static final String MAX_LINKS_PROP_NAME = "clockwork.link.max";
    /** Property: time in which a peer must open both lanes, with a unit. */
    public static final String OPEN_TIMEOUT_PROP_NAME = "clockwork.link.open.timeout";

    /** Packet of both lanes where the network is not known to take more. */
    public static final int DEFAULT_MTU = 1408;
    /** Packet of the control lane over loopback. */
    public static final int LOOPBACK_CONTROL_MTU = 8192;
    /** Packet of the bulk lane over loopback: a chunk in two, at a sixth of the cost of small ones. */
    public static final int LOOPBACK_BULK_MTU = 65504;
    /** Least term length: Aeron's longest message is an eighth of it. */
    public static final int MIN_TERM_LENGTH = 8 * Protocol.MAX_MESSAGE_BYTES;
    /** Greatest term length, ours or a peer's: a peer must not make us keep messages of any length. */
    public static final int MAX_TERM_LENGTH = 16 * 1024 * 1024;
    /** Default of {@link #CONTROL_TERM_LENGTH_PROP_NAME}. */
    public static final int DEFAULT_CONTROL_TERM_LENGTH = MIN_TERM_LENGTH;
    /** Default of {@link #BULK_TERM_LENGTH_PROP_NAME}. */
    public static final int DEFAULT_BULK_TERM_LENGTH = 4 * 1024 * 1024;
    /** Default of {@link #MAX_LINKS_PROP_NAME}. */
    public static final int DEFAULT_MAX_LINKS = 1024;
    /** Default of {@link #OPEN_TIMEOUT_PROP_NAME}. */
    public static final long DEFAULT_OPEN_TIMEOUT_NS = 5_000_000_000L;

    private AeronLinks() {
    }

    /** What a listener or dialer needs to know; one context each, concluded by it. */
    public static final class Context implements Cloneable {
        private Aeron aeron;
        private AeronEndpoint endpoint;
        private int controlStreamId;
        private int bulkStreamId;
        private int controlMtu = SystemUtil.getSizeAsInt(CONTROL_MTU_PROP_NAME, 0);
        private int bulkMtu = SystemUtil.getSizeAsInt(BULK_MTU_PROP_NAME, 0);
        private int controlTermLength = SystemUtil.getSizeAsInt(CONTROL_TERM_LENGTH_PROP_NAME, DEFAULT_CONTROL_TERM_LENGTH);
        private int bulkTermLength = SystemUtil.getSizeAsInt(BULK_TERM_LENGTH_PROP_NAME, DEFAULT_BULK_TERM_LENGTH);
        private int receiverWindow = SystemUtil.getSizeAsInt(RECEIVER_WINDOW_PROP_NAME, 0);
        private int maxLinks = Integer.getInteger(MAX_LINKS_PROP_NAME, DEFAULT_MAX_LINKS);
        private long openTimeoutNs = SystemUtil.getDurationInNanos(OPEN_TIMEOUT_PROP_NAME, DEFAULT_OPEN_TIMEOUT_NS);
        private NanoClock nanoClock = SystemNanoClock.INSTANCE;
        private LongSupplier linkIds;
        private ErrorHandler errorHandler;
        private boolean isConcluded;

        /** The Aeron client to use; required; not closed with the link. */
        public Context aeron(final Aeron client) {
            aeron = client;
            return this;
        }

        /** Where to listen, as {@link AeronEndpoint#parse(String)} reads it; required for a listener, unused by a dialer. */
        public Context endpoint(final String text) {
            endpoint = AeronEndpoint.parse(text);
            return this;
        }

        /** Streams of clients: {@link Protocol#CLIENT_CONTROL_STREAM} and its companion. */
        public Context clientStreams() {
            return streams(Protocol.CLIENT_CONTROL_STREAM, Protocol.CLIENT_BULK_STREAM);
        }

        /** Streams of workers: {@link Protocol#WORKER_CONTROL_STREAM} and its companion. */
        public Context workerStreams() {
            return streams(Protocol.WORKER_CONTROL_STREAM, Protocol.WORKER_BULK_STREAM);
        }

        /** Stream ids of the two lanes, both ways; required. */
        public Context streams(final int control, final int bulk) {
            controlStreamId = control;
            bulkStreamId = bulk;
            return this;
        }

        /** See {@link #CONTROL_MTU_PROP_NAME}. */
        public Context controlMtu(final int bytes) {
            controlMtu = bytes;
            return this;
        }

        /** See {@link #BULK_MTU_PROP_NAME}. */
        public Context bulkMtu(final int bytes) {
            bulkMtu = bytes;
            return this;
        }

        /** See {@link #CONTROL_TERM_LENGTH_PROP_NAME}. */
        public Context controlTermLength(final int bytes) {
            controlTermLength = bytes;
            return this;
        }

        /** See {@link #BULK_TERM_LENGTH_PROP_NAME}. */
        public Context bulkTermLength(final int bytes) {
            bulkTermLength = bytes;
            return this;
        }

        /** See {@link #RECEIVER_WINDOW_PROP_NAME}. */
        public Context receiverWindow(final int bytes) {
            receiverWindow = bytes;
            return this;
        }

        /** See {@link #MAX_LINKS_PROP_NAME}. */
        public Context maxLinks(final int limit) {
            maxLinks = limit;
            return this;
        }

        /** See {@link #OPEN_TIMEOUT_PROP_NAME}. */
        public Context openTimeoutNs(final long durationNs) {
            openTimeoutNs = durationNs;
            return this;
        }

        /** Clock of the time-outs. */
        public Context nanoClock(final NanoClock clock) {
            nanoClock = clock;
            return this;
        }

        /** Where a dialer's link ids come from; hard to guess by default, so that no stranger joins a half-open link. */
        public Context linkIds(final LongSupplier supplier) {
            linkIds = supplier;
            return this;
        }

        /** Told of endpoints that don't resolve and the like; the Aeron client's own by default. */
        public Context errorHandler(final ErrorHandler handler) {
            errorHandler = handler;
            return this;
        }

        /** Checks the options and fills in what was left out; once. */
        public Context conclude() {
            if (isConcluded) {
                throw new IllegalStateException("already concluded");
            }
            isConcluded = true;
            Objects.requireNonNull(aeron, "aeron");
            if (controlStreamId == bulkStreamId) {
                throw new IllegalArgumentException(
                    "controlStreamId=" + controlStreamId + " bulkStreamId=" + bulkStreamId + " must differ");
            }
            checkMtu(CONTROL_MTU_PROP_NAME, controlMtu);
            checkMtu(BULK_MTU_PROP_NAME, bulkMtu);
            checkTerm(CONTROL_TERM_LENGTH_PROP_NAME, controlTermLength);
            checkTerm(BULK_TERM_LENGTH_PROP_NAME, bulkTermLength);
            if (maxLinks < 1 || openTimeoutNs < 1 || receiverWindow < 0) {
                throw new IllegalArgumentException(
                    "maxLinks=" + maxLinks + " openTimeoutNs=" + openTimeoutNs + " receiverWindow=" + receiverWindow);
            }
            if (errorHandler == null) {
                errorHandler = aeron.context().errorHandler();
            }
            if (linkIds == null) {
                final SecureRandom random = new SecureRandom();
                linkIds = random::nextLong;
            }
            return this;
        }

        /** A copy of the options, not concluded. */
        @Override
        public Context clone() {
            try {
                final Context copy = (Context) super.clone();
                copy.isConcluded = false;
                return copy;
            } catch (final CloneNotSupportedException ex) {
                throw new IllegalStateException(ex);
            }
        }

        Aeron aeron() {
            return aeron;
        }

        AeronEndpoint endpoint() {
            return endpoint;
        }

        int streamId(final int lane) {
            return lane == Link.CONTROL ? controlStreamId : bulkStreamId;
        }

        int mtu(final int lane, final boolean isLoopback) {
            final int wanted = lane == Link.CONTROL ? controlMtu : bulkMtu;
            if (wanted != 0) {
                return wanted;
            }
            if (!isLoopback) {
                return DEFAULT_MTU;
            }
            return lane == Link.CONTROL ? LOOPBACK_CONTROL_MTU : LOOPBACK_BULK_MTU;
        }

        int termLength(final int lane) {
            return lane == Link.CONTROL ? controlTermLength : bulkTermLength;
        }

        int receiverWindow() {
            return receiverWindow;
        }

        int maxLinks() {
            return maxLinks;
        }

        long openTimeoutNs() {
            return openTimeoutNs;
        }

        NanoClock nanoClock() {
            return nanoClock;
        }

        long nextLinkId() {
            return linkIds.getAsLong();
        }

        ErrorHandler errorHandler() {
            return errorHandler;
        }

        private static void checkMtu(final String name, final int mtu) {
            if (mtu != 0 && (mtu < 256 || mtu > LOOPBACK_BULK_MTU || mtu % FrameDescriptor.FRAME_ALIGNMENT != 0)) {
                throw new IllegalArgumentException(
                    name + "=" + mtu + " must be 0 or a multiple of 32 from 256 to " + LOOPBACK_BULK_MTU);
            }
        }

        private static void checkTerm(final String name, final int length) {
            if (length < MIN_TERM_LENGTH || length > MAX_TERM_LENGTH || !BitUtil.isPowerOfTwo(length)) {
                throw new IllegalArgumentException(
                    name + "=" + length + " must be a power of two from " + MIN_TERM_LENGTH + " to " + MAX_TERM_LENGTH);
            }
        }
    }

    /** Channel on which a listener takes both lanes of all peers. */
    static String requestSubscription(final Context context) {
        final AeronEndpoint endpoint = context.endpoint();
        return "aeron:udp?endpoint=" + endpoint.request() + "|response-endpoint=" + endpoint.response() + window(context);
    }

    /** Channel that holds the port of the responses from the start, so that a port in use is seen at once. */
    static String responsePrototype(final Context context) {
        return "aeron:udp?control-mode=response|control=" + context.endpoint().response() +
            "|response-correlation-id=" + CommonContext.PROTOTYPE_CORRELATION_ID + "|term-length=64k";
    }

    /** Channel on which a listener answers the peer of one image. */
    static String responsePublication(
        final Context context, final int lane, final long imageCorrelationId, final boolean isLoopback) {
        return "aeron:udp?control-mode=response|control=" + context.endpoint().response() +
            "|response-correlation-id=" + imageCorrelationId + stream(context, lane, isLoopback);
    }

    /** Channel on which a dialer is answered; over loopback it binds there only. */
    static String responseSubscription(final Context context, final AeronEndpoint endpoint) {
        return "aeron:udp?control-mode=response|control=" + endpoint.response() +
            (endpoint.isLoopback() ? "|endpoint=" + endpoint.host() + ":0" : "") + window(context);
    }

    /** Channel on which a dialer sends one lane. */
    static String requestPublication(
        final Context context, final AeronEndpoint endpoint, final int lane, final long subscriptionId) {
        return "aeron:udp?endpoint=" + endpoint.request() + "|response-correlation-id=" + subscriptionId +
            stream(context, lane, endpoint.isLoopback());
    }

    private static String stream(final Context context, final int lane, final boolean isLoopback) {
        return "|mtu=" + context.mtu(lane, isLoopback) + "|term-length=" + context.termLength(lane);
    }

    private static String window(final Context context) {
        return context.receiverWindow() == 0 ? "" : "|rcv-wnd=" + context.receiverWindow();
    }
}
