package org.clockwork.worker.session;

import org.agrona.ErrorHandler;
import org.clockwork.device.Backend;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.DialPace;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.Link;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;
import org.clockwork.worker.link.ControllerPublisher;

/**
 * Keeps one session with one controller: dials, says HELLO and what the devices hold, exchanges heartbeats, and dials
 * again when the controller is silent. Whatever a link says of itself is a hint; silence decides. Owned by the worker
 * agent.
 */
public final class Session {
    private static final long MIN_HEARTBEAT_NS = 1_000_000L;
    private static final long MAX_HEARTBEAT_NS = 60_000_000_000L;
    private static final long MAX_TIMEOUT_NS = 600_000_000_000L;
    private static final int MAX_INLINE_BYTES = 16 * 1024;

    private final SessionConfig config;
    private final Dialer dialer;
    private final Backend backend;
    private final ControllerPublisher publisher;
    private final Authority authority;
    private final InventoryCursor inventory;
    private final SessionListener listener;
    private final WorkerCounters counters;
    private final ErrorHandler errorHandler;
    private final Endpoints endpoints;
    private final DialPace pace;

    private SessionState state = SessionState.BACKING_OFF;
    private volatile String description = "not connected yet";
    private Link link;
    private long correlationId;
    /** In BACKING_OFF: when to dial. In DIALING: when to offer HELLO. */
    private long attemptNs;
    private boolean isAttemptDue = true;
    /** When the present attempt is given up if nobody has answered. */
    private long attemptEndNs;
    private long lastHeardNs;
    private long nextHeartbeatNs;
    private long heartbeatNs = Protocol.DEFAULT_HEARTBEAT_NS;
    private long timeoutNs = Protocol.DEFAULT_TIMEOUT_NS;
    private long echoSentNs = Protocol.NULL_NS;
    private long echoReceivedNs = Protocol.NULL_NS;
    /** Why HELLO was not accepted, until the next cycle acts on it; null for none. */
    private String refusal;
    private boolean isRedirected;
    private boolean isDraining;
    private boolean isDrainingSaid;
    private long drainLimitNs;

    /** A session that dials in its first cycle. */
    public Session(
            final SessionConfig config, final Dialer dialer, final Backend backend, final ControllerPublisher publisher,
            final Authority authority, final InventoryCursor inventory, final SessionListener listener,
            final WorkerCounters counters, final ErrorHandler errorHandler) {
        this.config = config;
        this.dialer = dialer;
        this.backend = backend;
        this.publisher = publisher;
        this.authority = authority;
        this.inventory = inventory;
        this.listener = listener;
        this.counters = counters;
        this.errorHandler = errorHandler;
        endpoints = new Endpoints(config.endpoints());
        correlationId = config.incarnation();
        pace = new DialPace(config.minPauseNs(), config.maxPauseNs(), config.dialTimeoutNs(), config.incarnation());
    }

    /** Where it stands. */
    public SessionState state() {
        return state;
    }

    /** The same for people, with the last refusal; any thread may ask. */
    public String description() {
        return description;
    }

    /** Goes on with dialing, or keeps the session alive. */
    public int doWork(final long nowNs) {
        int work = state == SessionState.CLOSED ? 0 : dialer.poll();
        switch (state) {
            case BACKING_OFF -> work += dialWhenDue(nowNs);
            case DIALING -> work += sayHello(nowNs);
            case REPORTING -> work += sendInventory(nowNs);
            case AWAITING_ACK -> work += refusal == null ? checkDial(nowNs) : onRefused(nowNs);
            case LIVE -> work += keepAlive(nowNs);
            default -> {
                // CLOSED for good.
            }
        }
        return work;
    }

    /** Earliest time at which it has something to do if no message comes. */
    public long nextWakeNs(final long nowNs) {
        return switch (state) {
            case BACKING_OFF -> isDraining ? Long.MAX_VALUE : isAttemptDue ? nowNs : attemptNs;
            case DIALING -> listener.isMemorySettled() ? Math.min(attemptNs, attemptEndNs) : attemptEndNs;
            case REPORTING -> nowNs;
            case AWAITING_ACK -> refusal != null ? nowNs : attemptEndNs;
            case LIVE -> isDraining && !isDrainingSaid ? nowNs : Math.min(nextHeartbeatNs, lastHeardNs + timeoutNs + 1);
            case CLOSED -> Long.MAX_VALUE;
        };
    }

    /** The controller has sent something. */
    public void onHeard(final long nowNs) {
        lastHeardNs = nowNs;
    }

    /** HELLO-ACK. */
    public void onHelloAck(
            final long ackCorrelationId, final long epoch, final Status status, final int schemaVersion,
            final long wantedHeartbeatNs, final long wantedTimeoutNs, final int inlineBytes, final String detail,
            final long nowNs) {
        if (state != SessionState.AWAITING_ACK || ackCorrelationId != correlationId) {
            counters.increment(WorkerCounter.UNEXPECTED);
            return;
        }
        if (refusal != null) {
            counters.increment(WorkerCounter.UNEXPECTED);
        } else if (status == Status.REDIRECT && endpoints.redirect(detail)) {
            isRedirected = true;
            refusal = "redirected to " + detail;
        } else if (status != Status.OK) {
            refusal = status + ": " + detail;
        } else if (authority.isStale(epoch)) {
            counters.increment(WorkerCounter.STALE_EPOCH);
            refusal = "its epoch is old: epoch=" + epoch + " highest=" + authority.epoch();
        } else if (schemaVersion != Protocol.VERSION) {
            refusal = "it speaks another version: version=" + schemaVersion + " mine=" + Protocol.VERSION;
        } else {
            if (epoch > authority.epoch()) {
                authority.epoch(epoch);
                listener.onHigherEpoch();
            }
            heartbeatNs = clamp(wantedHeartbeatNs, MIN_HEARTBEAT_NS, MAX_HEARTBEAT_NS);
            timeoutNs = clamp(wantedTimeoutNs, 2 * heartbeatNs, MAX_TIMEOUT_NS);
            authority.live((int) clamp(inlineBytes, 0, MAX_INLINE_BYTES));
            echoSentNs = Protocol.NULL_NS;
            echoReceivedNs = Protocol.NULL_NS;
            nextHeartbeatNs = nowNs;
            lastHeardNs = nowNs;
            pace.reset();
            endpoints.succeeded();
            counters.increment(WorkerCounter.SESSIONS);
            state(SessionState.LIVE, "connected to " + endpoints.current() + " epoch=" + epoch);
            listener.onSessionLive(nowNs);
        }
    }

    /** HEARTBEAT of the controller. */
    public void onHeartbeat(final long sentNs, final long nowNs) {
        echoSentNs = sentNs;
        echoReceivedNs = nowNs;
        counters.increment(WorkerCounter.HEARTBEATS);
    }

    /**
     * Looks at the epoch of a message.
     *
     * @return false if its sender has been replaced.
     */
    public boolean accepts(final long epoch) {
        if (authority.isStale(epoch)) {
            counters.increment(WorkerCounter.STALE_EPOCH);
            return false;
        }
        if (epoch > authority.epoch()) {
            authority.epoch(epoch);
            listener.onHigherEpoch();
        }
        return true;
    }

    /** Says DRAINING as soon as the link takes it. */
    public void drain(final long limitNs) {
        isDraining = true;
        drainLimitNs = limitNs;
    }

    /** Whether DRAINING has been said, or there is nobody to say it to. */
    public boolean isDrainingSaid() {
        return isDrainingSaid || state != SessionState.LIVE;
    }

    /** Leaves for good. */
    public void close() {
        if (state != SessionState.CLOSED) {
            endLink();
            state(SessionState.CLOSED, "left");
        }
    }

    private int dialWhenDue(final long nowNs) {
        if (isDraining || !isAttemptDue && nowNs - attemptNs < 0) {
            return 0;
        }
        isAttemptDue = false;
        link = dialer.dial(endpoints.current());
        publisher.link(link);
        attemptNs = nowNs;
        attemptEndNs = nowNs + pace.patienceNs();
        correlationId++;
        state(SessionState.DIALING, "dialing " + endpoints.current());
        return 1;
    }

    private int sayHello(final long nowNs) {
        if (checkDial(nowNs) > 0) {
            return 1;
        }
        if (nowNs - attemptNs < 0 || !listener.isMemorySettled()) {
            return 0;
        }
        if (!publisher.hello(correlationId, config.incarnation(), authority.epoch(), backend.devices(),
            backend.isEmulated(), config.workerName(), backend.name(), config.build(), config.credentials())) {
            attemptNs = nowNs + config.dialRetryNs();
            return 0;
        }
        inventory.reset();
        state(SessionState.REPORTING, "said HELLO to " + endpoints.current());
        return 1 + sendInventory(nowNs);
    }

    private int sendInventory(final long nowNs) {
        if (checkDial(nowNs) > 0) {
            return 1;
        }
        int parts = 0;
        while (!inventory.isDone()) {
            if (!inventory.sendPart(publisher, config.incarnation())) {
                return parts;
            }
            parts++;
        }
        state(SessionState.AWAITING_ACK, "waiting for " + endpoints.current());
        return parts;
    }

    private int checkDial(final long nowNs) {
        if (!link.isClosed() && nowNs - attemptEndNs < 0) {
            return 0;
        }
        pace.onSilence();
        counters.increment(WorkerCounter.DIALS_FAILED);
        nextEndpoint("no answer from " + endpoints.current(), nowNs);
        return 1;
    }

    private int keepAlive(final long nowNs) {
        if (link.isClosed() || nowNs - lastHeardNs > timeoutNs) {
            attempt(nowNs, nowNs, link.isClosed() ? "the link was lost" : "the controller was silent");
            return 1;
        }
        int work = 0;
        if (isDraining && !isDrainingSaid) {
            isDrainingSaid = publisher.draining(config.incarnation(), drainLimitNs);
            work++;
        }
        if (nowNs - nextHeartbeatNs >= 0
            && publisher.heartbeat(config.incarnation(), authority.epoch(), nowNs, echoSentNs, echoReceivedNs)) {
            nextHeartbeatNs = nowNs + heartbeatNs;
            work++;
        }
        return work;
    }

    private int onRefused(final long nowNs) {
        final String reason = refusal;
        refusal = null;
        if (isRedirected) {
            isRedirected = false;
            attempt(nowNs, nowNs, reason);
        } else {
            counters.increment(WorkerCounter.HELLO_REFUSED);
            final String sentence = endpoints.current() + " refused: " + reason;
            errorHandler.onError(new SessionRefusedException(sentence));
            nextEndpoint(sentence, nowNs);
        }
        return 1;
    }

    private void nextEndpoint(final String reason, final long nowNs) {
        endpoints.failed();
        if (endpoints.hasTriedAll()) {
            endpoints.paused();
            attempt(nowNs, nowNs + pace.nextPauseNs(), reason);
        } else {
            attempt(nowNs, nowNs, reason);
        }
    }

    private void attempt(final long nowNs, final long dialAtNs, final String reason) {
        endLink();
        attemptNs = dialAtNs;
        state(SessionState.BACKING_OFF, reason + (dialAtNs == nowNs ? "" : "; next dial in ns=" + (dialAtNs - nowNs)));
    }

    private void endLink() {
        final boolean wasLive = state == SessionState.LIVE;
        if (link != null) {
            link.close();
            link = null;
        }
        publisher.link(null);
        isDrainingSaid = false;
        authority.lost();
        if (wasLive) {
            counters.increment(WorkerCounter.SESSIONS_LOST);
        }
        listener.onSessionLost();
    }

    private void state(final SessionState newState, final String reason) {
        state = newState;
        description = reason;
    }

    private static long clamp(final long value, final long least, final long most) {
        return Math.max(least, Math.min(most, value));
    }
}
