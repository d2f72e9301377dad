package org.clockwork.worker.install;

import java.util.Queue;

/**
 * A piece of slow work done off the agent: {@link #perform} runs on the installing thread, then the agent takes the task
 * out of the hand-back queue and calls {@link #complete}. The queue has room for all tasks there can be.
 */
abstract class InstallTask implements Runnable {
    private final Queue<InstallTask> done;
    /** What went wrong, or null; the hand-back publishes it. */
    Throwable failure;

    InstallTask(final Queue<InstallTask> done) {
        this.done = done;
    }

    @Override
    public final void run() {
        failure = null;
        try {
            perform();
        } catch (final Throwable t) {
            failure = t;
        }
        done.add(this);
    }

    /** Does the work; on the installing thread. */
    abstract void perform() throws Exception;

    /** Takes note of what came of it; on the agent. */
    abstract void complete(long nowNs);
}
