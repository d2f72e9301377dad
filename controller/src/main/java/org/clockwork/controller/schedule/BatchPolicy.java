package org.clockwork.controller.schedule;

/**
 * The idea of a policy: which of the models that wait for a device runs next, and with which of its requests. All the
 * rest, what waits where and what is refused and loaded, is {@link QueueScheduler}'s. Owned by the controller agent.
 */
interface BatchPolicy {
    /** Its name, for people and options. */
    String name();

    /**
     * Chooses the next batch for a device that may be sent one now.
     *
     * @param choice filled in; when the answer is false only {@link Choice#againNs}.
     * @return false if nothing is to be sent now.
     */
    boolean choose(DevicePlan device, long nowNs, Choice choice);

    /** Whether all that waits for a device bears another execution ahead of it, and may even gain by it. */
    default boolean canWait(final DevicePlan device, final long durationNs, final long nowNs) {
        return false;
    }
}
