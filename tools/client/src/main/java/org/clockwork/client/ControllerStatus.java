package org.clockwork.client;

import java.util.List;

/**
 * What a controller answered to a status query.
 *
 * @param epoch            of the controller: higher after each start.
 * @param uptimeNs         since its start.
 * @param schemaVersion    of the wire protocol it speaks.
 * @param sessions         clients connected.
 * @param models           registered.
 * @param modelsReady      taking requests.
 * @param requestsInFlight not ended yet.
 * @param requests         arrived since the start.
 * @param responsesOk      answered.
 * @param refused          refused by decision.
 * @param failed           ended otherwise.
 * @param coldStarts       LOAD actions for waiting requests.
 * @param malformed        messages counted and dropped.
 * @param build            version of its software.
 * @param policy           name of the scheduling policy.
 * @param workers          its workers with their devices.
 */
public record ControllerStatus(
    long epoch, long uptimeNs, int schemaVersion, int sessions, int models, int modelsReady, int requestsInFlight,
    long requests, long responsesOk, long refused, long failed, long coldStarts, long malformed,
    String build, String policy, List<WorkerStatus> workers) {

    /** Keeps its own unmodifiable copy of the list. */
    public ControllerStatus {
        workers = List.copyOf(workers);
    }
}
