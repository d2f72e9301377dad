package org.clockwork.client;

import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.NanoClock;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.Link;

/**
 * The client itself: polled, single-threaded, and free of allocation on the way of a request. It keeps a session with a
 * controller, sends requests, and tells of the one end of each. It never resends a request. All methods belong to the
 * thread that polls it; callbacks run inside {@link #poll}, and may call any method.
 *
 * <p>Methods that send answer an id above zero, or one of the negative codes below; after a negative code nothing was
 * sent and no callback will come.
 */
public final class ClientCore implements Agent, AutoCloseable {
    /** There is no session; {@link #lastStatus()} and {@link #lastReason()} say why. */
    public static final long NOT_CONNECTED = -1;
    /** The control lane takes nothing now: try again later. */
    public static final long BACK_PRESSURED = -2;
    /** The session's granted limit of requests in flight is used up, given up ones that the controller still holds included. */
    public static final long TOO_MANY_IN_FLIGHT = -3;
    /** The session's granted limit of input bytes in flight is used up. */
    public static final long TOO_MANY_BYTES = -4;
    /** Too many questions to the controller wait for their answer. */
    public static final long TOO_MANY_EXCHANGES = -5;
    /** The specification contradicts itself: a negative length, a length without a buffer, a priority outside 0 to 255. */
    public static final long INVALID_SPEC = -6;

    private static final int CONTROL_LIMIT = 64;
    private static final int BULK_LIMIT = 32;
    /** The turns of files and inputs are 131 us long. */
    private static final int FILE_TURN_SHIFT = 17;
    private static final int FILE_TURN_MASK = 7;

    private final NanoClock clock;
    private final Dialer dialer;
    private final AgentInvoker aeronInvoker;
    private final AutoCloseable ownedResource;
    private final String roleName;
    private final ClientCounters counters = new ClientCounters();
    private final ControllerPublisher publisher = new ControllerPublisher();
    private final Lanes lanes = new Lanes();
    private final Catalogue catalogue;
    private final Connection connection;
    private final Requests requests;
    private final Exchanges exchanges;
    private final ControllerAdapter adapter;
    private long nowNs;
    private int grantedInFlight;
    private long grantedBytes;
    private boolean isPolling;
    private boolean isCloseWanted;

    /** A core that dials in its first {@link #poll}; concludes the context. */
    public ClientCore(final ClockworkClient.Context context, final ResponseHandler handler) {
        context.conclude();
        clock = context.clock();
        dialer = context.dialer();
        aeronInvoker = context.aeronInvoker();
        ownedResource = context.ownedResource();
        roleName = "clockwork-client " + context.clientName();
        catalogue = new Catalogue(context.maxModels());
        requests = new Requests(context, publisher, lanes, catalogue, counters, handler);
        exchanges = new Exchanges(context, publisher, lanes, catalogue, counters);
        connection = new Connection(context, publisher, lanes, counters, new Connection.Owner() {
            @Override
            public void onSessionUp(final int maxInFlight, final long maxBytes, final int inlineBytes) {
                grantedInFlight = maxInFlight;
                grantedBytes = maxBytes;
                catalogue.clear();
                requests.onSessionUp(maxInFlight, maxBytes, inlineBytes);
            }

            @Override
            public void onSessionDown(final long atNs, final Status status, final String reason) {
                requests.onSessionDown(atNs, Status.OUTCOME_UNKNOWN, "the controller was lost: " + reason);
                exchanges.onSessionDown(status, reason);
            }
        });
        adapter = new ControllerAdapter(connection, requests, exchanges, counters);
    }

    /** One cycle at the time of the Context's clock. */
    @Override
    public int doWork() {
        return poll(clock.nanoTime());
    }

    /**
     * One cycle: takes what has arrived, then sends what waits, then looks at the time.
     *
     * @param timeNs now, in the clock of the intended send times.
     * @return work done; 0 if there was nothing to do.
     */
    public int poll(final long timeNs) {
        if (connection.state() == ClientState.CLOSED) {
            return 0;
        }
        nowNs = timeNs;
        adapter.now(timeNs);
        isPolling = true;
        int work = aeronInvoker == null ? 0 : aeronInvoker.invoke();
        try {
            work += dialer.poll();
            work += dialer.poll(Link.CONTROL, adapter, CONTROL_LIMIT);
            work += dialer.poll(Link.BULK, adapter, BULK_LIMIT);
            work += connection.doWork(timeNs);
            if (connection.state() == ClientState.CONNECTED) {
                work += sendWhatWaits(timeNs);
            }
        } finally {
            isPolling = false;
        }
        if (isCloseWanted) {
            close(timeNs);
        }
        return work;
    }

    /** Inputs go before model files, but for an eighth of the time, so that a file gets through beside them. */
    private int sendWhatWaits(final long timeNs) {
        if ((timeNs >> FILE_TURN_SHIFT & FILE_TURN_MASK) == 0) {
            return exchanges.doWork(timeNs) + requests.doWork(timeNs);
        }
        return requests.doWork(timeNs) + exchanges.doWork(timeNs);
    }

    /** Earliest time at which there is something to do if no message comes; Long.MAX_VALUE: never. As of the last cycle. */
    public long nextWakeNs() {
        final long connectionNs = connection.nextWakeNs(nowNs);
        if (connection.state() != ClientState.CONNECTED) {
            return connectionNs;
        }
        return earlier(earlier(connectionNs, requests.nextWakeNs(nowNs)), exchanges.nextWakeNs(nowNs));
    }

    /** The earlier of two times, of which Long.MAX_VALUE is never. */
    static long earlier(final long a, final long b) {
        return b == Long.MAX_VALUE || a != Long.MAX_VALUE && a - b <= 0 ? a : b;
    }

    /**
     * Sends a request.
     *
     * @param timeNs now.
     * @return its id, which its one end in {@link ResponseHandler#onResponse} carries; or a negative code.
     */
    public long infer(final RequestSpec spec, final long timeNs) {
        return requests.infer(spec, timeNs);
    }

    /** Whether bytes of the request's input are still to be sent, so that its buffer must stay as it is. */
    public boolean isInputPending(final long requestId) {
        return requests.isInputPending(requestId);
    }

    /**
     * Asks the controller to take a request back; its end is CANCELLED, or the answer if that was first. The input's
     * buffer may be used again at once.
     *
     * @return false if it has ended, or its response is here.
     */
    public boolean cancel(final long requestId, final long timeNs) {
        return requests.cancel(requestId, timeNs);
    }

    /** Asks for the models whose name starts with {@code prefix}; empty for all. They are remembered for {@link #model}. */
    public long listModels(final String prefix, final ModelsHandler handler, final long timeNs) {
        if (prefix.length() > Protocol.MAX_NAME_LENGTH) {
            return INVALID_SPEC;
        }
        return isConnected() ? exchanges.list(prefix, handler, timeNs) : NOT_CONNECTED;
    }

    /** The model of this name if this session has heard of it, else null: then {@link #listModels} asks. */
    public ModelInfo model(final String name) {
        return catalogue.byName(name);
    }

    /** Forgets a model of which a response said that it is gone. */
    public void forgetModel(final long modelId) {
        catalogue.forget(modelId);
    }

    /** Registers models; ends when all of them are ready, or with the reason why not. */
    public long register(final RegisterSpec spec, final RegistrationHandler handler) {
        return isConnected() ? exchanges.register(spec, handler) : NOT_CONNECTED;
    }

    /** Unregisters a model, or {@code name-0} to {@code name-(count-1)} if {@code count} is above 1. */
    public long unregister(final String name, final int count, final EndHandler handler) {
        if (name.length() > 2 * Protocol.MAX_NAME_LENGTH || count < 1) {
            return INVALID_SPEC;
        }
        return isConnected() ? exchanges.unregister(name, count, handler) : NOT_CONNECTED;
    }

    /** Asks the controller how it, its workers and their devices are. */
    public long queryStatus(final StatusHandler handler, final long timeNs) {
        return isConnected() ? exchanges.status(handler, timeNs) : NOT_CONNECTED;
    }

    /** Where the connection is in its life. */
    public ClientState state() {
        return connection.state();
    }

    /** Whether there is a session. */
    public boolean isConnected() {
        return connection.state() == ClientState.CONNECTED;
    }

    /** The endpoint dialed last. */
    public String endpoint() {
        return connection.endpoint();
    }

    /** Why the last attempt or session failed; OK after a session was granted. */
    public Status lastStatus() {
        return connection.lastStatus();
    }

    /** {@link #lastStatus()} as a sentence, the controller's own where it said one. */
    public String lastReason() {
        return connection.lastReason();
    }

    /** The session, or 0. */
    public long sessionId() {
        return connection.sessionId();
    }

    /** Epoch of the controller that granted the last session. */
    public long epoch() {
        return connection.epoch();
    }

    /** Round trip to the controller by the last keep-alive, without the time it held it; or {@link Protocol#NULL_NS}. */
    public long roundTripNs() {
        return connection.roundTripNs();
    }

    /** Requests that the last session may have in flight. */
    public int grantedInFlight() {
        return grantedInFlight;
    }

    /** Input bytes that the last session may have in flight. */
    public long grantedBytes() {
        return grantedBytes;
    }

    /** Requests whose end is to come. */
    public int inFlight() {
        return requests.inFlight();
    }

    /** Requests that were given up by the client and that the controller may still hold. */
    public int abandoned() {
        return requests.zombies();
    }

    /** Bytes of the memory for outputs that are in use. */
    public long outputBytesInUse() {
        return requests.arenaBytesInUse();
    }

    /** What it has counted so far. Allocates. */
    public ClientCounts counts() {
        return counters.snapshot();
    }

    @Override
    public String roleName() {
        return roleName;
    }

    @Override
    public void onClose() {
        close();
    }

    /** As {@link #close(long)}, at the time of the Context's clock. */
    @Override
    public void close() {
        close(clock.nanoTime());
    }

    /** Leaves: everything in flight ends as CANCELLED, and the link is closed. Within a callback: at the end of the cycle. */
    public void close(final long timeNs) {
        if (isPolling) {
            isCloseWanted = true;
            return;
        }
        if (connection.state() == ClientState.CLOSED) {
            return;
        }
        isCloseWanted = false;
        connection.close(timeNs);
        requests.onSessionDown(timeNs, Status.CANCELLED, "the client was closed");
        exchanges.onSessionDown(Status.CANCELLED, "the client was closed");
        try {
            if (ownedResource != null) {
                ownedResource.close();
            }
        } catch (final Exception ex) {
            counters.handlerErrors++;
        }
    }
}
