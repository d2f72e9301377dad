package org.clockwork.client;

import org.agrona.ErrorHandler;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.DialPace;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.Link;

/**
 * Keeps a session with one of the controllers: dials, connects, sends keep-alives, notices silence, and dials the next
 * endpoint with a capped back-off. It resends nothing. Owned by the thread that polls the core.
 */
final class Connection {
    /** Told when requests may be sent and when everything in flight is lost. */
    interface Owner {
        /** A session was granted with these limits. */
        void onSessionUp(int maxInFlight, long maxBytes, int inlineBytes);

        /** The session is over. */
        void onSessionDown(long nowNs, Status status, String reason);
    }

    /** How often a link that was dialed is looked at. */
    private static final long LINK_CHECK_NS = 1_000_000;
    private static final long MIN_INTERVAL_NS = 1_000_000;
    private static final long MAX_INTERVAL_NS = 60_000_000_000L;

    private final Dialer dialer;
    private final ControllerPublisher publisher;
    private final Lanes lanes;
    private final Owner owner;
    private final ConnectionHandler handler;
    private final CredentialsSupplier credentials;
    private final ErrorHandler errorHandler;
    private final ClientCounters counters;
    private final Endpoints endpoints;
    private final DialPace pace;
    private final String clientName;
    private final long incarnation;
    private final int wantedInFlight;
    private final long wantedBytes;

    private ClientState state = ClientState.DISCONNECTED;
    private Link link;
    private String endpoint;
    private long correlationId;
    private long sessionId;
    private long epoch;
    private Status lastStatus = Status.OK;
    private String lastReason = "not yet dialed";
    private boolean isFirstCycle = true;
    private boolean isConnectSent;
    private long nextDialNs;
    private long nextCheckNs;
    private long attemptDeadlineNs;
    private long keepAliveNs;
    private long timeoutNs;
    private long nextKeepAliveNs;
    private long lastHeardNs;
    private long echoSentNs = Protocol.NULL_NS;
    private long echoReceivedNs = Protocol.NULL_NS;
    private long roundTripNs = Protocol.NULL_NS;

    Connection(
        final ClockworkClient.Context context, final ControllerPublisher publisher, final Lanes lanes,
        final ClientCounters counters, final Owner owner) {
        this.publisher = publisher;
        this.lanes = lanes;
        this.counters = counters;
        this.owner = owner;
        dialer = context.dialer();
        handler = context.connectionHandler();
        credentials = context.credentialsSupplier();
        errorHandler = context.errorHandler();
        endpoints = new Endpoints(context.endpointList());
        pace = new DialPace(
            context.minBackOffNs(), context.maxBackOffNs(), context.connectTimeoutNs(), context.incarnation());
        clientName = context.clientName();
        incarnation = context.incarnation();
        wantedInFlight = context.maxInFlight();
        wantedBytes = context.maxBytesInFlight();
        endpoint = endpoints.current();
    }

    ClientState state() {
        return state;
    }

    Link link() {
        return link;
    }

    long sessionId() {
        return sessionId;
    }

    long epoch() {
        return epoch;
    }

    String endpoint() {
        return endpoint;
    }

    Status lastStatus() {
        return lastStatus;
    }

    String lastReason() {
        return lastReason;
    }

    long roundTripNs() {
        return roundTripNs;
    }

    int doWork(final long nowNs) {
        return switch (state) {
            case DISCONNECTED -> isFirstCycle || nowNs - nextDialNs >= 0 ? dial(nowNs) : 0;
            case DIALING -> awaitLink(nowNs);
            case CONNECTING -> awaitAnswer(nowNs);
            case CONNECTED -> keepAlive(nowNs);
            case CLOSED -> 0;
        };
    }

    long nextWakeNs(final long nowNs) {
        return switch (state) {
            case DISCONNECTED -> isFirstCycle ? nowNs : nextDialNs;
            case DIALING -> ClientCore.earlier(nextCheckNs, attemptDeadlineNs);
            case CONNECTING -> isConnectSent ? attemptDeadlineNs :
                ClientCore.earlier(attemptDeadlineNs, lanes.control.nextTryNs(nowNs));
            case CONNECTED -> ClientCore.earlier(lastHeardNs + timeoutNs, nextKeepAliveNs);
            case CLOSED -> Long.MAX_VALUE;
        };
    }

    private int dial(final long nowNs) {
        isFirstCycle = false;
        endpoint = endpoints.current();
        counters.dials++;
        try {
            link = dialer.dial(endpoint);
        } catch (final RuntimeException ex) {
            errorHandler.onError(ex);
            failAttempt(nowNs, Status.PEER_SILENT, "dialing failed: " + ex.getMessage());
            return 1;
        }
        lanes.reset();
        publisher.use(link, 0);
        isConnectSent = false;
        attemptDeadlineNs = nowNs + pace.patienceNs();
        nextCheckNs = nowNs;
        state(ClientState.DIALING, Status.OK, "dialing");
        return 1;
    }

    private int awaitLink(final long nowNs) {
        if (isAttemptOver(nowNs, "no controller answered within ")) {
            return 1;
        }
        if (nowNs - nextCheckNs < 0) {
            return 0;
        }
        nextCheckNs = nowNs + LINK_CHECK_NS;
        if (!link.isConnected()) {
            return 0;
        }
        state(ClientState.CONNECTING, Status.OK, "the link is up");
        return 1 + awaitAnswer(nowNs);
    }

    private boolean isAttemptOver(final long nowNs, final String problem) {
        if (link.isClosed()) {
            failAttempt(nowNs, Status.CLOSED_BY_PEER, "the link could not be made, or was closed before a session was granted");
            return true;
        }
        if (nowNs - attemptDeadlineNs >= 0) {
            final String patience = Durations.format(pace.patienceNs());
            pace.onSilence();
            failAttempt(nowNs, Status.PEER_SILENT, problem + patience);
            return true;
        }
        return false;
    }

    private int awaitAnswer(final long nowNs) {
        if (isAttemptOver(nowNs, "CONNECT was not answered within ")) {
            return 1;
        }
        if (isConnectSent || !lanes.control.isOpen(nowNs)) {
            return 0;
        }
        correlationId++;
        try {
            isConnectSent = publisher.connect(
                correlationId, incarnation, wantedInFlight, wantedBytes, clientName, credentials.credentials(endpoint));
        } catch (final RuntimeException ex) {
            errorHandler.onError(ex);
            failAttempt(nowNs, Status.AUTHENTICATION_FAILED, "no usable credentials: " + ex.getMessage());
            return 1;
        }
        if (!isConnectSent) {
            lanes.control.shut(nowNs);
        }
        return isConnectSent ? 1 : 0;
    }

    private int keepAlive(final long nowNs) {
        if (nowNs - lastHeardNs - timeoutNs >= 0) {
            loseSession(nowNs, Status.PEER_SILENT, "nothing heard from the controller for " + Durations.format(timeoutNs));
            return 1;
        }
        if (link.isClosed()) {
            loseSession(nowNs, Status.CLOSED_BY_PEER, "the link was closed");
            return 1;
        }
        if (nowNs - nextKeepAliveNs < 0) {
            return 0;
        }
        final boolean isSent = publisher.keepAlive(nowNs, echoSentNs, echoReceivedNs);
        nextKeepAliveNs = nowNs + (isSent ? keepAliveNs : Gate.RETRY_NS);
        return isSent ? 1 : 0;
    }

    /** The answer to CONNECT. Returns false if nobody asked. */
    boolean onConnectAck(
        final long correlation, final long session, final long controllerEpoch, final Status status,
        final int maxInFlight, final long maxBytes, final int inlineBytes,
        final long wantedKeepAliveNs, final long wantedTimeoutNs, final String detail, final long nowNs) {
        if (state != ClientState.CONNECTING || !isConnectSent || correlation != correlationId) {
            return false;
        }
        if (status == Status.REDIRECT) {
            redirect(nowNs, detail);
        } else if (status != Status.OK) {
            counters.refusedSessions++;
            failAttempt(nowNs, status, detail);
        } else if (maxInFlight <= 0 || maxBytes < 0 || inlineBytes < 0) {
            failAttempt(nowNs, Status.MALFORMED_MESSAGE, "the controller granted impossible limits: maxInFlight=" +
                maxInFlight + " maxBytes=" + maxBytes + " inlineBytes=" + inlineBytes);
        } else {
            sessionId = session;
            epoch = controllerEpoch;
            keepAliveNs = within(wantedKeepAliveNs, Protocol.DEFAULT_HEARTBEAT_NS);
            timeoutNs = Math.max(2 * keepAliveNs, within(wantedTimeoutNs, Protocol.DEFAULT_TIMEOUT_NS));
            lastHeardNs = nowNs;
            nextKeepAliveNs = nowNs;
            echoSentNs = Protocol.NULL_NS;
            echoReceivedNs = Protocol.NULL_NS;
            roundTripNs = Protocol.NULL_NS;
            counters.sessions++;
            pace.reset();
            endpoints.onConnected();
            publisher.use(link, session);
            owner.onSessionUp(maxInFlight, maxBytes, inlineBytes);
            state(ClientState.CONNECTED, Status.OK, "session granted");
        }
        return true;
    }

    private static long within(final long intervalNs, final long defaultNs) {
        return intervalNs <= 0 ? defaultNs : Math.max(MIN_INTERVAL_NS, Math.min(MAX_INTERVAL_NS, intervalNs));
    }

    /** Something of the session has come. */
    void onHeard(final long nowNs) {
        lastHeardNs = nowNs;
    }

    void onKeepAlive(final long sentNs, final long echoedSentNs, final long echoedReceivedNs, final long nowNs) {
        if (echoedSentNs != Protocol.NULL_NS && echoedReceivedNs != Protocol.NULL_NS) {
            final long sample = nowNs - echoedSentNs - (sentNs - echoedReceivedNs);
            if (sample >= 0 && sample < timeoutNs) {
                roundTripNs = sample;
            }
        }
        echoSentNs = sentNs;
        echoReceivedNs = nowNs;
    }

    void onSessionClosed(final Status status, final String detail, final long nowNs) {
        if (status == Status.REDIRECT) {
            endSession(nowNs, status, detail);
            redirect(nowNs, detail);
        } else {
            loseSession(nowNs, status, detail);
        }
    }

    /** The user is done. */
    void close(final long nowNs) {
        if (state == ClientState.CLOSED) {
            return;
        }
        if (state == ClientState.CONNECTED) {
            publisher.closeSession();
        }
        sessionId = 0;
        state(ClientState.CLOSED, Status.OK, "closed by the user");
        dialer.close();
    }

    private void redirect(final long nowNs, final String list) {
        if (endpoints.redirect(list)) {
            hangUp();
            nextDialNs = nowNs;
            state(ClientState.DISCONNECTED, Status.REDIRECT, "redirected to " + list);
        } else {
            failAttempt(nowNs, Status.REDIRECT, "redirected in circles or to no endpoint: " + list);
        }
    }

    private void failAttempt(final long nowNs, final Status status, final String reason) {
        hangUp();
        final boolean isTriedAll = endpoints.advance();
        nextDialNs = nowNs + (isTriedAll ? pace.nextPauseNs() : 0);
        state(ClientState.DISCONNECTED, status, reason);
    }

    private void loseSession(final long nowNs, final Status status, final String reason) {
        endSession(nowNs, status, reason);
        endpoints.advance();
        nextDialNs = nowNs + pace.nextPauseNs();
    }

    private void endSession(final long nowNs, final Status status, final String reason) {
        counters.sessionsLost++;
        hangUp();
        state(ClientState.DISCONNECTED, status, reason);
        owner.onSessionDown(nowNs, status, reason);
    }

    private void hangUp() {
        sessionId = 0;
        isConnectSent = false;
        if (link != null) {
            link.close();
            link = null;
        }
    }

    private void state(final ClientState newState, final Status status, final String reason) {
        final ClientState old = state;
        state = newState;
        if (status != Status.OK || newState == ClientState.CONNECTED) {
            lastStatus = status;
            lastReason = reason;
        }
        try {
            handler.onStateChange(old, newState, endpoint, status, reason);
        } catch (final RuntimeException ex) {
            counters.handlerErrors++;
            errorHandler.onError(ex);
        }
    }
}
