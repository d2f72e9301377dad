package org.clockwork.loadgen;

import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/** What became of a request, as a summary counts it: each offered request is exactly one of these. */
public enum Outcome {
    /** Answered, and the answer arrived within the SLO; any answer if there was none. */
    IN_TIME,
    /** Answered, but after the SLO. */
    LATE,
    /** Refused by decision (status 1xx), or never sent because the client could take no more. */
    REFUSED,
    /** Ended by accident or because the request was wrong. */
    FAILED,
    /** Taken back by the client. */
    CANCELLED;

    /** Reason of a request that its own load generator gave up: the client took no more until its SLO had passed. */
    public static final int CLIENT_BACK_PRESSURE = 1023;

    private static final int FIRST_REFUSAL = 100;
    private static final int FIRST_WRONG_REQUEST = 200;
    private static final int OK_CODE = Status.OK.value();
    private static final int CANCELLED_CODE = Status.CANCELLED.value();

    /**
     * The client's own verdict.
     *
     * @param statusCode how the request ended.
     * @param latencyNs  from the intended send time to the end.
     * @param sloNs      of the request, or {@link Protocol#NULL_NS}.
     */
    public static Outcome of(final int statusCode, final long latencyNs, final long sloNs) {
        if (OK_CODE == statusCode) {
            return Protocol.NULL_NS == sloNs || latencyNs <= sloNs ? IN_TIME : LATE;
        }
        if (CLIENT_BACK_PRESSURE == statusCode || statusCode >= FIRST_REFUSAL && statusCode < FIRST_WRONG_REQUEST) {
            return REFUSED;
        }
        return CANCELLED_CODE == statusCode ? CANCELLED : FAILED;
    }

    /** The name of a status code, as {@code refusedBy} uses it. */
    public static String reasonName(final int statusCode) {
        if (CLIENT_BACK_PRESSURE == statusCode) {
            return "CLIENT_BACK_PRESSURE";
        }
        final Status status = Status.get(statusCode);
        return Status.SBE_UNKNOWN == status || Status.NULL_VAL == status ? "STATUS_" + statusCode : status.name();
    }
}
