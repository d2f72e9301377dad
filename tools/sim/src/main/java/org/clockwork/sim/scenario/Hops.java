package org.clockwork.sim.scenario;

import org.clockwork.loadgen.Xoshiro;
import org.clockwork.schema.link.memory.LatencyModel;

/**
 * How long messages travel, and what the controller's cycle costs: its messages of one cycle leave one after the other,
 * and it takes none while it is busy. Owned by the thread that runs the simulation; allocates nothing per message.
 */
final class Hops implements LatencyModel {
    /** The controller listens first, and so has the first two endpoints. */
    private static final int CONTROLLER_ENDPOINTS = 2;
    private static final int QUANTILES = 1024;

    private final long hopNs;
    private final long messageNs;
    private final long actionNs;
    private final double loss;
    private final long lossNs;
    private final Xoshiro jitter;
    private final Xoshiro losses;
    /** Quantiles of the exponential distribution. */
    private final long[] jitterNs = new long[QUANTILES];
    private long cycleNs = Long.MIN_VALUE;
    private long sent;

    Hops(final SimOptions options) {
        hopNs = options.hopNs;
        messageNs = options.messageCostNs;
        actionNs = options.actionCostNs;
        loss = options.loss;
        lossNs = options.lossNs;
        jitter = new Xoshiro(options.seed, "hop");
        losses = new Xoshiro(options.seed, "loss");
        for (int i = 0; i < QUANTILES; i++) {
            jitterNs[i] = Math.round(-options.hopJitterNs * StrictMath.log(1.0 - (i + 0.5) / QUANTILES));
        }
    }

    @Override
    public long delayNs(final int from, final int to, final int lane, final int length, final long nowNs) {
        long delayNs = hopNs + jitterNs[(int) (jitter.nextLong() >>> 54)];
        if (loss > 0 && losses.nextDouble() < loss) {
            delayNs += lossNs;
        }
        return from < CONTROLLER_ENDPOINTS ? delayNs + departureNs(nowNs) : delayNs;
    }

    /**
     * What the controller's cycle took that has just ended.
     *
     * @param received messages that it took in.
     */
    long cycleCostNs(final long received, final long nowNs) {
        return received * messageNs + (nowNs == cycleNs ? sent * actionNs : 0);
    }

    private long departureNs(final long nowNs) {
        if (nowNs != cycleNs) {
            cycleNs = nowNs;
            sent = 0;
        }
        sent++;
        return sent * actionNs;
    }
}
