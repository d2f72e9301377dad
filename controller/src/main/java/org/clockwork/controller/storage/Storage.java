package org.clockwork.controller.storage;

/** Executes storage tasks in order, beside the agent or at once. Its methods are called by the controller agent. */
public interface Storage extends AutoCloseable {
    /** Takes a task; false if too many are under way. */
    boolean submit(StorageTask task);

    /**
     * Tells tasks that have ended so.
     *
     * @return tasks told.
     */
    int poll(long nowNs);

    /** Tasks taken and not yet told. */
    int outstanding();

    /** Tasks that can be taken now. */
    int free();

    /** Executes what was taken, without telling; nothing can be submitted any more. */
    @Override
    void close();
}
