package org.clockwork.device;

/**
 * One device: memory in pages, a load engine and an execution engine. All methods are called by the agent that owns it;
 * threads of its own, if any, hand over through single-producer queues.
 */
public interface Device extends AutoCloseable {
    /** Size of a page of weights memory. */
    int PAGE_BYTES = 16 * 1024 * 1024;

    /** Its index in its backend. */
    int index();

    /** Kind and name, for people. */
    String description();

    /** Pages for weights; all memory behind them is the device's from the start. */
    int totalPages();

    /** Pages not occupied: what was loaded or is being loaded counts as occupied. */
    int freePages();

    /** Largest batch that its I/O slots take. */
    int maxBatch();

    /** INFERs that may be in the device at once: the copy-in of the next overlaps the execution of the first. */
    int inferDepth();

    /**
     * Hands an operation to its engine. From then until {@link #poll} hands it back, the operation and its buffers
     * belong to the device. A LOAD for which {@link #freePages()} suffice never fails for want of memory.
     *
     * @param operation to run; its inputs are filled in, its results are cleared.
     * @param nowNs     this cycle's time.
     * @return false if the engine can take no further operation now: keep it and try again after the next completion.
     */
    boolean start(Operation operation, long nowNs);

    /** Whether {@link #start} would take an operation of this kind now. */
    boolean canStart(Operation.Kind kind);

    /**
     * Hands back finished operations, each exactly once, whatever its outcome.
     *
     * @return operations handed back.
     */
    int poll(CompletionHandler handler, long nowNs);

    /** Earliest time at which {@link #poll} may have something, if that is known; else {@code Long.MAX_VALUE}. */
    long nextWakeNs();

    /** Whether the device failed for good; it then completes everything with {@link DeviceStatus#DEVICE_LOST}. */
    boolean isLost();

    @Override
    void close();

    /** Receives finished operations. */
    @FunctionalInterface
    interface CompletionHandler {
        /** The operation is the caller's again; its status, stamps and outputs are set. */
        void onCompleted(Operation operation);
    }
}
