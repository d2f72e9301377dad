package org.clockwork.controller.schedule;

import org.clockwork.controller.request.Request;

/**
 * What requests with deadlines ask of the cluster of late: how many devices their executions would keep busy one by one,
 * and how little time to spare they came with. Owned by the controller agent.
 */
final class DeadlineLoad {
    /** Nothing came of late. */
    static final long NEVER = Long.MAX_VALUE;

    private static final long WINDOW_NS = 500_000_000L;
    /** Of the old figure that is kept when a window ends. */
    private static final double KEPT = 0.5;

    private final Durations durations;
    private long windowEndNs;
    private boolean hasBegun;
    private long workNs;
    private double devices;
    private long spareNs = NEVER;
    private long lastSpareNs = NEVER;

    DeadlineLoad(final Durations durations) {
        this.durations = durations;
    }

    /** A request with a deadline came; one that not even an idle device could meet does not count. */
    void onRequest(final ArtifactPlan artifact, final Request request, final long nowNs) {
        advance(nowNs);
        final long executeNs = durations.executeNs(artifact, 0);
        final long leftNs = request.deadlineNs - nowNs - executeNs - artifact.copyInNs(0);
        if (leftNs > 0) {
            workNs += executeNs;
            spareNs = Math.min(spareNs, leftNs);
        }
    }

    /** Devices that the executions of late would keep busy, one request at a time. */
    double devices(final long nowNs) {
        advance(nowNs);
        return devices;
    }

    /** The least time between a request's arrival and the last moment to start it, of late; {@link #NEVER} if none came. */
    long spareNs(final long nowNs) {
        advance(nowNs);
        return Math.min(spareNs, lastSpareNs);
    }

    private void advance(final long nowNs) {
        if (!hasBegun) {
            hasBegun = true;
            windowEndNs = nowNs + WINDOW_NS;
        }
        if (nowNs - windowEndNs < 0) {
            return;
        }
        final long over = (nowNs - windowEndNs) / WINDOW_NS;
        final double current = (double) workNs / WINDOW_NS;
        devices = devices == 0 ? current : devices * KEPT + current * (1 - KEPT);
        if (over > 0) {
            devices *= Math.pow(KEPT, Math.min(over, Double.SIZE));
        }
        lastSpareNs = over > 0 ? NEVER : spareNs;
        spareNs = NEVER;
        workNs = 0;
        windowEndNs += (over + 1) * WINDOW_NS;
    }
}
