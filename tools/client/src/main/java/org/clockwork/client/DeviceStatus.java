package org.clockwork.client;

/**
 * One device in a {@link WorkerStatus}.
 *
 * @param workerIndex        its worker.
 * @param deviceIndex        in its worker.
 * @param description        kind and name, for people.
 * @param isEmulated         whether it is an emulation.
 * @param isLost             whether it failed and takes no actions.
 * @param pageBytes          size of a page.
 * @param totalPages         for weights.
 * @param freePages          by the controller's mirror.
 * @param modelsLoaded       by the controller's mirror.
 * @param executeBusyNs      time the execution engine worked since the worker joined.
 * @param loadBusyNs         time the load engine worked since the worker joined.
 * @param observedNs         time since the worker joined.
 * @param actionsOutstanding sent and not yet reported.
 */
public record DeviceStatus(
    int workerIndex, int deviceIndex, String description, boolean isEmulated, boolean isLost,
    int pageBytes, int totalPages, int freePages, int modelsLoaded,
    long executeBusyNs, long loadBusyNs, long observedNs, int actionsOutstanding) {
}
