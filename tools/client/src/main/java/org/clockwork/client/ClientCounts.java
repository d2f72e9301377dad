package org.clockwork.client;

/**
 * What a client has counted since its start. {@code requestsSent} = requests in flight + {@code answered} +
 * {@code refused} + {@code timedOut} + {@code cancelled} + {@code outcomeUnknown} + {@code outputsLost}.
 *
 * @param requestsSent    requests handed to the link.
 * @param answered        ended with OK.
 * @param answeredInTime  of these, within their SLO, or without one.
 * @param refused         ended by the controller with another status than OK or CANCELLED.
 * @param timedOut        given up by the client: CLIENT_TIMED_OUT.
 * @param cancelled       ended with CANCELLED.
 * @param outcomeUnknown  in flight when the session was lost: OUTCOME_UNKNOWN.
 * @param outputsLost     answered, but without all of the output: OUTPUT_LOST.
 * @param lateResponses   responses to requests that the client had given up; dropped.
 * @param staleResponses  responses to requests that are over or never were; dropped.
 * @param staleOutputs    OUTPUT messages of requests that are over or never were; dropped.
 * @param rejectedOutputs OUTPUT messages that repeated, skipped or contradicted others, or found no room; dropped.
 * @param malformed       messages that were no whole message of the protocol; dropped.
 * @param wrongSession    messages of another session or link; dropped.
 * @param unexpected      whole messages that answer nothing that was asked; dropped.
 * @param handlerErrors   exceptions of the user's handlers.
 * @param dials           links dialed.
 * @param sessions        sessions granted.
 * @param sessionsLost    sessions that ended other than by closing the client.
 * @param refusedSessions CONNECTs refused.
 */
public record ClientCounts(
    long requestsSent, long answered, long answeredInTime, long refused, long timedOut, long cancelled,
    long outcomeUnknown, long outputsLost, long lateResponses, long staleResponses, long staleOutputs,
    long rejectedOutputs, long malformed, long wrongSession, long unexpected, long handlerErrors,
    long dials, long sessions, long sessionsLost, long refusedSessions) {
}
