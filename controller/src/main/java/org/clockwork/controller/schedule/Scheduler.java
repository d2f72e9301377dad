package org.clockwork.controller.schedule;

import org.clockwork.controller.request.Request;

/**
 * A scheduling policy: it is told what changed and decides, once a cycle, what the devices do next and which requests
 * are given up. It decides at events and at times that it named before, never because it happened to be asked: asking
 * it more often gives the same decisions. Owned by the controller agent.
 */
public interface Scheduler {
    /** Its name, for people. */
    String name();

    /** A request was put into its model's queue. */
    void onQueued(ModelPlan model, Request request, long nowNs);

    /** A request left its model's queue in another way than by this policy. */
    void onUnqueued(ModelPlan model, long nowNs);

    /** The execution engine of a device moved: a result, a time-out. */
    void onExecutionChanged(DevicePlan device, long nowNs);

    /** The load engine or the free pages of a device changed. */
    void onMemoryChanged(DevicePlan device, long nowNs);

    /** A copy can be executed from now on. */
    void onCopyReady(Residency copy, long nowNs);

    /** A copy can no longer be executed: it is being unloaded, or lost. It is still in its model's list. */
    void onCopyGone(Residency copy, long nowNs);

    /** A device takes actions from now on, or an artifact can now be loaded on it. */
    void onDeviceUsable(DevicePlan device, long nowNs);

    /** A device takes no more new actions. */
    void onDeviceUnusable(DevicePlan device, long nowNs);

    /** A model must be looked at again, whatever it was that changed. */
    void onModelChanged(ModelPlan model, long nowNs);

    /** A model left the catalogue; its queue is empty. */
    void onModelGone(ModelPlan model, long nowNs);

    /**
     * Decides.
     *
     * @return decisions taken.
     */
    int schedule(long nowNs);

    /** Earliest time at which it will decide something if nothing changes; {@code Long.MAX_VALUE} for never. */
    long nextWakeNs();
}
