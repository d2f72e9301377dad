package org.clockwork.controller.schedule;

import org.clockwork.controller.model.Profile;

/**
 * Requests without deadline: they get what is left over, and past an age limit a small share. A batch of theirs can't be
 * stopped, so by default one starts only if afterwards enough devices still come free within the time that requests with
 * deadlines have to spare. Owned by the controller agent.
 */
final class BackgroundWork {
    /** Aged requests get one part in so many of a busy device. */
    private static final int AGED_SHARE = 10;
    /** Models looked at in one decision. */
    private static final int MAX_CANDIDATES = 32;
    /** Neighbouring devices that are counted; the load on all is thought to be spread evenly. */
    private static final int MAX_COUNTED = 64;
    /** Kept of the time to spare for what nobody measures. */
    private static final long KEPT_NS = 800_000L;
    /** Load, in devices, for which none is kept free. */
    private static final double LITTLE_LOAD = 0.1;
    /** When to ask again if a batch may not start now. */
    private static final long AGAIN_NS = 200_000L;

    private final Plans plans;
    private final Durations durations;
    private final ActionStarter starter;
    private final DeadlineLoad load;
    private final boolean keepsDevicesFree;
    private final long lookAheadNs;
    private final long longestBatchNs;
    private final long agingNs;
    private Residency chosen;
    private int chosenIndex;

    /** Work by these options; {@code keepsDevicesFree} is false for the baseline. */
    BackgroundWork(
        final SchedulerParts parts, final DeadlineLoad load, final boolean keepsDevicesFree) {
        plans = parts.plans();
        durations = parts.durations();
        starter = parts.starter();
        lookAheadNs = parts.backgroundLookAheadNs();
        longestBatchNs = parts.backgroundBatchNs();
        agingNs = parts.agingNs();
        this.load = load;
        this.keepsDevicesFree = keepsDevicesFree;
    }

    /** Old requests go ahead of those with a deadline now and then, so that a busy device does not starve them. */
    boolean sendAged(final DevicePlan device, final long nowNs) {
        if (device.background.isEmpty() || device.waiting.isEmpty() || device.agedFromNs - nowNs > 0) {
            return false;
        }
        final Residency oldest = oldest(device);
        if (oldest == null || !isAged(oldest, nowNs)) {
            return false;
        }
        final long beforeNs = device.execution.freeNs();
        send(oldest, largestBatch(oldest), nowNs);
        final long spentNs = device.execution.youngest().durationNs;
        device.agedFromNs = (beforeNs - nowNs > 0 ? beforeNs : nowNs) + AGED_SHARE * spentNs;
        return true;
    }

    /**
     * Chooses what a device could execute that is, or soon will be, free: {@link #chosenNs()} is then set. One that is
     * given work with a deadline now may be given this instead.
     *
     * @param choice told when to ask again if nothing may start now.
     */
    boolean choose(final DevicePlan device, final long nowNs, final Choice choice) {
        chosen = null;
        final boolean isEarly = device.execution.freeNs() - lookAheadNs - nowNs > 0;
        if (device.background.isEmpty() || isEarly && !(keepsDevicesFree && !device.waiting.isEmpty())) {
            return false;
        }
        final Residency oldest = oldest(device);
        if (oldest == null) {
            return false;
        }
        chosen = keepsDevicesFree && !isAged(oldest, nowNs) ? fullest(device) : oldest;
        chosenIndex = largestBatch(chosen);
        while (keepsDevicesFree && chosenIndex >= 0 && !staysFree(device, chosenNs(), nowNs)) {
            chosenIndex--;
        }
        if (chosenIndex < 0) {
            choice.againNs = nowNs + AGAIN_NS;
            return false;
        }
        return true;
    }

    /** Expected duration of what was chosen. */
    long chosenNs() {
        return durations.executeNs(chosen.plan.artifact, chosenIndex);
    }

    /** Sends what was chosen; its model. */
    ModelPlan sendChosen(final long nowNs) {
        send(chosen, chosenIndex, nowNs);
        return chosen.plan;
    }

    /**
     * Whether enough others come free in time for requests with deadlines although this device starts such a batch: as many
     * as those keep busy one by one, or all others there are.
     */
    private boolean staysFree(final DevicePlan device, final long executeNs, final long nowNs) {
        final long spareNs = load.spareNs(nowNs);
        if (spareNs == DeadlineLoad.NEVER) {
            return true;
        }
        final long startNs = device.execution.startNs(nowNs + device.worker.hopNs());
        final long untilNs = startNs + spareNs - KEPT_NS - 2 * device.worker.hopNs();
        if (startNs + executeNs - untilNs <= 0) {
            return true;
        }
        int counted = 0;
        int free = 0;
        final int limit = plans.deviceLimit();
        for (int i = 1; i < limit && counted < MAX_COUNTED; i++) {
            final int slot = device.slot + i < limit ? device.slot + i : device.slot + i - limit;
            final DevicePlan other = plans.deviceAt(slot);
            if (other != null && other.isUsable()) {
                counted++;
                free += other.execution.freeNs() - untilNs <= 0 ? 1 : 0;
            }
        }
        final double needed = load.devices(nowNs) * Math.min(1, (counted + 1.0) / Math.max(1, plans.deviceCount()));
        return free >= Math.min(Math.ceil(needed - LITTLE_LOAD), counted);
    }

    private boolean isAged(final Residency copy, final long nowNs) {
        return nowNs - copy.backgroundKey >= agingNs;
    }

    private void send(final Residency copy, final int index, final long nowNs) {
        final int count = Math.min(Profile.batchSize(index), copy.plan.queue.backgroundSize());
        starter.inferBackground(copy, index, count, nowNs);
    }

    private int largestBatch(final Residency copy) {
        final ArtifactPlan artifact = copy.plan.artifact;
        final int largest = 31 - Integer.numberOfLeadingZeros(copy.plan.queue.backgroundSize());
        int index = Math.min(largest, durations.maxBatchIndex(artifact, copy.device));
        while (index > 0 && durations.executeNs(artifact, index) > longestBatchNs) {
            index--;
        }
        return index;
    }

    /** The copy with the largest batch, of the about oldest; ties to the older. */
    private Residency fullest(final DevicePlan device) {
        Residency best = null;
        int bestIndex = -1;
        for (int i = 0; i < Math.min(device.background.size(), MAX_CANDIDATES); i++) {
            final Residency copy = device.background.at(i);
            if (copy.plan.queue.backgroundSize() > 0) {
                final int index = largestBatch(copy);
                if (index > bestIndex || index == bestIndex && copy.backgroundKey - best.backgroundKey < 0) {
                    best = copy;
                    bestIndex = index;
                }
            }
        }
        return best;
    }

    /** The copy with the oldest request, or null; those whose queue has moved on since are put right on the way. */
    private static Residency oldest(final DevicePlan device) {
        Residency copy = device.background.first();
        while (copy != null) {
            final var head = copy.plan.queue.firstBackground();
            if (head == null) {
                device.background.remove(copy);
            } else if (head.arrivalNs == copy.backgroundKey) {
                return copy;
            } else {
                device.background.set(copy, head.arrivalNs);
            }
            copy = device.background.first();
        }
        return null;
    }
}
