package org.clockwork.controller;

/** What the controller counts beside the way of requests; each is a plain event since its start. */
public enum ControllerCounter {
    /** Messages too short, of an unknown schema or template, or whose lengths point outside themselves. */
    MALFORMED("malformed messages"),
    /** Whole messages that make no sense where or when they came. */
    UNEXPECTED("unexpected messages"),
    /** Messages of an older or newer epoch than this controller's. */
    STALE_EPOCH("messages of another epoch"),
    /** Messages that name a session that their peer does not have. */
    UNKNOWN_SESSION("messages of unknown sessions"),
    /** Sessions opened. */
    SESSIONS_OPENED("sessions opened"),
    /** CONNECTs refused. */
    CONNECTS_REFUSED("refused CONNECTs"),
    /** Sessions ended by their client. */
    SESSIONS_CLOSED("sessions closed by their client"),
    /** Sessions given up for silence or because their link ended. */
    SESSIONS_LOST("sessions lost"),
    /** Sessions ended because their client did not take its messages. */
    SLOW_CONSUMERS("sessions of slow consumers"),
    /** Links ended because their peers were no members for too long. */
    IDLE_LINKS_ENDED("links of strangers ended"),
    /** Workers that became live. */
    WORKERS_JOINED("workers joined"),
    /** HELLOs refused. */
    HELLOS_REFUSED("refused HELLOs"),
    /** Workers given up for silence or because their link ended. */
    WORKERS_LOST("workers lost"),
    /** Steps of a worker's clock. */
    CLOCK_STEPS("steps of workers' clocks"),
    /** Clock samples that contradict themselves. */
    CLOCK_SAMPLES_DROPPED("clock samples dropped"),
    /** Answers that were dropped because the lane took no more; the peer asks again. */
    ANSWERS_DROPPED("answers dropped under back pressure"),
    /** Registrations accepted. */
    REGISTRATIONS("registrations"),
    /** Registrations refused or failed. */
    REGISTRATIONS_REFUSED("registrations refused or failed"),
    /** Model files received whole. */
    FILES_RECEIVED("model files received"),
    /** FILE-CHUNKs of no transfer under way, or out of order. */
    CHUNKS_DROPPED("file chunks dropped"),
    /** Cycles in which clients' bulk lanes waited for the disk. */
    STORAGE_BACK_PRESSURE("cycles that waited for the disk"),
    /** Artifacts that became ready on a worker. */
    ARTIFACTS_READY("artifacts ready on a worker"),
    /** Artifacts that failed on a worker. */
    ARTIFACTS_FAILED("artifacts failed on a worker"),
    /** Catalogue files written. */
    CATALOGUE_SAVES("catalogue files written"),
    /** Catalogue files that could not be written. */
    CATALOGUE_SAVES_FAILED("catalogue files not written"),
    /** Exceptions caught at the edge of the agent; each was given to the error handler. */
    ERRORS("errors");

    private final String label;

    ControllerCounter(final String label) {
        this.label = label;
    }

    /** For people, as shown beside the value. */
    public String label() {
        return label;
    }
}
