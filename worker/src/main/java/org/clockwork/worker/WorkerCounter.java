package org.clockwork.worker;

/** What a worker counts; each is a plain event since its start. */
public enum WorkerCounter {
    /** Messages too short, of an unknown schema or template, or whose lengths point outside themselves. */
    MALFORMED("malformed messages"),
    /** Well-formed messages that make no sense now: before the session is live, or for ids that are unknown. */
    UNEXPECTED("unexpected messages"),
    /** Messages of a controller that has been replaced. */
    STALE_EPOCH("messages of an old epoch"),
    /** Sessions that a controller accepted. */
    SESSIONS("sessions"),
    /** Sessions that ended by silence, by the link or by a new dial. */
    SESSIONS_LOST("sessions lost"),
    /** HELLOs that a controller refused. */
    HELLO_REFUSED("refused HELLOs"),
    /** Dials that led to no answer. */
    DIALS_FAILED("failed dials"),
    /** Heartbeats received. */
    HEARTBEATS("heartbeats received"),
    /** Actions received, of all kinds. */
    ACTIONS("actions received"),
    /** Actions that ended well. */
    ACTIONS_OK("actions done"),
    /** Actions refused or failed. */
    ACTIONS_NOT_OK("actions refused or failed"),
    /** Actions dropped before their start because their controller or session is gone. */
    ACTIONS_DROPPED("actions dropped unstarted"),
    /** Results that nobody waits for any more. */
    RESULTS_DROPPED("results dropped"),
    /** Cycles in which the control lane took no more. */
    CONTROL_BACK_PRESSURE("back pressure on control"),
    /** Cycles in which the bulk lane took no more. */
    BULK_BACK_PRESSURE("back pressure on bulk"),
    /** INPUT messages taken. */
    INPUTS("INPUT messages"),
    /** INPUT messages dropped: out of order, repeated, late, or no room in the table. */
    INPUTS_DROPPED("INPUT messages dropped"),
    /** Inputs for which the arena had no room. */
    INPUT_ARENA_FULL("inputs without room"),
    /** Inputs freed because no INFER came for them. */
    INPUT_ORPHANS("orphan inputs"),
    /** Cycles in which an INFER waited for room for its outputs. */
    OUTPUT_ARENA_FULL("outputs without room"),
    /** OUTPUT messages sent. */
    OUTPUTS("OUTPUT messages"),
    /** Model files received whole and right. */
    FILES_RECEIVED("model files received"),
    /** Artifacts that became ready. */
    ARTIFACTS_READY("artifacts ready"),
    /** Artifacts that failed. */
    ARTIFACTS_FAILED("artifacts failed"),
    /** Exceptions caught at the edge of the agent; each was given to the error handler. */
    ERRORS("errors");

    private final String label;

    WorkerCounter(final String label) {
        this.label = label;
    }

    /** For people, as shown beside the value. */
    public String label() {
        return label;
    }
}
