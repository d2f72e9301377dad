package org.clockwork.controller.schedule;

import org.clockwork.controller.cluster.DeviceState;

/**
 * What planning knows about one device: the timelines of its two engines, the copies in its memory by last use, and
 * the models that wait for it. Owned by the controller agent.
 */
public final class DevicePlan {
    /** The device. */
    public final DeviceState state;
    /** Its worker. */
    public final WorkerPlan worker;
    /** Slot in the device table. */
    public final int slot;
    /** Engine that runs INFER and PROFILE. */
    public final Timeline execution;
    /** Engine that runs LOAD and UNLOAD. */
    public final Timeline loading;
    /** Models that wait for it, by the latest start of their oldest request. */
    final ResidencyHeap waiting = new ResidencyHeap(false);
    /** Models with requests without deadline, by the arrival of the oldest. */
    final ResidencyHeap background = new ResidencyHeap(true);
    /** Pages that UNLOADs on their way will give back. */
    int pagesComing;
    /** Copy that is to be loaded as soon as its pages are free, or null. */
    Residency planned;
    /** Loaded copies that are to be unloaded as soon as nothing uses them. */
    int unwanted;
    /** Artifact that is being measured here, or null. */
    ArtifactPlan measuring;
    /** Queued work of the models that wait for it, each model's divided by its copies. */
    long waitingWorkNs;
    /** Until then it is thought that not everything that waits can be met. */
    long shortUntilNs;
    /** From when on an aged request without deadline may go ahead of those with one. */
    long agedFromNs;
    /** The latest {@code earliest} sent to its execution engine, in the worker's clock. */
    public long lastExecutionEarliestNs = Long.MIN_VALUE;
    /** The latest {@code earliest} sent to its load engine, in the worker's clock. */
    public long lastLoadEarliestNs = Long.MIN_VALUE;

    private Residency leastRecent;
    private Residency mostRecent;
    private int copies;

    DevicePlan(final WorkerPlan worker, final DeviceState state, final long nowNs) {
        this.worker = worker;
        this.state = state;
        slot = state.slot;
        execution = new Timeline(nowNs);
        loading = new Timeline(nowNs);
        agedFromNs = nowNs;
        shortUntilNs = nowNs;
    }

    /** The engine that runs executions, or the other. */
    public Timeline timeline(final boolean isExecution) {
        return isExecution ? execution : loading;
    }

    /** Whether new actions may be sent to it. */
    public boolean isUsable() {
        return worker.isUsable && !state.isLost;
    }

    /** Copies LOADED here. */
    public int copyCount() {
        return copies;
    }

    /** Actions sent and not reported. */
    public int outstanding() {
        return execution.count() + loading.count();
    }

    /** The copy that is to be loaded as soon as its pages are free, or null. */
    public Residency planned() {
        return planned;
    }

    /** The copy that was used longest ago, or null. */
    Residency leastRecent() {
        return leastRecent;
    }

    /** Puts a loaded copy at the most recent end. */
    void addRecent(final Residency copy) {
        copy.older = mostRecent;
        copy.newer = null;
        if (mostRecent == null) {
            leastRecent = copy;
        } else {
            mostRecent.newer = copy;
        }
        mostRecent = copy;
        copies++;
    }

    /** Takes a copy out of the order of use. */
    void removeRecent(final Residency copy) {
        if (copy.older == null) {
            leastRecent = copy.newer;
        } else {
            copy.older.newer = copy.newer;
        }
        if (copy.newer == null) {
            mostRecent = copy.older;
        } else {
            copy.newer.older = copy.older;
        }
        copy.older = null;
        copy.newer = null;
        copies--;
    }

    /** Notes that a copy is used. */
    void touch(final Residency copy) {
        if (copy != mostRecent) {
            removeRecent(copy);
            addRecent(copy);
        }
    }
}
