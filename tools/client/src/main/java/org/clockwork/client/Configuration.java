package org.clockwork.client;

/** Names of the system properties that a {@link ClockworkClient.Context} reads, and what holds where none is set. */
public final class Configuration {
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
    /** Property: time for one attempt to connect, with a unit; it doubles with each silence, up to eight times. */
    public static final String CONNECT_TIMEOUT_PROP_NAME = "clockwork.client.connect.timeout";
    /** Default of {@link #CONNECT_TIMEOUT_PROP_NAME}. */
    public static final long CONNECT_TIMEOUT_DEFAULT_NS = 500_000_000L;
    /** Property: first pause before dialing again, with a unit; it doubles each time, shortened by up to a half. */
    public static final String MIN_BACK_OFF_PROP_NAME = "clockwork.client.back.off.min";
    /** Default of {@link #MIN_BACK_OFF_PROP_NAME}. */
    public static final long MIN_BACK_OFF_DEFAULT_NS = 20_000_000L;
    /** Property: greatest pause before dialing again, with a unit. */
    public static final String MAX_BACK_OFF_PROP_NAME = "clockwork.client.back.off.max";
    /** Default of {@link #MAX_BACK_OFF_PROP_NAME}. */
    public static final long MAX_BACK_OFF_DEFAULT_NS = 500_000_000L;
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

    private Configuration() {
    }
}
