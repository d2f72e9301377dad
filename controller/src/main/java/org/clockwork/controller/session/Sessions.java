package org.clockwork.controller.session;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.agrona.collections.Long2ObjectHashMap;
import org.clockwork.controller.Authenticator;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.controller.wire.Times;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ConnectDecoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;

/**
 * The clients: who is connected, with which limits, how far away, and since when silent. Owned by the controller agent.
 */
public final class Sessions implements SessionCloser {
    private static final int MAX_CLIENT_NAME = 256;

    private final Options options;
    private final Authenticator authenticator;
    private final Supplier<String> redirect;
    private final ControllerCounters counters;
    private final ClientMessages messages;
    private final Listener listener;

    private final ClientSession[] sessions;
    private final int[] generations;
    /** By link id and by incarnation; looked up only, never iterated. */
    private final Long2ObjectHashMap<ClientSession> byLink = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<ClientSession> byIncarnation = new Long2ObjectHashMap<>();
    private final List<ClientSession> closing = new ArrayList<>();
    private int sessionCount;
    private long nextTickNs;

    /**
     * Limits and times.
     *
     * @param epoch       of this controller.
     * @param maxSessions at once.
     * @param maxInFlight requests of one session.
     * @param maxBytes    input bytes of one session in flight.
     * @param keepAliveNs between keep-alives.
     * @param timeoutNs   of silence after which a client is gone.
     * @param inlineBytes up to which inputs go inside requests.
     */
    public record Options(
        long epoch, int maxSessions, int maxInFlight, long maxBytes, long keepAliveNs, long timeoutNs, int inlineBytes) {
    }

    /** Told of sessions that end. */
    @FunctionalInterface
    public interface Listener {
        /** A session is over; its {@link ClientSession#isClosed} is true. */
        void onSessionClosed(ClientSession session, long nowNs);
    }

    /** A table without sessions. */
    public Sessions(
        final Options options,
        final Authenticator authenticator,
        final Supplier<String> redirect,
        final Listener listener,
        final ControllerCounters counters) {
        this.options = options;
        this.authenticator = authenticator;
        this.redirect = redirect;
        this.listener = listener;
        this.counters = counters;
        messages = new ClientMessages(options);
        sessions = new ClientSession[options.maxSessions];
        generations = new int[options.maxSessions];
    }

    /** The session of a link, or null. */
    public ClientSession byLink(final Link link) {
        return byLink.get(link.id());
    }

    /** The open session of this id, or null. */
    public ClientSession byId(final long sessionId) {
        final int index = Ids.index(sessionId);
        final ClientSession session = index < 0 || index >= sessions.length ? null : sessions[index];
        return session != null && session.id == sessionId ? session : null;
    }

    /** Open sessions. */
    public int count() {
        return sessionCount;
    }

    /** A client asks for a session. */
    public void onConnect(final Link link, final ConnectDecoder connect, final long nowNs) {
        final long correlationId = connect.correlationId();
        final long incarnation = connect.incarnation();
        final int wantedInFlight = connect.wantedInFlight();
        final long wantedBytes = connect.wantedBytes();
        if (connect.schemaVersion() != Protocol.VERSION || connect.actingVersion() != Protocol.VERSION) {
            refuse(link, correlationId, Status.INCOMPATIBLE_VERSION, "schema version " + connect.schemaVersion()
                + " in a message of version " + connect.actingVersion() + "; spoken here is version " + Protocol.VERSION);
            return;
        }
        final ClientSession known = byLink.get(link.id());
        if (known != null && known.incarnation == incarnation) {
            known.connectCorrelationId = correlationId;
            sent(known, messages.welcome(known));
            return;
        }
        final String name = connect.clientName();
        final byte[] credentials = new byte[connect.credentialsLength()];
        connect.getCredentials(credentials, 0, credentials.length);
        final String endpoints = redirect.get();
        if (endpoints != null) {
            refuse(link, correlationId, Status.REDIRECT, endpoints);
        } else if (known != null) {
            refuse(link, correlationId, Status.INVALID_HELLO, "this link belongs to another incarnation of client " + known.name);
        } else if (wantedInFlight < 0 || wantedBytes < 0 || name.length() > MAX_CLIENT_NAME) {
            refuse(link, correlationId, Status.INVALID_HELLO, "wantedInFlight=" + wantedInFlight + " wantedBytes=" + wantedBytes
                + " clientName of " + name.length() + " characters");
        } else if (!authenticator.accepts(name, credentials)) {
            refuse(link, correlationId, Status.AUTHENTICATION_FAILED, "the credentials of client " + name + " were not accepted");
        } else if (isDuplicate(incarnation, nowNs)) {
            refuse(link, correlationId, Status.DUPLICATE_INCARNATION, "this incarnation is connected by another link");
        } else if (sessionCount == sessions.length) {
            refuse(link, correlationId, Status.TOO_MANY_SESSIONS, "maxSessions=" + sessions.length);
        } else {
            open(link, correlationId, incarnation, name,
                wantedInFlight == 0 ? options.maxInFlight : Math.min(wantedInFlight, options.maxInFlight),
                wantedBytes == 0 ? options.maxBytes : Math.min(wantedBytes, options.maxBytes), nowNs);
        }
    }

    /** A client is alive, and says how long our last keep-alive took to it and back. */
    public void onKeepAlive(final ClientSession session, final KeepAliveDecoder keepAlive, final long nowNs) {
        session.echoSentNs = keepAlive.sentNs();
        session.echoReceivedNs = nowNs;
        final long echoSentNs = keepAlive.echoSentNs();
        final long echoReceivedNs = keepAlive.echoReceivedNs();
        if (echoSentNs != KeepAliveDecoder.echoSentNsNullValue()
            && echoReceivedNs != KeepAliveDecoder.echoReceivedNsNullValue()) {
            session.roundTrip.onSample(echoSentNs, echoReceivedNs, keepAlive.sentNs(), nowNs);
            session.hopInNs = session.roundTrip.leastNs() / 2;
            session.hopOutNs = session.hopInNs;
        }
    }

    /** A client leaves. */
    public void onCloseSession(final ClientSession session, final long nowNs) {
        counters.increment(ControllerCounter.SESSIONS_CLOSED);
        close(session, Status.CLOSED_BY_PEER, "closed by the client", nowNs);
    }

    /** Answers a message that names a session which its peer does not have. */
    public void onUnknownSession(final Link link, final long sessionId) {
        counters.increment(ControllerCounter.UNKNOWN_SESSION);
        answered(messages.sessionClosed(
            link, sessionId, Status.UNKNOWN_SESSION, "no session of this id belongs to this client"));
    }

    /** Answers a request that names a session which its peer does not have. */
    public void onUnknownSession(final Link link, final long sessionId, final long requestId, final long modelId) {
        counters.increment(ControllerCounter.UNKNOWN_SESSION);
        answered(messages.unknownSession(link, sessionId, requestId, modelId));
    }

    /** A link is over: no answer can reach its client any more. */
    public void onLinkDown(final Link link, final long nowNs) {
        final ClientSession session = byLink.get(link.id());
        if (session != null) {
            counters.increment(ControllerCounter.SESSIONS_LOST);
            close(session, Status.CLOSED_BY_PEER, "the link is over", nowNs);
        }
    }

    /** Answers a registration or unregistration; kept under back pressure. */
    public void catalogueAck(
        final ClientSession session, final long correlationId, final Status status, final long transferId, final String detail) {
        if (!session.isClosed) {
            sent(session, messages.catalogueAck(session, correlationId, status, transferId, detail));
        }
    }

    @Override
    public void closeSession(final ClientSession session, final Status status, final String detail, final long nowNs) {
        if (!session.isClosed && !session.isClosing) {
            session.isClosing = true;
            session.closeStatus = status;
            session.closeDetail = detail;
            closing.add(session);
        }
    }

    /**
     * Ends the sessions that were to be closed in this cycle.
     *
     * @return work done.
     */
    public int closePending(final long nowNs) {
        int work = 0;
        for (int i = 0; i < closing.size(); i++) {
            final ClientSession session = closing.get(i);
            if (!session.isClosed) {
                if (session.closeStatus == Status.SLOW_CONSUMER) {
                    counters.increment(ControllerCounter.SLOW_CONSUMERS);
                }
                close(session, session.closeStatus, session.closeDetail, nowNs);
                work++;
            }
        }
        closing.clear();
        return work;
    }

    /**
     * Keep-alives and time-outs.
     *
     * @return work done.
     */
    public int tick(final long nowNs) {
        if (sessionCount == 0 || nowNs - nextTickNs < 0) {
            return 0;
        }
        int work = 0;
        long earliestNs = nowNs + options.keepAliveNs;
        for (int i = 0; i < sessions.length; i++) {
            final ClientSession session = sessions[i];
            if (session == null) {
                continue;
            }
            if (nowNs - session.lastReceivedNs - options.timeoutNs >= 0) {
                counters.increment(ControllerCounter.SESSIONS_LOST);
                close(session, Status.PEER_SILENT, "no message for " + options.timeoutNs / 1_000_000 + " ms", nowNs);
                session.link.close();
                work++;
                continue;
            }
            if (nowNs - session.nextKeepAliveNs >= 0 && messages.keepAlive(session, nowNs)) {
                session.nextKeepAliveNs = nowNs + options.keepAliveNs;
                work++;
            }
            earliestNs = Times.earlier(earliestNs, session.lastReceivedNs + options.timeoutNs);
            earliestNs = Times.earlier(earliestNs, session.nextKeepAliveNs);
        }
        nextTickNs = Times.later(nowNs + Times.TICK_NS, earliestNs);
        return work;
    }

    /** When {@link #tick} has something to do; Long.MAX_VALUE for never. */
    public long nextWakeNs() {
        return sessionCount == 0 ? Long.MAX_VALUE : nextTickNs;
    }

    ClientMessages messages() {
        return messages;
    }

    /** Notes whether a message that must not be lost was taken; if not, the session is too slow. */
    void sent(final ClientSession session, final boolean isTaken) {
        if (!isTaken) {
            closeSession(session, Status.SLOW_CONSUMER, "the client does not take its messages", 0);
        }
    }

    private boolean isDuplicate(final long incarnation, final long nowNs) {
        final ClientSession other = byIncarnation.get(incarnation);
        if (other == null) {
            return false;
        }
        if (other.link.isClosed() || !other.link.isConnected()) {
            counters.increment(ControllerCounter.SESSIONS_LOST);
            close(other, Status.CLOSED_BY_PEER, "the client has come back by another link", nowNs);
            return false;
        }
        return true;
    }

    private void open(
        final Link link,
        final long correlationId,
        final long incarnation,
        final String name,
        final int maxInFlight,
        final long maxBytes,
        final long nowNs) {
        int index = 0;
        while (sessions[index] != null) {
            index++;
        }
        generations[index] = generations[index] == Integer.MAX_VALUE ? 1 : generations[index] + 1;
        final ClientSession session = new ClientSession(
            Ids.id(generations[index], index), index, link, incarnation, name, maxInFlight, maxBytes);
        session.connectCorrelationId = correlationId;
        session.lastReceivedNs = nowNs;
        session.nextKeepAliveNs = nowNs;
        sessions[index] = session;
        byLink.put(link.id(), session);
        byIncarnation.put(incarnation, session);
        counters.increment(ControllerCounter.SESSIONS_OPENED);
        nextTickNs = sessionCount++ == 0 ? nowNs : Times.earlier(nextTickNs, nowNs);
        sent(session, messages.welcome(session));
    }

    private void close(final ClientSession session, final Status status, final String detail, final long nowNs) {
        session.isClosed = true;
        sessions[session.index] = null;
        sessionCount--;
        byLink.remove(session.link.id());
        byIncarnation.remove(session.incarnation);
        session.outbox.flush();
        listener.onSessionClosed(session, nowNs);
        if (!session.link.isClosed() && !messages.sessionClosed(session.link, session.id, status, detail)) {
            session.link.close();
        }
    }

    private void refuse(final Link link, final long correlationId, final Status status, final String detail) {
        counters.increment(ControllerCounter.CONNECTS_REFUSED);
        answered(messages.refuse(link, correlationId, status, detail));
    }

    private void answered(final boolean isSent) {
        if (!isSent) {
            counters.increment(ControllerCounter.ANSWERS_DROPPED);
        }
    }
}
