package org.clockwork.controller;

import org.clockwork.schema.codec.Status;

/**
 * What has happened on the way of requests since the start, as plain numbers for status reports and counters. Written by
 * the controller agent only.
 */
public final class PathFigures {
    private static final int STATUS_LIMIT = 1024;

    /** Requests that arrived, whatever became of them. */
    public long requests;
    /** Requests answered. */
    public long responsesOk;
    /** Requests refused by decision (1xx). */
    public long refused;
    /** Requests that were wrong (2xx). */
    public long invalid;
    /** Requests taken back by their client or its end. */
    public long cancelled;
    /** Requests that ended otherwise. */
    public long failed;
    /** Answers later than their deadline by the controller's own verdict. */
    public long late;
    /** LOAD actions for waiting requests. */
    public long coldStarts;
    /** INFER actions sent. */
    public long infers;
    /** LOAD actions sent. */
    public long loads;
    /** UNLOAD actions sent. */
    public long unloads;
    /** PROFILE actions sent. */
    public long profiles;
    /** Actions whose results were not OK. */
    public long actionsFailed;
    /** Actions of which the worker reported nothing in time. */
    public long actionsTimedOut;
    /** Results and outputs for slots that were freed since, or of another worker. */
    public long lateResults;
    /** Times that a worker's count of free pages differed from the mirror when nothing could explain it. */
    public long pagesCorrected;
    /** Parts of inputs dropped: no room, or their request never came. */
    public long inputPartsDropped;
    /** Messages counted and dropped. */
    public long malformed;
    /** Requests scheduled again after a failure or a lost worker. */
    public long rescheduled;
    /** Responses that had to wait for their client. */
    public long responsesDelayed;
    /** Sessions given up because their client did not take its responses. */
    public long slowConsumers;
    private final long[] endsByStatus = new long[STATUS_LIMIT];

    /** Counts the end of a request. */
    public void onEnd(final Status status) {
        final int value = status.value();
        endsByStatus[value < STATUS_LIMIT ? value : STATUS_LIMIT - 1]++;
        if (value == 0) {
            responsesOk++;
        } else if (value < 200) {
            refused++;
        } else if (value < 300) {
            invalid++;
        } else if (status == Status.CANCELLED) {
            cancelled++;
        } else {
            failed++;
        }
    }

    /** Requests that ended with this status. */
    public long endsWith(final Status status) {
        return endsByStatus[status.value()];
    }
}
