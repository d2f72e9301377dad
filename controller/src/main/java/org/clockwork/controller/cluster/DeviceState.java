package org.clockwork.controller.cluster;

/**
 * One device as the controller sees it: who owns it, and the mirror of its memory. Timelines and residency beyond that
 * belong to the scheduler, which keeps them in arrays beside {@link #slot}. Owned by the controller agent.
 */
public final class DeviceState {
    /** Slot in the device table over all workers: dense, used again after the worker is gone. */
    public final int slot;
    /** Index in its worker. */
    public final int deviceIndex;
    /** Size of a page. */
    public final int pageBytes;
    /** For weights. */
    public final int totalPages;
    /** Largest batch that its I/O slots take. */
    public final int maxBatch;
    /** INFERs that it overlaps. */
    public final int inferDepth;
    /** Whether it is an emulation. */
    public final boolean isEmulated;
    /** Kind and name, for people. */
    public final String description;
    /** Its worker; set once, when the worker's state is made. */
    public WorkerState worker;
    /** Free pages by the mirror: a LOAD takes them when it is sent, an UNLOAD gives them when it is done. */
    public int freePages;
    /** Whether it failed and takes no actions. */
    public boolean isLost;

    /** A device of which nothing is loaded yet. */
    public DeviceState(
        final int slot,
        final int deviceIndex,
        final int pageBytes,
        final int totalPages,
        final int maxBatch,
        final int inferDepth,
        final boolean isEmulated,
        final String description) {
        this.slot = slot;
        this.deviceIndex = deviceIndex;
        this.pageBytes = pageBytes;
        this.totalPages = totalPages;
        this.maxBatch = maxBatch;
        this.inferDepth = inferDepth;
        this.isEmulated = isEmulated;
        this.description = description;
        this.freePages = totalPages;
    }
}
