package org.clockwork.sim.scenario;

import java.util.Arrays;
import org.clockwork.loadgen.Arrivals;

/**
 * The most that any policy can serve in time without pre-empting executions. Each request is taken as a piece of work of
 * its own, as long as its part of the best batch that is in time at all, which any device may do; whatever a policy with
 * batches does can be rearranged into that without finishing anything later. For equally long pieces whose deadlines come
 * in the order of their arrivals, serving in that order and giving up what can't be met is optimal.
 */
final class NonPreemption {
    private NonPreemption() {
    }

    /** Share of the arrivals of the counted part that would be in time. */
    static double attainment(
        final Arrivals arrivals, final Kind kind, final int gpus, final long sloNs, final long warmupNs, final long durationNs) {
        final double pieceNs = kind.leastNs(sloNs);
        if (Double.isInfinite(pieceNs)) {
            return 0;
        }
        final double leastNs = kind.executeNs(1);
        final double[] freeNs = new double[gpus];
        Arrays.fill(freeNs, 0);
        long offered = 0;
        long inTime = 0;
        for (long dueNs = arrivals.dueNs(); dueNs < warmupNs + durationNs; dueNs = arrivals.dueNs()) {
            arrivals.advance();
            int first = 0;
            for (int gpu = 1; gpu < gpus; gpu++) {
                first = freeNs[gpu] < freeNs[first] ? gpu : first;
            }
            final double startNs = Math.max(dueNs, freeNs[first]);
            final double slackNs = sloNs - kind.aroundNs(1);
            final boolean isInTime = startNs + pieceNs <= dueNs + slackNs && leastNs <= slackNs;
            if (isInTime) {
                freeNs[first] = startNs + pieceNs;
            }
            if (dueNs >= warmupNs) {
                offered++;
                inTime += isInTime ? 1 : 0;
            }
        }
        return offered == 0 ? 1 : (double) inTime / offered;
    }
}
