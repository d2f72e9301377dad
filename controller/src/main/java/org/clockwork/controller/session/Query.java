package org.clockwork.controller.session;

/** A query that is answered in pieces, and how far the answer has come. Owned by the controller agent. */
final class Query {
    /** What is asked. */
    enum Kind {
        /** Nothing. */
        NONE,
        /** The models of a prefix. */
        MODELS,
        /** The controller, its workers and their devices. */
        STATUS
    }

    Kind kind = Kind.NONE;
    long correlationId;
    String prefix;
    /** Next slot of the table that is listed; for STATUS -1 before the report. */
    int cursor;
    /** For STATUS: next device of the worker at the cursor, -1 before the worker itself. */
    int deviceCursor;
    int entries;

    void start(final Kind newKind, final long newCorrelationId, final String newPrefix) {
        kind = newKind;
        correlationId = newCorrelationId;
        prefix = newPrefix;
        cursor = newKind == Kind.STATUS ? -1 : 0;
        deviceCursor = -1;
        entries = 0;
    }
}
