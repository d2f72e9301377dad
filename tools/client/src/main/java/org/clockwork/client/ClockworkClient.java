package org.clockwork.client;

import static org.clockwork.client.Configuration.*;

import io.aeron.Aeron;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.ToLongFunction;
import org.agrona.ErrorHandler;
import org.agrona.SystemUtil;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.DialPace;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.aeron.AeronDialer;
import org.clockwork.schema.link.aeron.AeronLinks;

/**
 * The friendlier client: it runs a {@link ClientCore} on a thread of its own and answers with futures, which that
 * thread completes: use the {@code Async} forms for long continuations. All methods may be called by any thread; none
 * but {@link #connect} and {@link #close} blocks. What does not fit into its bounded queue fails at once.
 *
 * <pre>{@code
 * try (ClockworkClient client = ClockworkClient.connect(new ClockworkClient.Context().endpoints("host:14217"))) {
 *     final Answer answer = client.infer(
 *         InferCall.model("resnet18").floats(image).slo(Duration.ofMillis(100))).get().orThrow();
 *     final float[] scores = answer.floats(0);
 * }
 * }</pre>
 */
public final class ClockworkClient implements AutoCloseable {
    private final ClientAgent agent;
    private final AgentRunner runner;
    private final NanoClock clock;
    private final CompletableFuture<Void> connected = new CompletableFuture<>();
    /** Owned by the client's thread. */
    private int finalRefusals;
    private volatile ClientState state = ClientState.DISCONNECTED;

    /** For {@link #launch}, and for tests that drive the agent themselves. */
    ClockworkClient(final Context context, final boolean hasThread) {
        final ConnectionHandler handler = context.connectionHandler();
        context.connectionHandler((from, to, endpoint, status, reason) -> {
            state = to;
            if (to == ClientState.CONNECTED) {
                connected.complete(null);
            } else if (isFinal(status) && ++finalRefusals >= context.endpointList().size()) {
                connected.completeExceptionally(new ClientException(status, "refused by " + endpoint + ": " + reason));
            }
            handler.onStateChange(from, to, endpoint, status, reason);
        });
        agent = new ClientAgent(context);
        clock = context.clock();
        runner = hasThread ? new AgentRunner(context.idleStrategy(), context.errorHandler(), null, agent) : null;
    }

    /** Starts a client, which connects, and connects again, by itself. */
    public static ClockworkClient launch(final Context context) {
        final ClockworkClient client = new ClockworkClient(context, true);
        AgentRunner.startOnThread(client.runner, work -> {
            final Thread thread = new Thread(work, client.agent.roleName());
            thread.setDaemon(true);
            return thread;
        });
        return client;
    }

    /**
     * Starts a client and waits for its session, for as long as it takes to try each endpoint four times.
     *
     * @throws ClientException with the last refusal if there is none by then, or if all endpoints refuse for a reason
     *                         that won't pass.
     */
    public static ClockworkClient connect(final Context context) {
        final ClockworkClient client = launch(context);
        final double limitNs = context.endpointList().size()
            * (2.0 * DialPace.MAX_PATIENCE * context.connectTimeoutNs() + 4.0 * context.maxBackOffNs());
        try {
            client.connected.get((long) limitNs, TimeUnit.NANOSECONDS);
            return client;
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            client.close();
            throw new ClientException(Status.CANCELLED, "interrupted while connecting");
        } catch (final ExecutionException ex) {
            client.close();
            throw (ClientException) ex.getCause();
        } catch (final TimeoutException ex) {
            client.close();
            throw client.agent.notConnected();
        }
    }

    private static boolean isFinal(final Status status) {
        return status == Status.AUTHENTICATION_FAILED || status == Status.INCOMPATIBLE_VERSION || status == Status.INVALID_HELLO;
    }

    /**
     * Runs one input through a model. An end of any kind is an {@link Answer}; the future fails with a
     * {@link ClientException} only if nothing was sent.
     */
    public CompletableFuture<Answer> infer(final InferCall call) {
        return agent.offer(call);
    }

    /** All models. */
    public CompletableFuture<List<ModelInfo>> models() {
        return models("");
    }

    /** The models whose name starts with {@code prefix}. */
    public CompletableFuture<List<ModelInfo>> models(final String prefix) {
        return ask(future -> agent.core().listModels(
            prefix, (status, detail, models) -> settle(future, status, detail, models), clock.nanoTime()));
    }

    /** Registers models and waits until all of them are ready. */
    public CompletableFuture<List<ModelInfo>> register(final RegisterSpec spec) {
        return register(spec, (status, detail, models) -> {
        });
    }

    /** Registers models and waits until all are ready; {@code listener} hears of each step, on the client's thread. */
    public CompletableFuture<List<ModelInfo>> register(final RegisterSpec spec, final RegistrationHandler listener) {
        return ask(future -> agent.core().register(spec, new RegistrationHandler() {
            @Override
            public void onEnd(final Status status, final String detail, final List<ModelInfo> models) {
                settle(future, status, detail, models);
                listener.onEnd(status, detail, models);
            }

            @Override
            public void onProgress(final long sentBytes, final long totalBytes) {
                listener.onProgress(sentBytes, totalBytes);
            }

            @Override
            public void onModel(final ModelInfo model) {
                listener.onModel(model);
            }
        }));
    }

    /** Unregisters a model. */
    public CompletableFuture<Void> unregister(final String name) {
        return unregister(name, 1);
    }

    /** Unregisters a model, or {@code name-0} to {@code name-(count-1)} if {@code count} is above 1. */
    public CompletableFuture<Void> unregister(final String name, final int count) {
        return ask(future -> agent.core().unregister(
            name, count, (status, detail) -> settle(future, status, detail, null)));
    }

    /** How the controller, its workers and their devices are. */
    public CompletableFuture<ControllerStatus> status() {
        return ask(future -> agent.core().queryStatus(
            (status, detail, controller) -> settle(future, status, detail, controller), clock.nanoTime()));
    }

    /** What the client has counted so far. */
    public CompletableFuture<ClientCounts> counts() {
        final CompletableFuture<ClientCounts> future = new CompletableFuture<>();
        return agent.execute(future, () -> future.complete(agent.core().counts()));
    }

    /** Where the connection is in its life. */
    public ClientState state() {
        return state;
    }

    /** Ends what is in flight as CANCELLED and stops the client's thread. */
    @Override
    public void close() {
        if (runner == null) {
            agent.onClose();
        } else {
            runner.close();
        }
    }

    /** For tests that drive it themselves. */
    ClientAgent agent() {
        return agent;
    }

    /** Asks on the client's thread; {@code question} answers a code of the core's. */
    private <T> CompletableFuture<T> ask(final ToLongFunction<CompletableFuture<T>> question) {
        final CompletableFuture<T> future = new CompletableFuture<>();
        return agent.execute(future, () -> {
            final long code = question.applyAsLong(future);
            if (code == ClientCore.NOT_CONNECTED) {
                future.completeExceptionally(agent.notConnected());
            } else if (code == ClientCore.TOO_MANY_EXCHANGES) {
                settle(future, Status.QUERY_BUSY, "too many questions to the controller wait for their answer", null);
            } else if (code < 0) {
                settle(future, Status.INVALID_NAME, "a name is too long or a count below 1", null);
            }
        });
    }

    private static <T> void settle(
        final CompletableFuture<T> future, final Status status, final String detail, final T value) {
        if (status == Status.OK) {
            future.complete(value);
        } else {
            future.completeExceptionally(new ClientException(status, detail));
        }
    }

    /**
     * Options of a {@link ClientCore} or {@link ClockworkClient}, as text in system properties and in code here. One
     * context serves one client, which concludes it.
     */
    public static final class Context {
        private static final int MAX_CLIENT_NAME = 256;
        private static final int MAX_TABLE = 1 << 20;

        private String endpoints = System.getProperty(ENDPOINTS_PROP_NAME, ENDPOINTS_DEFAULT);
        private String clientName = System.getProperty(NAME_PROP_NAME, NAME_DEFAULT);
        private String aeronDirectoryName = System.getProperty(AERON_DIR_PROP_NAME, AERON_DIR_DEFAULT);
        private int maxInFlight = Integer.getInteger(MAX_IN_FLIGHT_PROP_NAME, MAX_IN_FLIGHT_DEFAULT);
        private long maxBytesInFlight = SystemUtil.getSizeAsLong(MAX_BYTES_IN_FLIGHT_PROP_NAME, MAX_BYTES_IN_FLIGHT_DEFAULT);
        private int outputArenaBytes = SystemUtil.getSizeAsInt(OUTPUT_ARENA_BYTES_PROP_NAME, OUTPUT_ARENA_BYTES_DEFAULT);
        private int maxModels = Integer.getInteger(MAX_MODELS_PROP_NAME, MAX_MODELS_DEFAULT);
        private int maxExchanges = Integer.getInteger(MAX_EXCHANGES_PROP_NAME, MAX_EXCHANGES_DEFAULT);
        private int queueCapacity = Integer.getInteger(QUEUE_CAPACITY_PROP_NAME, QUEUE_CAPACITY_DEFAULT);
        private long connectTimeoutNs = Options.durationNs(CONNECT_TIMEOUT_PROP_NAME, CONNECT_TIMEOUT_DEFAULT_NS);
        private long minBackOffNs = Options.durationNs(MIN_BACK_OFF_PROP_NAME, MIN_BACK_OFF_DEFAULT_NS);
        private long maxBackOffNs = Options.durationNs(MAX_BACK_OFF_PROP_NAME, MAX_BACK_OFF_DEFAULT_NS);
        private long defaultSloNs = Options.durationNs(DEFAULT_SLO_PROP_NAME, Protocol.NULL_NS);
        private long requestTimeoutNs = Options.durationNs(REQUEST_TIMEOUT_PROP_NAME, REQUEST_TIMEOUT_DEFAULT_NS);
        private long outputTimeoutNs = Options.durationNs(OUTPUT_TIMEOUT_PROP_NAME, OUTPUT_TIMEOUT_DEFAULT_NS);
        private long queryTimeoutNs = Options.durationNs(QUERY_TIMEOUT_PROP_NAME, QUERY_TIMEOUT_DEFAULT_NS);
        private long registrationTimeoutNs = Options.durationNs(REGISTRATION_TIMEOUT_PROP_NAME, REGISTRATION_TIMEOUT_DEFAULT_NS);
        private IdleStrategy idleStrategy;
        private CredentialsSupplier credentialsSupplier = CredentialsSupplier.NONE;
        private ConnectionHandler connectionHandler = (from, to, endpoint, status, reason) -> {
        };
        private ErrorHandler errorHandler = ex -> System.err.println("clockwork-client error=" + ex);
        private NanoClock clock = SystemNanoClock.INSTANCE;
        private long incarnation;
        private Dialer dialer;
        private Aeron aeron;
        private Aeron ownedAeron;
        private List<String> endpointList;
        private boolean isConcluded;

        /**
         * Controllers to dial, one after the other, as {@code host:port} with commas between them.
         * See {@link Configuration#ENDPOINTS_PROP_NAME}.
         */
        public Context endpoints(final String text) {
            endpoints = text;
            return this;
        }

        /** What {@link #endpoints(String)} says. */
        public String endpoints() {
            return endpoints;
        }

        /**
         * Name of the client, for people: shown in the controller's status and logs. See
         * {@link Configuration#NAME_PROP_NAME}.
         */
        public Context clientName(final String text) {
            clientName = text;
            return this;
        }

        /** What {@link #clientName(String)} says. */
        public String clientName() {
            return clientName;
        }

        /**
         * Directory of the media driver that an Aeron client is made for, if none is given; empty: Aeron's default. See
         * {@link Configuration#AERON_DIR_PROP_NAME}.
         */
        public Context aeronDirectoryName(final String text) {
            aeronDirectoryName = text;
            return this;
        }

        /** What {@link #aeronDirectoryName(String)} says. */
        public String aeronDirectoryName() {
            return aeronDirectoryName;
        }

        /**
         * Requests in flight that the client has room for and asks the controller for. See
         * {@link Configuration#MAX_IN_FLIGHT_PROP_NAME}.
         */
        public Context maxInFlight(final int limit) {
            maxInFlight = limit;
            return this;
        }

        /** What {@link #maxInFlight(int)} says. */
        public int maxInFlight() {
            return maxInFlight;
        }

        /**
         * Input bytes in flight that the client asks the controller for. See
         * {@link Configuration#MAX_BYTES_IN_FLIGHT_PROP_NAME}.
         */
        public Context maxBytesInFlight(final long bytes) {
            maxBytesInFlight = bytes;
            return this;
        }

        /** What {@link #maxBytesInFlight(long)} says. */
        public long maxBytesInFlight() {
            return maxBytesInFlight;
        }

        /**
         * Memory in which large outputs are put together, a power of two; allocated with the first large output. See
         * {@link Configuration#OUTPUT_ARENA_BYTES_PROP_NAME}.
         */
        public Context outputArenaBytes(final int bytes) {
            outputArenaBytes = bytes;
            return this;
        }

        /** What {@link #outputArenaBytes(int)} says. */
        public int outputArenaBytes() {
            return outputArenaBytes;
        }

        /** Models that the client remembers and that a list may have. See {@link Configuration#MAX_MODELS_PROP_NAME}. */
        public Context maxModels(final int limit) {
            maxModels = limit;
            return this;
        }

        /** What {@link #maxModels(int)} says. */
        public int maxModels() {
            return maxModels;
        }

        /**
         * Lists, registrations and status queries that may wait for their end. See
         * {@link Configuration#MAX_EXCHANGES_PROP_NAME}.
         */
        public Context maxExchanges(final int limit) {
            maxExchanges = limit;
            return this;
        }

        /** What {@link #maxExchanges(int)} says. */
        public int maxExchanges() {
            return maxExchanges;
        }

        /**
         * Calls of other threads that may wait for the client's own thread, a power of two.
         * See {@link Configuration#QUEUE_CAPACITY_PROP_NAME}.
         */
        public Context queueCapacity(final int limit) {
            queueCapacity = limit;
            return this;
        }

        /** What {@link #queueCapacity(int)} says. */
        public int queueCapacity() {
            return queueCapacity;
        }

        /**
         * Time for one attempt to connect, from dialing to the controller's answer; doubled after each silence, up to
         * {@link DialPace#MAX_PATIENCE} times. See
         * {@link Configuration#CONNECT_TIMEOUT_PROP_NAME}.
         */
        public Context connectTimeoutNs(final long ns) {
            connectTimeoutNs = ns;
            return this;
        }

        /** What {@link #connectTimeoutNs(long)} says. */
        public long connectTimeoutNs() {
            return connectTimeoutNs;
        }

        /**
         * Least pause before dialing again, after all endpoints failed or a session was lost.
         * See {@link Configuration#MIN_BACK_OFF_PROP_NAME}.
         */
        public Context minBackOffNs(final long ns) {
            minBackOffNs = ns;
            return this;
        }

        /** What {@link #minBackOffNs(long)} says. */
        public long minBackOffNs() {
            return minBackOffNs;
        }

        /** Greatest pause before dialing again. See {@link Configuration#MAX_BACK_OFF_PROP_NAME}. */
        public Context maxBackOffNs(final long ns) {
            maxBackOffNs = ns;
            return this;
        }

        /** What {@link #maxBackOffNs(long)} says. */
        public long maxBackOffNs() {
            return maxBackOffNs;
        }

        /**
         * SLO of requests that state none; {@link Protocol#NULL_NS}: the model's default, or none.
         * See {@link Configuration#DEFAULT_SLO_PROP_NAME}.
         */
        public Context defaultSloNs(final long ns) {
            defaultSloNs = ns;
            return this;
        }

        /** What {@link #defaultSloNs(long)} says. */
        public long defaultSloNs() {
            return defaultSloNs;
        }

        /**
         * How long the client waits for the end of a request that states no time-out of its own.
         * See {@link Configuration#REQUEST_TIMEOUT_PROP_NAME}.
         */
        public Context requestTimeoutNs(final long ns) {
            requestTimeoutNs = ns;
            return this;
        }

        /** What {@link #requestTimeoutNs(long)} says. */
        public long requestTimeoutNs() {
            return requestTimeoutNs;
        }

        /** How long after an answer its output's bytes may come. See {@link Configuration#OUTPUT_TIMEOUT_PROP_NAME}. */
        public Context outputTimeoutNs(final long ns) {
            outputTimeoutNs = ns;
            return this;
        }

        /** What {@link #outputTimeoutNs(long)} says. */
        public long outputTimeoutNs() {
            return outputTimeoutNs;
        }

        /**
         * How long the client waits for lists, status and answers of the catalogue. See
         * {@link Configuration#QUERY_TIMEOUT_PROP_NAME}.
         */
        public Context queryTimeoutNs(final long ns) {
            queryTimeoutNs = ns;
            return this;
        }

        /** What {@link #queryTimeoutNs(long)} says. */
        public long queryTimeoutNs() {
            return queryTimeoutNs;
        }

        /**
         * How long after the last news of a registration its models may take to become ready.
         * See {@link Configuration#REGISTRATION_TIMEOUT_PROP_NAME}.
         */
        public Context registrationTimeoutNs(final long ns) {
            registrationTimeoutNs = ns;
            return this;
        }

        /** What {@link #registrationTimeoutNs(long)} says. */
        public long registrationTimeoutNs() {
            return registrationTimeoutNs;
        }

        /** What the client's own thread does when idle. See {@link Configuration#IDLE_STRATEGY_PROP_NAME}. */
        public Context idleStrategy(final IdleStrategy strategy) {
            idleStrategy = strategy;
            return this;
        }

        /** What {@link #idleStrategy(IdleStrategy)} says. */
        public IdleStrategy idleStrategy() {
            return idleStrategy;
        }

        /** Gives the credentials of each CONNECT; none by default. */
        public Context credentialsSupplier(final CredentialsSupplier supplier) {
            credentialsSupplier = supplier;
            return this;
        }

        /** What {@link #credentialsSupplier(CredentialsSupplier)} says. */
        public CredentialsSupplier credentialsSupplier() {
            return credentialsSupplier;
        }

        /** Told of each change of the connection's state. */
        public Context connectionHandler(final ConnectionHandler handler) {
            connectionHandler = handler;
            return this;
        }

        /** What {@link #connectionHandler(ConnectionHandler)} says. */
        public ConnectionHandler connectionHandler() {
            return connectionHandler;
        }

        /** Told of exceptions of the user's handlers and of the transport; prints a line by default. */
        public Context errorHandler(final ErrorHandler handler) {
            errorHandler = handler;
            return this;
        }

        /** What {@link #errorHandler(ErrorHandler)} says. */
        public ErrorHandler errorHandler() {
            return errorHandler;
        }

        /** Clock of all times; System.nanoTime by default. */
        public Context clock(final NanoClock nanoClock) {
            clock = nanoClock;
            return this;
        }

        /** What {@link #clock(NanoClock)} says. */
        public NanoClock clock() {
            return clock;
        }

        /** Random id of this client; 0: drawn from a SecureRandom. */
        public Context incarnation(final long id) {
            incarnation = id;
            return this;
        }

        /** What {@link #incarnation(long)} says. */
        public long incarnation() {
            return incarnation;
        }

        /** What to dial with; the client closes it. Aeron by default. */
        public Context dialer(final Dialer linkDialer) {
            dialer = linkDialer;
            return this;
        }

        /** What {@link #dialer(Dialer)} says. */
        public Dialer dialer() {
            return dialer;
        }

        /**
         * The Aeron client to dial with, which the client does not close. If it has no conductor thread, its owner
         * invokes it.
         */
        public Context aeron(final Aeron client) {
            aeron = client;
            return this;
        }

        /** What {@link #aeron(Aeron)} says. */
        public Aeron aeron() {
            return aeron;
        }

        List<String> endpointList() {
            return endpointList;
        }

        /** To be invoked in each cycle; null if another thread does it. */
        AgentInvoker aeronInvoker() {
            return ownedAeron == null ? null : ownedAeron.conductorAgentInvoker();
        }

        /** To be closed with the client; null if there is nothing. */
        AutoCloseable ownedResource() {
            return ownedAeron;
        }

        /**
         * Checks the options and fills in what was left out. The client that is given this context calls it.
         *
         * @throws IllegalStateException    when called again.
         * @throws IllegalArgumentException when options contradict themselves or each other.
         */
        public Context conclude() {
            if (isConcluded) {
                throw new IllegalStateException("this context is concluded: each client needs its own");
            }
            isConcluded = true;
            endpointList = Endpoints.parse(endpoints);
            Objects.requireNonNull(credentialsSupplier, "credentialsSupplier");
            Objects.requireNonNull(connectionHandler, "connectionHandler");
            Objects.requireNonNull(errorHandler, "errorHandler");
            Objects.requireNonNull(clock, "clock");
            Options.check(clientName.length() <= MAX_CLIENT_NAME, NAME_PROP_NAME, clientName, "longer than " + MAX_CLIENT_NAME);
            Options.checkRange(MAX_IN_FLIGHT_PROP_NAME, maxInFlight, 1, MAX_TABLE);
            Options.checkRange(MAX_BYTES_IN_FLIGHT_PROP_NAME, maxBytesInFlight, 0, Long.MAX_VALUE / 2);
            Options.checkRange(OUTPUT_ARENA_BYTES_PROP_NAME, outputArenaBytes, BuddyArena.MIN_BYTES, 1 << 30);
            Options.checkPowerOfTwo(OUTPUT_ARENA_BYTES_PROP_NAME, outputArenaBytes);
            Options.checkRange(MAX_MODELS_PROP_NAME, maxModels, 1, MAX_TABLE);
            Options.checkRange(MAX_EXCHANGES_PROP_NAME, maxExchanges, 1, MAX_TABLE);
            Options.checkRange(QUEUE_CAPACITY_PROP_NAME, queueCapacity, 2, MAX_TABLE);
            Options.checkPowerOfTwo(QUEUE_CAPACITY_PROP_NAME, queueCapacity);
            checkTimes();
            idleStrategy = idleStrategy != null ? idleStrategy :
                Options.idleStrategy(IDLE_STRATEGY_PROP_NAME, System.getProperty(IDLE_STRATEGY_PROP_NAME, IDLE_STRATEGY_DEFAULT));
            incarnation = incarnation != 0 ? incarnation : new SecureRandom().nextLong() | 1;
            if (dialer == null) {
                dialer = aeronDialer();
            }
            return this;
        }

        private void checkTimes() {
            Options.checkTime(CONNECT_TIMEOUT_PROP_NAME, connectTimeoutNs);
            Options.checkTime(MIN_BACK_OFF_PROP_NAME, minBackOffNs);
            Options.checkTime(MAX_BACK_OFF_PROP_NAME, maxBackOffNs);
            Options.checkTime(REQUEST_TIMEOUT_PROP_NAME, requestTimeoutNs);
            Options.checkTime(OUTPUT_TIMEOUT_PROP_NAME, outputTimeoutNs);
            Options.checkTime(QUERY_TIMEOUT_PROP_NAME, queryTimeoutNs);
            Options.checkTime(REGISTRATION_TIMEOUT_PROP_NAME, registrationTimeoutNs);
            if (defaultSloNs != Protocol.NULL_NS) {
                Options.checkTime(DEFAULT_SLO_PROP_NAME, defaultSloNs);
            }
            Options.check(minBackOffNs <= maxBackOffNs, MIN_BACK_OFF_PROP_NAME, Durations.format(minBackOffNs),
                "above " + MAX_BACK_OFF_PROP_NAME + "=" + Durations.format(maxBackOffNs));
        }

        private Dialer aeronDialer() {
            if (aeron == null) {
                final Aeron.Context driver = new Aeron.Context().useConductorAgentInvoker(true).errorHandler(errorHandler);
                if (!aeronDirectoryName.isEmpty()) {
                    driver.aeronDirectoryName(aeronDirectoryName);
                }
                ownedAeron = Aeron.connect(driver);
                aeron = ownedAeron;
            }
            return new AeronDialer(
                new AeronLinks.Context().aeron(aeron).clientStreams().nanoClock(clock).errorHandler(errorHandler));
        }
    }
}
