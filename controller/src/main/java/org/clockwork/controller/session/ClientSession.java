package org.clockwork.controller.session;

import java.util.ArrayDeque;
import org.clockwork.controller.wire.Outbox;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;

/** One connected client as the stations of a request see it. Owned by the controller agent. */
public final class ClientSession {
    private static final int OUTBOX_BYTES = 256 * 1024;

    /** Wire id: generation and {@link #index}. */
    public final long id;
    /** Slot in the session table: dense. */
    public final int index;
    /** To this client. */
    public final Link link;
    /** Random id of the client process. */
    public final long incarnation;
    /** For people. */
    public final String name;
    /** Requests that it may have in flight; the index of its request ids is below it. */
    public final int maxInFlight;
    /** Input bytes that it may have in flight. */
    public final long maxBytes;
    /** Slot of the request in flight under each index of a client's request id, or -1. */
    public final int[] requestSlots;
    /** Generation of the last request seen under each index, so that what still comes for it is known to be late. */
    private final int[] lastGenerations;
    /** Its requests in flight. */
    public int inFlight;
    /** Its input bytes in flight. */
    public long bytesInFlight;
    /** Estimated time from this client to the controller: half of the least round trip of late. */
    public long hopInNs;
    /** Estimated time from the controller to this client. */
    public long hopOutNs;
    /** When its last message came. */
    public long lastReceivedNs;
    /** Messages to it that must not be lost. */
    public final Outbox outbox;
    /** Models of whose new state it is to be told, each once. */
    final ArrayDeque<ModelWatch> entriesDue = new ArrayDeque<>(0);

    long connectCorrelationId;
    final RoundTrip roundTrip = new RoundTrip();
    long nextKeepAliveNs;
    long echoSentNs = Protocol.NULL_NS;
    long echoReceivedNs = Protocol.NULL_NS;
    final Query query = new Query();
    boolean isActive;
    boolean isClosing;
    Status closeStatus;
    String closeDetail;
    /** Whether it is over; what still refers to it only cleans up. */
    public boolean isClosed;

    /** A session that has just been opened. */
    public ClientSession(
        final long id,
        final int index,
        final Link link,
        final long incarnation,
        final String name,
        final int maxInFlight,
        final long maxBytes) {
        this.id = id;
        this.index = index;
        this.link = link;
        this.incarnation = incarnation;
        this.name = name;
        this.maxInFlight = maxInFlight;
        this.maxBytes = maxBytes;
        outbox = new Outbox(link, OUTBOX_BYTES);
        requestSlots = new int[maxInFlight];
        java.util.Arrays.fill(requestSlots, -1);
        lastGenerations = new int[maxInFlight];
        java.util.Arrays.fill(lastGenerations, -1);
    }

    /** Notes a request; the index of its id is below {@link #maxInFlight}. */
    public void onRequest(final long requestId) {
        lastGenerations[Ids.index(requestId)] = Ids.generation(requestId);
    }

    /** Whether a request of this id, or a later one in its place, has been seen. */
    public boolean hasSeen(final long requestId) {
        return Ids.generation(requestId) - lastGenerations[Ids.index(requestId)] <= 0;
    }
}
