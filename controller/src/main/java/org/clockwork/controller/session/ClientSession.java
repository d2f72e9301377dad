package org.clockwork.controller.session;

import org.clockwork.schema.link.Link;

/** One connected client as the stations of a request see it. Owned by the controller agent. */
public final class ClientSession {
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
    /** Its requests in flight. */
    public int inFlight;
    /** Its input bytes in flight. */
    public long bytesInFlight;
    /** Estimated time from this client to the controller: half of the least round trip of late. */
    public long hopInNs;
    /** Estimated time from the controller to this client. */
    public long hopOutNs;
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
        requestSlots = new int[maxInFlight];
        java.util.Arrays.fill(requestSlots, -1);
    }
}
