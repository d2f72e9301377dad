package org.clockwork.controller.schedule;

/** What a policy tells the planner of LOADs about a model that wants one. Owned by the controller agent. */
interface Demand {
    /** Outstanding work that the copies there are can't serve in time; not positive if there is none. */
    long unmetNs(ModelPlan model, long nowNs);

    /**
     * A model is about to be loaded on a device: gives up the requests that even this would not serve in time.
     *
     * @return whether a reason to load it is left.
     */
    boolean isWorthLoading(ModelPlan model, DevicePlan device, long nowNs);
}
