package org.clockwork.controller.schedule;

import java.util.function.Consumer;
import org.clockwork.controller.request.Request;

/**
 * Which models wait for which devices: each device's heap of copies, by the latest start of the oldest request. Owned
 * by the controller agent.
 */
final class WaitingLists {
    private final Durations durations;
    private final Consumer<ModelPlan> review;

    /**
     * Empty lists.
     *
     * @param review is told of each model that has to be looked at again.
     */
    WaitingLists(final Durations durations, final Consumer<ModelPlan> review) {
        this.durations = durations;
        this.review = review;
    }

    /** A model is to be run on this copy's device; {@code shareNs} of its queued work counts against the device. */
    void join(final Residency copy, final Request head, final long shareNs) {
        final DevicePlan device = copy.device;
        device.waitingWorkNs += shareNs - copy.shareNs;
        copy.shareNs = shareNs;
        device.waiting.set(copy, lastStartOf(copy.plan, head));
    }

    /** A model no longer waits for this copy's device. */
    void leave(final Residency copy) {
        final DevicePlan device = copy.device;
        device.waitingWorkNs -= copy.shareNs;
        copy.shareNs = 0;
        device.waiting.remove(copy);
    }

    /** The device can't serve the model's oldest request any more: another must, or nobody does. */
    void giveUp(final Residency copy) {
        leave(copy);
        review.accept(copy.plan);
    }

    /** The most urgent copy that waits, or null; those whose queue has moved on since are put right on the way. */
    Residency mostUrgent(final DevicePlan device) {
        Residency copy = device.waiting.first();
        while (copy != null) {
            final Request head = copy.plan.queue.first();
            if (head == null) {
                leave(copy);
            } else {
                final long key = lastStartOf(copy.plan, head);
                if (key - copy.waitingKey <= 0) {
                    return copy;
                }
                device.waiting.set(copy, key);
            }
            copy = device.waiting.first();
        }
        return null;
    }

    /** Whether an idle device may try although the expected duration, which may be an outlier's, says that it is late. */
    boolean canTry(final Residency copy, final Request head, final long nowNs) {
        return copy.state == Residency.State.LOADED && copy.device.execution.count() == 0
            && nowNs + durations.leastWayNs(copy.plan.artifact, copy.device, head) - head.deadlineNs <= 0;
    }

    /** What waiting models are ordered by: when the oldest request must start to execute, alone. */
    private long lastStartOf(final ModelPlan model, final Request head) {
        return head.deadlineNs - durations.executeNs(model.artifact, 0);
    }
}
