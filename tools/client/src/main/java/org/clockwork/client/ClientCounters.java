package org.clockwork.client;

/** What a core has counted since its start. Plain fields, written and read by the thread that polls it. */
final class ClientCounters {
    long requestsSent;
    long answered;
    long answeredInTime;
    long refused;
    long timedOut;
    long cancelled;
    long outcomeUnknown;
    long outputsLost;
    long lateResponses;
    long staleResponses;
    long staleOutputs;
    long rejectedOutputs;
    long malformed;
    long wrongSession;
    long unexpected;
    long handlerErrors;
    long dials;
    long sessions;
    long sessionsLost;
    long refusedSessions;

    ClientCounts snapshot() {
        return new ClientCounts(
            requestsSent, answered, answeredInTime, refused, timedOut, cancelled, outcomeUnknown, outputsLost,
            lateResponses, staleResponses, staleOutputs, rejectedOutputs, malformed, wrongSession, unexpected,
            handlerErrors, dials, sessions, sessionsLost, refusedSessions);
    }
}
