package org.clockwork.device.cpu;

import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * How an engine's thread waits for work: it looks for a few microseconds, then sleeps until the agent rings. An idle
 * engine costs nothing and wakes within a thread switch. {@link #idle} is the engine's, {@link #ring} the agent's.
 */
final class EngineIdle {
    private static final int SPINS = 200;
    private static final long LONGEST_SLEEP_NS = 100_000_000L;

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

    /** After a turn without; {@code hasWork} is asked once more before the thread sleeps. */
    void idle(final WorkCheck hasWork) {
        if (strategy != null) {
            strategy.idle();
        } else if (spins < SPINS) {
            spins++;
            Thread.onSpinWait();
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
