package org.clockwork.device.engine;

import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * How an engine's thread waits for work: it looks for a few microseconds, then sleeps until the agent rings, or for short
 * whiles while something is under way. An idle engine costs nothing and wakes within a thread switch. {@link #idle} is the
 * engine's, {@link #ring} the agent's.
 */
final class EngineIdle {
    private static final int SPINS = 200;
    private static final long LONGEST_SLEEP_NS = 100_000_000L;
    /** Between looks at what is under way: many small ones make a core busy on a small machine. */
    private static final long POLL_SLEEP_NS = 10_000L;

    private final IdleStrategy strategy;
    private volatile boolean isAsleep;
    private volatile Thread thread;
    private int spins;

    /** With a strategy of the caller's, which then decides alone; or, with null, as described above. */
    EngineIdle(final IdleStrategy strategy) {
        this.strategy = strategy;
    }

    /** Called once by the engine's thread before its first {@link #idle}. */
    void enter() {
        thread = Thread.currentThread();
    }

    /** After a turn with work. */
    void reset() {
        spins = 0;
        if (strategy != null) {
            strategy.reset();
        }
    }

    /** After a turn without; {@code hasWork} is asked once more before the thread sleeps for long. */
    void idle(final boolean isBusy, final WorkCheck hasWork) {
        if (strategy != null) {
            strategy.idle();
        } else if (spins < SPINS) {
            spins++;
            Thread.onSpinWait();
        } else if (isBusy) {
            LockSupport.parkNanos(this, POLL_SLEEP_NS);
        } else {
            isAsleep = true;
            VarHandle.fullFence();
            if (!hasWork.hasWork()) {
                LockSupport.parkNanos(this, LONGEST_SLEEP_NS);
            }
            isAsleep = false;
        }
    }

    /** After work was handed over. */
    void ring() {
        if (strategy == null) {
            VarHandle.fullFence();
            if (isAsleep) {
                LockSupport.unpark(thread);
            }
        }
    }

    /** Whether there is something to do. */
    @FunctionalInterface
    interface WorkCheck {
        /** Looks, without taking it. */
        boolean hasWork();
    }
}
