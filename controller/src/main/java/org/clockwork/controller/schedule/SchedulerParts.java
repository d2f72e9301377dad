package org.clockwork.controller.schedule;

import org.clockwork.controller.PathFigures;

/**
 * The parts that a policy is composed of, and its options.
 *
 * @param plans                 of devices, models and artifacts.
 * @param durations             expected.
 * @param starter               of actions.
 * @param mirror                of device memory.
 * @param measuring             plans PROFILE actions.
 * @param refusals              ends requests.
 * @param figures               totals.
 * @param lookAheadNs           how far ahead of its start work is sent to a device; {@link #AUTO_NS} for the policy's own.
 * @param backgroundLookAheadNs the same for requests without deadline.
 * @param backgroundBatchNs     longest batch of requests without deadline, unless a single one takes longer.
 * @param agingNs               age at which requests without deadline get a share of a busy device.
 * @param maxOutstanding        executions that a device is given at most.
 */
public record SchedulerParts(
    Plans plans,
    Durations durations,
    ActionStarter starter,
    MemoryMirror mirror,
    ProfilePlanner measuring,
    Refusals refusals,
    PathFigures figures,
    long lookAheadNs,
    long backgroundLookAheadNs,
    long backgroundBatchNs,
    long agingNs,
    int maxOutstanding) {
    /** A look-ahead that is the policy's own. */
    public static final long AUTO_NS = -1;
}
