package org.clockwork.schema;

/**
 * The counters that Clockwork keeps in Aeron's counters file, where AeronStat shows them from outside: type ids and the
 * beginning of their labels. A label ends with what tells several of a kind apart, such as a worker's name. Counts rise
 * from 0 at the start of a process; gauges say so.
 */
public enum CounterIds {
    /** Infer requests that arrived. */
    CONTROLLER_REQUESTS(4200, "clockwork controller requests"),
    /** Infer responses OK. */
    CONTROLLER_ANSWERED(4201, "clockwork controller answered"),
    /** Infer responses that refuse by decision (status 1xx). */
    CONTROLLER_REFUSED(4202, "clockwork controller refused"),
    /** Infer responses to wrong requests (status 2xx). */
    CONTROLLER_WRONG_REQUESTS(4203, "clockwork controller wrong requests"),
    /** Infer responses that end a request otherwise (status 3xx but CANCELLED). */
    CONTROLLER_FAILED(4204, "clockwork controller failed"),
    /** Infer responses CANCELLED. */
    CONTROLLER_CANCELLED(4205, "clockwork controller cancelled"),
    /** Gauge: requests not ended yet. */
    CONTROLLER_REQUESTS_IN_FLIGHT(4206, "clockwork controller requests in flight"),
    /** Gauge: bytes in the arena of inputs and outputs. */
    CONTROLLER_ARENA_BYTES(4207, "clockwork controller arena bytes"),
    /** Actions sent to workers. */
    CONTROLLER_ACTIONS(4208, "clockwork controller actions"),
    /** Results received for actions in flight. */
    CONTROLLER_RESULTS(4209, "clockwork controller results"),
    /** Results for slots freed since: late or repeated. */
    CONTROLLER_STALE_RESULTS(4210, "clockwork controller stale results"),
    /** Actions without a result in time. */
    CONTROLLER_ACTION_TIMEOUTS(4211, "clockwork controller action time-outs"),
    /** Results whose times lay outside their prediction. */
    CONTROLLER_MISPREDICTIONS(4212, "clockwork controller mispredictions"),
    /** LOAD actions for waiting requests. */
    CONTROLLER_COLD_STARTS(4213, "clockwork controller cold starts"),
    /** Messages dropped because they could not be read or made no sense. */
    CONTROLLER_MALFORMED(4214, "clockwork controller malformed"),
    /** Messages dropped by the links before they belonged to a peer. */
    CONTROLLER_LINK_DROPS(4215, "clockwork controller link drops"),
    /** Links refused or not opened in time. */
    CONTROLLER_LINKS_REFUSED(4216, "clockwork controller links refused"),
    /** Gauge: links of clients and workers. */
    CONTROLLER_LINKS(4217, "clockwork controller links"),
    /** Gauge: sessions of clients. */
    CONTROLLER_SESSIONS(4218, "clockwork controller sessions"),
    /** Gauge: live workers. */
    CONTROLLER_WORKERS(4219, "clockwork controller workers"),
    /** Gauge: registered models. */
    CONTROLLER_MODELS(4220, "clockwork controller models"),
    /** Sessions closed because the client did not take its responses. */
    CONTROLLER_SLOW_CONSUMERS(4221, "clockwork controller slow consumers"),
    /** Offers that a lane did not take at once. */
    CONTROLLER_BACK_PRESSURE(4222, "clockwork controller back pressure"),
    /** Errors reported to the error handler. */
    CONTROLLER_ERRORS(4223, "clockwork controller errors"),

    /** Actions received. */
    WORKER_ACTIONS(4240, "clockwork worker actions"),
    /** Results sent. */
    WORKER_RESULTS(4241, "clockwork worker results"),
    /** LOADs done. */
    WORKER_LOADS(4242, "clockwork worker loads"),
    /** UNLOADs done. */
    WORKER_UNLOADS(4243, "clockwork worker unloads"),
    /** INFERs done. */
    WORKER_INFERS(4244, "clockwork worker infers"),
    /** Actions refused because their window had closed. */
    WORKER_TOO_LATE(4245, "clockwork worker too late"),
    /** Actions refused for another reason. */
    WORKER_REFUSED(4246, "clockwork worker refused"),
    /** Actions of a controller that has been replaced. */
    WORKER_STALE_EPOCH(4247, "clockwork worker stale epoch"),
    /** Messages dropped because they could not be read or made no sense. */
    WORKER_MALFORMED(4248, "clockwork worker malformed"),
    /** Offers that a lane did not take at once. */
    WORKER_BACK_PRESSURE(4249, "clockwork worker back pressure"),
    /** Times the worker had to dial a controller. */
    WORKER_DIALS(4250, "clockwork worker dials"),
    /** Gauge: artifacts ready to load. */
    WORKER_ARTIFACTS(4251, "clockwork worker artifacts"),
    /** Gauge: free pages of a device. */
    WORKER_FREE_PAGES(4252, "clockwork worker free pages"),
    /** Errors reported to the error handler. */
    WORKER_ERRORS(4253, "clockwork worker errors"),

    /** Infer requests sent. */
    CLIENT_REQUESTS(4270, "clockwork client requests"),
    /** Infer responses received for requests in flight. */
    CLIENT_RESPONSES(4271, "clockwork client responses"),
    /** Requests that ended without an answer of the controller. */
    CLIENT_UNKNOWN_OUTCOMES(4272, "clockwork client unknown outcomes"),
    /** Responses for requests that had ended. */
    CLIENT_STALE_RESPONSES(4273, "clockwork client stale responses"),
    /** Messages dropped because they could not be read or made no sense. */
    CLIENT_MALFORMED(4274, "clockwork client malformed"),
    /** Offers that a lane did not take at once. */
    CLIENT_BACK_PRESSURE(4275, "clockwork client back pressure"),
    /** Times the client had to dial a controller. */
    CLIENT_DIALS(4276, "clockwork client dials"),
    /** Errors reported to the error handler. */
    CLIENT_ERRORS(4277, "clockwork client errors");

    /** What a controller counts of events ({@code ControllerCounter}): this plus the constant's ordinal. */
    public static final int CONTROLLER_EVENTS_BASE = 4300;
    /** What a worker counts of events ({@code WorkerCounter}): this plus the constant's ordinal. */
    public static final int WORKER_EVENTS_BASE = 4400;

    private final int typeId;
    private final String label;

    CounterIds(final int typeId, final String label) {
        this.typeId = typeId;
        this.label = label;
    }

    /** Type id in the counters file; Aeron's own end far below. */
    public int typeId() {
        return typeId;
    }

    /** Beginning of the label. */
    public String label() {
        return label;
    }
}
