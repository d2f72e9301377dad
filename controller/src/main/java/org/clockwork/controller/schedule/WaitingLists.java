package org.clockwork.controller.schedule;

import java.util.function.Consumer;
import org.clockwork.controller.queue.IndexedHeap;
import org.clockwork.controller.request.Request;

/**
 * Which models wait for which devices: each device's heap of copies, by the latest start of the oldest request. A model
 * with few copies waits for all their devices. One with many waits for few of them, and is in a list of such models that
 * devices look through when they come free: so the cost of a request does not grow with the number of devices. Owned by
 * the controller agent.
 */
final class WaitingLists {
    /** Copies of a model with many that are looked at when a request comes. */
    private static final int TRIED = 4;
    /** Models with many copies that a device looks at when it comes free. */
    private static final int LOOKED_AT = 16;

    private final Plans plans;
    private final Durations durations;
    private final Consumer<ModelPlan> review;
    /** Devices with nothing to do. */
    private final IdleDevices idle = new IdleDevices();
    /** Models with many copies that wait, by the latest start of the oldest request. */
    private final IndexedHeap wide = new IndexedHeap(64);
    /** Models with many copies and requests without deadline, by the arrival of the oldest. */
    private final IndexedHeap wideBackground = new IndexedHeap(64);

    /**
     * Empty lists.
     *
     * @param review is told of each model that has to be looked at again.
     */
    WaitingLists(final Plans plans, final Durations durations, final Consumer<ModelPlan> review) {
        this.plans = plans;
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

    /** A model with many copies waits for whichever device of theirs comes free. */
    void joinWide(final ModelPlan model, final Request head) {
        wide.set(model.index, lastStartOf(model, head));
    }

    /** The same for its requests without deadline. */
    void joinWideBackground(final ModelPlan model) {
        wideBackground.set(model.index, model.queue.firstBackground().arrivalNs);
    }

    /** A model's requests have changed or are gone: it leaves the lists of those with many copies if it is not one of them. */
    void leaveWide(final ModelPlan model) {
        if (model.queue.size() == 0 || !model.isWide()) {
            wide.remove(model.index);
        }
        if (model.queue.backgroundSize() == 0 || !model.isWide()) {
            wideBackground.remove(model.index);
        }
    }

    /** A model left the catalogue. */
    void onModelGone(final ModelPlan model) {
        wide.remove(model.index);
        wideBackground.remove(model.index);
    }

    /** Whether there is something that a device that comes free may look through. */
    boolean hasWide() {
        return !wide.isEmpty() || !wideBackground.isEmpty();
    }

    /** A device has, or has no more, nothing to do. */
    void setIdle(final DevicePlan device, final boolean isIdle) {
        if (isIdle) {
            idle.add(device);
        } else {
            idle.remove(device);
        }
    }

    /**
     * Of a model's many copies, one on a device that has nothing to do, else of a few the one whose device is free first;
     * null if none of those can serve.
     */
    Residency freest(final ModelPlan model) {
        Residency best = null;
        for (int i = 0; i < Math.min(idle.size(), TRIED); i++) {
            final Residency copy = model.copyOn(idle.next());
            if (copy != null && isServing(copy)) {
                return copy;
            }
        }
        for (int i = 0; i < TRIED; i++) {
            final Residency copy = model.nextCopy();
            if (isServing(copy)
                && (best == null || copy.device.execution.freeNs() - best.device.execution.freeNs() < 0)) {
                best = copy;
            }
        }
        return best;
    }

    /** Puts what a device that came free holds of the models with many copies into its own list. */
    void pull(final DevicePlan device, final long nowNs) {
        for (int i = 0; i < Math.min(wide.size(), LOOKED_AT); i++) {
            final ModelPlan model = plans.modelAt(wide.at(i));
            final Residency copy = model.copyOn(device);
            final Request head = model.queue.first();
            if (copy != null && head != null && !device.waiting.contains(copy) && isServing(copy)
                && isOfUse(copy, head, nowNs)) {
                join(copy, head, shareNs(model));
            }
        }
        for (int i = 0; i < Math.min(wideBackground.size(), LOOKED_AT); i++) {
            final ModelPlan model = plans.modelAt(wideBackground.at(i));
            final Residency copy = model.copyOn(device);
            final Request head = model.queue.firstBackground();
            if (copy != null && head != null && isServing(copy)) {
                device.background.set(copy, head.arrivalNs);
            }
        }
    }

    /** A model's queued work, divided by its copies. */
    long shareNs(final ModelPlan model) {
        final int queued = model.queue.size();
        return durations.executePerRequestNs(model.artifact, queued) * queued / model.copyCount();
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

    /** Whether a copy can serve a request in time, or may try. */
    boolean isOfUse(final Residency copy, final Request head, final long nowNs) {
        return durations.finishNs(copy, 0, head, nowNs) - head.deadlineNs <= 0 || canTry(copy, head, nowNs);
    }

    /** Whether an idle device may try although the expected duration, which may be an outlier's, says that it is late. */
    boolean canTry(final Residency copy, final Request head, final long nowNs) {
        return copy.state == Residency.State.LOADED && copy.device.execution.count() == 0
            && nowNs + durations.leastWayNs(copy.plan.artifact, copy.device, head) - head.deadlineNs <= 0;
    }

    /** Whether a copy may be given work. */
    static boolean isServing(final Residency copy) {
        return copy.state == Residency.State.LOADED && !copy.isUnwanted && copy.device.isUsable();
    }

    /** What waiting models are ordered by: when the oldest request must start to execute, alone. */
    private long lastStartOf(final ModelPlan model, final Request head) {
        return head.deadlineNs - durations.executeNs(model.artifact, 0);
    }
}
