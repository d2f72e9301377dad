package org.clockwork.device.engine;

import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * A thread that does one side of a device's work in a duty cycle: takes operations in the order in which the agent gives
 * them, moves on what is under way, and hands back what is done. What goes wrong with an operation is that operation's end;
 * what a turn throws is the device's.
 *
 * @param <L> the device's kind of copy.
 */
public abstract class Engine<L> implements Runnable {
    /** Injected; the only clock of the engine's stamps. */
    protected final NanoClock clock;
    private final OneToOneConcurrentArrayQueue<Work<L>> commands;
    private final OneToOneConcurrentArrayQueue<Work<L>> completions;
    private final DeviceHealth health;
    private final EngineIdle idle;
    private final EngineIdle.WorkCheck workCheck = this::hasWork;
    private final int depth;
    private final Thread thread;
    private volatile boolean isClosing;

    /** With a strategy of the caller's for waiting; or, with null, one that suits few cores. */
    protected Engine(final String name, final int depth, final DeviceHealth health, final NanoClock clock,
        final IdleStrategy strategy) {
        this.depth = depth;
        this.health = health;
        this.clock = clock;
        commands = new OneToOneConcurrentArrayQueue<>(depth);
        completions = new OneToOneConcurrentArrayQueue<>(depth);
        idle = new EngineIdle(strategy);
        thread = new Thread(this, name);
        thread.setDaemon(true);
    }

    /** Operations that may be with the engine at once. */
    final int depth() {
        return depth;
    }

    /** Agent: starts the thread. */
    final void start() {
        thread.start();
    }

    /** Agent: hands over; the caller keeps count of {@link #depth()}. */
    final void give(final Work<L> work) {
        if (!commands.offer(work)) {
            throw new IllegalStateException("more operations than the engine's depth: depth=" + depth);
        }
        idle.ring();
    }

    /** Agent: the next one that is done, or null. */
    final Work<L> takeDone() {
        return completions.poll();
    }

    /** Agent: lets the thread finish what it has, and end; false if it does not end in time. */
    final boolean close(final long limitMs) throws InterruptedException {
        isClosing = true;
        LockSupport.unpark(thread);
        thread.join(limitMs);
        return !thread.isAlive();
    }

    @Override
    public final void run() {
        idle.enter();
        try {
            enter();
        } catch (final Throwable e) {
            lose(e);
        }
        while (true) {
            if (cycle() > 0) {
                idle.reset();
            } else if (isClosing && !isBusy() && commands.isEmpty()) {
                break;
            } else {
                idle.idle(isBusy(), workCheck);
            }
        }
    }

    private int cycle() {
        try {
            int work = 0;
            final Work<L> next = canTake() ? commands.poll() : null;
            if (next != null) {
                work++;
                if (health.isLost()) {
                    finish(next, DeviceStatus.DEVICE_LOST, health.why());
                } else {
                    take(next);
                }
            }
            return work + (health.isLost() ? abandon() : step());
        } catch (final Throwable e) {
            lose(e);
        }
        return 1 + abandon();
    }

    private int abandon() {
        if (isBusy()) {
            lost(health.why());
            return 1;
        }
        return 0;
    }

    private boolean hasWork() {
        return isClosing || !commands.isEmpty();
    }

    /** The device failed for good; what is under way ends with the next turn. */
    protected final void lose(final Throwable e) {
        health.lose(e instanceof RuntimeException || e instanceof Error ? e.toString() : e.getMessage());
    }

    /** Hands an operation back. */
    protected final void finish(final Work<L> work, final DeviceStatus status, final String detail) {
        final Operation operation = work.operation;
        operation.status = status;
        operation.detail = detail;
        if (operation.endNs == Operation.NOT_REACHED) {
            operation.endNs = clock.nanoTime();
        }
        completions.offer(work);
    }

    /** Whether the window has closed; the last look before the engine starts. */
    protected static boolean isLate(final Operation operation, final long nowNs) {
        return operation.latestNs - nowNs < 0;
    }

    /** The thread's first step. */
    protected void enter() throws Exception {
    }

    /** Takes one operation; an engine that does all of it here overrides none of the following. */
    protected abstract void take(Work<L> work) throws Exception;

    /** Whether there is room for one more operation. */
    protected boolean canTake() {
        return true;
    }

    /** Whether something is under way. */
    protected boolean isBusy() {
        return false;
    }

    /**
     * One turn of what is under way.
     *
     * @return how much was done.
     * @throws Exception when the device can't go on.
     */
    protected int step() throws Exception {
        return 0;
    }

    /** The device is lost: everything under way ends with that. */
    protected void lost(final String why) {
    }
}
