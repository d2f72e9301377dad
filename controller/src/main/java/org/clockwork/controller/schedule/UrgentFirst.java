package org.clockwork.controller.schedule;

import org.clockwork.controller.model.Profile;
import org.clockwork.controller.request.Request;

/**
 * The paper's choice ("Serving DNNs like Clockwork", section 5.3 and appendix B), kept as the named baseline: of each
 * model the largest batch that still meets the deadline of its oldest request, and of those the one that must start soonest.
 * Owned by the controller agent.
 */
final class UrgentFirst implements BatchPolicy {
    /** Name of this policy. */
    static final String NAME = "paper";

    /** How far ahead of its start work is sent, as in the paper. */
    static final long LOOK_AHEAD_NS = 5_000_000L;

    private static final int MAX_LOOKED_AT = 128;

    private final WaitingLists waiting;
    private final Durations durations;

    UrgentFirst(final WaitingLists waiting, final Durations durations) {
        this.waiting = waiting;
        this.durations = durations;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean choose(final DevicePlan device, final long nowNs, final Choice choice) {
        choice.againNs = Choice.NEVER;
        Residency copy = waiting.mostUrgent(device);
        while (copy != null) {
            if (chooseMet(device, nowNs, choice)) {
                return true;
            }
            final Request head = copy.plan.queue.first();
            if (waiting.canTry(copy, head, nowNs)) {
                choice.set(copy, 0, head, 1, true);
                return true;
            }
            waiting.giveUp(copy);
            copy = waiting.mostUrgent(device);
        }
        return false;
    }

    /** Of the largest batches that can be met, one for each model, that which must start soonest. */
    private boolean chooseMet(final DevicePlan device, final long nowNs, final Choice choice) {
        Residency best = null;
        int bestIndex = -1;
        long bestLatestNs = 0;
        for (int i = 0; i < Math.min(device.waiting.size(), MAX_LOOKED_AT); i++) {
            final Residency copy = device.waiting.at(i);
            final Request head = copy.plan.queue.first();
            final int index = head == null ? -1 : largestBatch(copy, head, nowNs);
            if (index >= 0) {
                final long latestNs = head.deadlineNs - durations.executeNs(copy.plan.artifact, index);
                if (best == null || latestNs - bestLatestNs < 0
                    || latestNs == bestLatestNs && copy.plan.index < best.plan.index) {
                    best = copy;
                    bestIndex = index;
                    bestLatestNs = latestNs;
                }
            }
        }
        if (best != null) {
            choice.set(best, bestIndex, best.plan.queue.first(), Profile.batchSize(bestIndex), false);
        }
        return best != null;
    }

    private int largestBatch(final Residency copy, final Request head, final long nowNs) {
        final int largest = 31 - Integer.numberOfLeadingZeros(copy.plan.queue.size());
        int index = Math.min(largest, durations.maxBatchIndex(copy.plan.artifact, copy.device));
        while (index >= 0 && durations.finishNs(copy, index, head, nowNs) - head.deadlineNs > 0) {
            index--;
        }
        return index;
    }
}
