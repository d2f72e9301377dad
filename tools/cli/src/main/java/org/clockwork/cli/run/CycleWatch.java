package org.clockwork.cli.run;

import org.agrona.concurrent.Agent;

/**
 * Measures the longest time between two turns of the thread that runs it: what held it up, be it work, the operating
 * system or the collector. Run by the watched thread; any thread may read it.
 */
public final class CycleWatch implements Agent {
    private long lastNs = System.nanoTime();
    private volatile long longestNs;
    private volatile boolean isResetWanted;

    @Override
    public int doWork() {
        final long nowNs = System.nanoTime();
        if (isResetWanted) {
            isResetWanted = false;
            longestNs = 0;
        } else if (nowNs - lastNs > longestNs) {
            longestNs = nowNs - lastNs;
        }
        lastNs = nowNs;
        return 0;
    }

    /** The longest turn since the last {@link #reset()}. */
    public long longestNs() {
        return longestNs;
    }

    /** Forgets what was. */
    public void reset() {
        isResetWanted = true;
    }

    @Override
    public String roleName() {
        return "cycle-watch";
    }
}
