package org.clockwork.controller.schedule;

/**
 * One copy of a model on one device, from the plan to load it until its pages are given back. Pooled; a place in the
 * device's list by last use, and in the heaps of what waits for the device. Owned by the controller agent.
 */
public final class Residency {
    /** Where a copy is in its life. */
    public enum State {
        /** To be loaded as soon as its pages are free. */
        PLANNED,
        /** A LOAD is on its way. */
        LOADING,
        /** It can be executed. */
        LOADED,
        /** An UNLOAD is on its way. */
        UNLOADING,
        /** It is no more; kept only until the last action that names it has ended. */
        GONE
    }

    /** Position in the pool. */
    final int index;
    /** Where it is in its life. */
    public State state = State.GONE;
    /** Where it is. */
    public DevicePlan device;
    /** Whose copy it is; null for one that no registered model names. */
    public ModelPlan plan;
    /** Wire id of its model. */
    public long modelId;
    /** That it occupies. */
    public int pages;
    /** Actions in flight that name it. */
    public int uses;
    /** Whether it is to be unloaded as soon as nothing uses it. */
    boolean isUnwanted;
    /** When it can be executed: measured once it is LOADED, expected before. */
    public long readyNs;
    /** When it was last given work, or came to be loaded. */
    long usedNs;
    /** When its LOAD started. */
    public long loadStartNs;
    /** Queued work of its model that counts against its device. */
    long shareNs;

    /** Next less recently used copy on the device. */
    Residency older;
    /** Next more recently used copy on the device. */
    Residency newer;
    /** Position among the copies of its model. */
    int copyIndex;
    /** Position in the device's heap of waiting models, or -1. */
    int waitingPlace = -1;
    /** Its key there. */
    long waitingKey;
    /** Position in the device's heap of models with requests without deadline, or -1. */
    int backgroundPlace = -1;
    /** Its key there. */
    long backgroundKey;

    Residency(final int index) {
        this.index = index;
    }
}
