package org.clockwork.client;

import io.aeron.Aeron;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import org.agrona.BitUtil;
import org.agrona.ErrorHandler;
import org.agrona.SystemUtil;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.aeron.AeronDialer;
import org.clockwork.schema.link.aeron.AeronLinks;

/** The friendly client. */
public final class ClockworkClient {
    private ClockworkClient() {
    }

    /**
     * Options of a {@link ClientCore} or {@link ClockworkClient}, as text in system properties and in code here. One
     * context serves one client, which concludes it.
     */
    public static final class Context {
        /** Property: controllers to dial, as {@code host:port} with commas between them. */
        public static final String ENDPOINTS_PROP_NAME = "clockwork.client.endpoints";
        /** Default of {@link #ENDPOINTS_PROP_NAME}. */
        public static final String ENDPOINTS_DEFAULT = "localhost:14217";
        /** Property: name of the client, for people. */
        public static final String NAME_PROP_NAME = "clockwork.client.name";
        /** Default of {@link #NAME_PROP_NAME}. */
        public static final String NAME_DEFAULT = "client";
        /** Property: directory of the media driver; empty: Aeron's default. */
        public static final String AERON_DIR_PROP_NAME = "clockwork.client.aeron.dir";
        /** Default of {@link #AERON_DIR_PROP_NAME}. */
        public static final String AERON_DIR_DEFAULT = "";
        /** Property: requests in flight that the client has room for and asks the controller for. */
        public static final String MAX_IN_FLIGHT_PROP_NAME = "clockwork.client.max.in.flight";
        /** Default of {@link #MAX_IN_FLIGHT_PROP_NAME}. */
        public static final int MAX_IN_FLIGHT_DEFAULT = 1024;
        /** Property: input bytes in flight that the client asks the controller for; with k, m or g. */
        public static final String MAX_BYTES_IN_FLIGHT_PROP_NAME = "clockwork.client.max.bytes.in.flight";
        /** Default of {@link #MAX_BYTES_IN_FLIGHT_PROP_NAME}. */
        public static final long MAX_BYTES_IN_FLIGHT_DEFAULT = 64L << 20;
        /** Property: memory in which large outputs are put together, a power of two; with k, m or g. */
        public static final String OUTPUT_ARENA_BYTES_PROP_NAME = "clockwork.client.output.arena.bytes";
        /** Default of {@link #OUTPUT_ARENA_BYTES_PROP_NAME}. */
        public static final int OUTPUT_ARENA_BYTES_DEFAULT = 32 << 20;
        /** Property: models that the client remembers and that a list may have. */
        public static final String MAX_MODELS_PROP_NAME = "clockwork.client.max.models";
        /** Default of {@link #MAX_MODELS_PROP_NAME}. */
        public static final int MAX_MODELS_DEFAULT = 65_536;
        /** Property: lists, registrations and status queries that may wait for their end. */
        public static final String MAX_EXCHANGES_PROP_NAME = "clockwork.client.max.exchanges";
        /** Default of {@link #MAX_EXCHANGES_PROP_NAME}. */
        public static final int MAX_EXCHANGES_DEFAULT = 64;
        /** Property: calls of other threads that may wait for the client's thread, a power of two. */
        public static final String QUEUE_CAPACITY_PROP_NAME = "clockwork.client.queue.capacity";
        /** Default of {@link #QUEUE_CAPACITY_PROP_NAME}. */
        public static final int QUEUE_CAPACITY_DEFAULT = 1024;
        /** Property: time for one attempt to connect, with a unit. */
        public static final String CONNECT_TIMEOUT_PROP_NAME = "clockwork.client.connect.timeout";
        /** Default of {@link #CONNECT_TIMEOUT_PROP_NAME}. */
        public static final long CONNECT_TIMEOUT_DEFAULT_NS = 3_000_000_000L;
        /** Property: least pause before dialing again, with a unit. */
        public static final String MIN_BACK_OFF_PROP_NAME = "clockwork.client.back.off.min";
        /** Default of {@link #MIN_BACK_OFF_PROP_NAME}. */
        public static final long MIN_BACK_OFF_DEFAULT_NS = 50_000_000L;
        /** Property: greatest pause before dialing again, with a unit. */
        public static final String MAX_BACK_OFF_PROP_NAME = "clockwork.client.back.off.max";
        /** Default of {@link #MAX_BACK_OFF_PROP_NAME}. */
        public static final long MAX_BACK_OFF_DEFAULT_NS = 1_000_000_000L;
        /** Property: SLO of requests that state none, with a unit; empty: the model's default, or none. */
        public static final String DEFAULT_SLO_PROP_NAME = "clockwork.client.default.slo";
        /** Property: how long the client waits for the end of a request, with a unit. */
        public static final String REQUEST_TIMEOUT_PROP_NAME = "clockwork.client.request.timeout";
        /** Default of {@link #REQUEST_TIMEOUT_PROP_NAME}. */
        public static final long REQUEST_TIMEOUT_DEFAULT_NS = 30_000_000_000L;
        /** Property: how long after an answer its output's bytes may come, with a unit. */
        public static final String OUTPUT_TIMEOUT_PROP_NAME = "clockwork.client.output.timeout";
        /** Default of {@link #OUTPUT_TIMEOUT_PROP_NAME}. */
        public static final long OUTPUT_TIMEOUT_DEFAULT_NS = 1_000_000_000L;
        /** Property: how long the client waits for lists, status and catalogue answers, with a unit. */
        public static final String QUERY_TIMEOUT_PROP_NAME = "clockwork.client.query.timeout";
        /** Default of {@link #QUERY_TIMEOUT_PROP_NAME}. */
        public static final long QUERY_TIMEOUT_DEFAULT_NS = 10_000_000_000L;
        /** Property: how long after the last news models may take to become ready, with a unit. */
        public static final String REGISTRATION_TIMEOUT_PROP_NAME = "clockwork.client.registration.timeout";
        /** Default of {@link #REGISTRATION_TIMEOUT_PROP_NAME}. */
        public static final long REGISTRATION_TIMEOUT_DEFAULT_NS = 600_000_000_000L;
        /** Property: {@code backoff}, {@code yield} or {@code spin}: what the client's own thread does when idle. */
        public static final String IDLE_STRATEGY_PROP_NAME = "clockwork.client.idle.strategy";
        /** Default of {@link #IDLE_STRATEGY_PROP_NAME}: it parks for 1 to 50 us. */
        public static final String IDLE_STRATEGY_DEFAULT = "backoff";

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
        private long connectTimeoutNs = durationNs(CONNECT_TIMEOUT_PROP_NAME, CONNECT_TIMEOUT_DEFAULT_NS);
        private long minBackOffNs = durationNs(MIN_BACK_OFF_PROP_NAME, MIN_BACK_OFF_DEFAULT_NS);
        private long maxBackOffNs = durationNs(MAX_BACK_OFF_PROP_NAME, MAX_BACK_OFF_DEFAULT_NS);
        private long defaultSloNs = durationNs(DEFAULT_SLO_PROP_NAME, Protocol.NULL_NS);
        private long requestTimeoutNs = durationNs(REQUEST_TIMEOUT_PROP_NAME, REQUEST_TIMEOUT_DEFAULT_NS);
        private long outputTimeoutNs = durationNs(OUTPUT_TIMEOUT_PROP_NAME, OUTPUT_TIMEOUT_DEFAULT_NS);
        private long queryTimeoutNs = durationNs(QUERY_TIMEOUT_PROP_NAME, QUERY_TIMEOUT_DEFAULT_NS);
        private long registrationTimeoutNs = durationNs(REGISTRATION_TIMEOUT_PROP_NAME, REGISTRATION_TIMEOUT_DEFAULT_NS);
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
         * Controllers to dial, one after the other, as {@code host:port} with commas between them. See {@link
         * #ENDPOINTS_PROP_NAME}.
         */
        public Context endpoints(final String text) {
            endpoints = text;
            return this;
        }

        /** What {@link #endpoints(String)} says. */
        public String endpoints() {
            return endpoints;
        }

        /** Name of the client, for people: shown in the controller's status and logs. See {@link #NAME_PROP_NAME}. */
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
         * {@link #AERON_DIR_PROP_NAME}.
         */
        public Context aeronDirectoryName(final String text) {
            aeronDirectoryName = text;
            return this;
        }

        /** What {@link #aeronDirectoryName(String)} says. */
        public String aeronDirectoryName() {
            return aeronDirectoryName;
        }

        /** Requests in flight that the client has room for and asks the controller for. See {@link #MAX_IN_FLIGHT_PROP_NAME}. */
        public Context maxInFlight(final int limit) {
            maxInFlight = limit;
            return this;
        }

        /** What {@link #maxInFlight(int)} says. */
        public int maxInFlight() {
            return maxInFlight;
        }

        /** Input bytes in flight that the client asks the controller for. See {@link #MAX_BYTES_IN_FLIGHT_PROP_NAME}. */
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
         * {@link #OUTPUT_ARENA_BYTES_PROP_NAME}.
         */
        public Context outputArenaBytes(final int bytes) {
            outputArenaBytes = bytes;
            return this;
        }

        /** What {@link #outputArenaBytes(int)} says. */
        public int outputArenaBytes() {
            return outputArenaBytes;
        }

        /** Models that the client remembers and that a list may have. See {@link #MAX_MODELS_PROP_NAME}. */
        public Context maxModels(final int limit) {
            maxModels = limit;
            return this;
        }

        /** What {@link #maxModels(int)} says. */
        public int maxModels() {
            return maxModels;
        }

        /** Lists, registrations and status queries that may wait for their end. See {@link #MAX_EXCHANGES_PROP_NAME}. */
        public Context maxExchanges(final int limit) {
            maxExchanges = limit;
            return this;
        }

        /** What {@link #maxExchanges(int)} says. */
        public int maxExchanges() {
            return maxExchanges;
        }

        /**
         * Calls of other threads that may wait for the client's own thread, a power of two. See {@link
         * #QUEUE_CAPACITY_PROP_NAME}.
         */
        public Context queueCapacity(final int limit) {
            queueCapacity = limit;
            return this;
        }

        /** What {@link #queueCapacity(int)} says. */
        public int queueCapacity() {
            return queueCapacity;
        }

        /** Time for one attempt to connect, from dialing to the controller's answer. See {@link #CONNECT_TIMEOUT_PROP_NAME}. */
        public Context connectTimeoutNs(final long ns) {
            connectTimeoutNs = ns;
            return this;
        }

        /** What {@link #connectTimeoutNs(long)} says. */
        public long connectTimeoutNs() {
            return connectTimeoutNs;
        }

        /**
         * Least pause before dialing again, after all endpoints failed or a session was lost. See {@link
         * #MIN_BACK_OFF_PROP_NAME}.
         */
        public Context minBackOffNs(final long ns) {
            minBackOffNs = ns;
            return this;
        }

        /** What {@link #minBackOffNs(long)} says. */
        public long minBackOffNs() {
            return minBackOffNs;
        }

        /** Greatest pause before dialing again. See {@link #MAX_BACK_OFF_PROP_NAME}. */
        public Context maxBackOffNs(final long ns) {
            maxBackOffNs = ns;
            return this;
        }

        /** What {@link #maxBackOffNs(long)} says. */
        public long maxBackOffNs() {
            return maxBackOffNs;
        }

        /**
         * SLO of requests that state none; {@link Protocol#NULL_NS}: the model's default, or none. See {@link
         * #DEFAULT_SLO_PROP_NAME}.
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
         * How long the client waits for the end of a request that states no time-out of its own. See {@link
         * #REQUEST_TIMEOUT_PROP_NAME}.
         */
        public Context requestTimeoutNs(final long ns) {
            requestTimeoutNs = ns;
            return this;
        }

        /** What {@link #requestTimeoutNs(long)} says. */
        public long requestTimeoutNs() {
            return requestTimeoutNs;
        }

        /** How long after an answer its output's bytes may come. See {@link #OUTPUT_TIMEOUT_PROP_NAME}. */
        public Context outputTimeoutNs(final long ns) {
            outputTimeoutNs = ns;
            return this;
        }

        /** What {@link #outputTimeoutNs(long)} says. */
        public long outputTimeoutNs() {
            return outputTimeoutNs;
        }

        /** How long the client waits for lists, status and answers of the catalogue. See {@link #QUERY_TIMEOUT_PROP_NAME}. */
        public Context queryTimeoutNs(final long ns) {
            queryTimeoutNs = ns;
            return this;
        }

        /** What {@link #queryTimeoutNs(long)} says. */
        public long queryTimeoutNs() {
            return queryTimeoutNs;
        }

        /**
         * How long after the last news of a registration its models may take to become ready. See {@link
         * #REGISTRATION_TIMEOUT_PROP_NAME}.
         */
        public Context registrationTimeoutNs(final long ns) {
            registrationTimeoutNs = ns;
            return this;
        }

        /** What {@link #registrationTimeoutNs(long)} says. */
        public long registrationTimeoutNs() {
            return registrationTimeoutNs;
        }

        /** What the client's own thread does when idle. See {@link #IDLE_STRATEGY_PROP_NAME}. */
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
            check(clientName.length() <= MAX_CLIENT_NAME, NAME_PROP_NAME, clientName, "longer than " + MAX_CLIENT_NAME);
            checkRange(MAX_IN_FLIGHT_PROP_NAME, maxInFlight, 1, MAX_TABLE);
            checkRange(MAX_BYTES_IN_FLIGHT_PROP_NAME, maxBytesInFlight, 0, Long.MAX_VALUE / 2);
            checkRange(OUTPUT_ARENA_BYTES_PROP_NAME, outputArenaBytes, BuddyArena.MIN_BYTES, 1 << 30);
            check(BitUtil.isPowerOfTwo(outputArenaBytes), OUTPUT_ARENA_BYTES_PROP_NAME, outputArenaBytes, "no power of two");
            checkRange(MAX_MODELS_PROP_NAME, maxModels, 1, MAX_TABLE);
            checkRange(MAX_EXCHANGES_PROP_NAME, maxExchanges, 1, MAX_TABLE);
            checkRange(QUEUE_CAPACITY_PROP_NAME, queueCapacity, 2, MAX_TABLE);
            check(BitUtil.isPowerOfTwo(queueCapacity), QUEUE_CAPACITY_PROP_NAME, queueCapacity, "no power of two");
            checkTimes();
            idleStrategy = idleStrategy != null ? idleStrategy :
                idleStrategyOf(System.getProperty(IDLE_STRATEGY_PROP_NAME, IDLE_STRATEGY_DEFAULT));
            incarnation = incarnation != 0 ? incarnation : new SecureRandom().nextLong() | 1;
            if (dialer == null) {
                dialer = aeronDialer();
            }
            return this;
        }

        private void checkTimes() {
            checkTime(CONNECT_TIMEOUT_PROP_NAME, connectTimeoutNs);
            checkTime(MIN_BACK_OFF_PROP_NAME, minBackOffNs);
            checkTime(MAX_BACK_OFF_PROP_NAME, maxBackOffNs);
            checkTime(REQUEST_TIMEOUT_PROP_NAME, requestTimeoutNs);
            checkTime(OUTPUT_TIMEOUT_PROP_NAME, outputTimeoutNs);
            checkTime(QUERY_TIMEOUT_PROP_NAME, queryTimeoutNs);
            checkTime(REGISTRATION_TIMEOUT_PROP_NAME, registrationTimeoutNs);
            if (defaultSloNs != Protocol.NULL_NS) {
                checkTime(DEFAULT_SLO_PROP_NAME, defaultSloNs);
            }
            check(minBackOffNs <= maxBackOffNs, MIN_BACK_OFF_PROP_NAME, Durations.format(minBackOffNs),
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

        private static long durationNs(final String property, final long defaultNs) {
            final String text = System.getProperty(property, "");
            try {
                return text.isEmpty() ? defaultNs : Durations.parseNs(text);
            } catch (final IllegalArgumentException ex) {
                throw new IllegalArgumentException(property + "=" + ex.getMessage(), ex);
            }
        }

        private static IdleStrategy idleStrategyOf(final String name) {
            return switch (name) {
                case "backoff" -> new BackoffIdleStrategy(10, 20, 1_000, 50_000);
                case "yield" -> new YieldingIdleStrategy();
                case "spin" -> new BusySpinIdleStrategy();
                default -> throw new IllegalArgumentException(
                    IDLE_STRATEGY_PROP_NAME + "=" + name + " is none of backoff, yield and spin");
            };
        }

        private static void checkTime(final String name, final long ns) {
            check(ns > 0 && ns <= 1L << 60, name, Durations.format(ns), "not positive, or above 36 years");
        }

        private static void checkRange(final String name, final long value, final long least, final long greatest) {
            check(value >= least && value <= greatest, name, value, "not within " + least + " to " + greatest);
        }

        private static void check(final boolean isValid, final String name, final Object value, final String problem) {
            if (!isValid) {
                throw new IllegalArgumentException(name + "=" + value + " is " + problem);
            }
        }
    }
}
