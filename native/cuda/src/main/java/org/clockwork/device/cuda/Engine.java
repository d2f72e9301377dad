package org.clockwork.device.cuda;

import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * A thread that drives one side of a GPU in a duty cycle: takes operations in the order in which the agent gives them, puts
 * work into streams, and polls events. It never waits inside a call, so that no error of the device can hold it up.
 */
abstract class Engine implements Runnable {
    private static final int SPINS = 100;
    private static final long LONGEST_SLEEP_NS = 100_000_000L;
    /** Between looks at an event, where no strategy was given: many small ones make a core busy on a small machine. */
    private static final long POLL_SLEEP_NS = 10_000L;

    final Gpu gpu;
    /** Injected; the only clock of the engine's stamps. */
    final NanoClock clock;
    private final OneToOneConcurrentArrayQueue<Work> commands;
    private final OneToOneConcurrentArrayQueue<Work> completions;
    private final IdleStrategy strategy;
    private final int depth;
    private final Thread thread;
    private volatile boolean isAsleep;
    private volatile boolean isClosing;
    private final DeviceHealth health;
    private int spins;

    Engine(final String name, final Gpu gpu, final int depth, final DeviceHealth health, final CudaBackend.Context context) {
        this.gpu = gpu;
        this.depth = depth;
        this.health = health;
        clock = context.clock();
        strategy = context.newIdleStrategy();
        commands = new OneToOneConcurrentArrayQueue<>(depth);
        completions = new OneToOneConcurrentArrayQueue<>(depth);
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
    final void give(final Work work) {
        if (!commands.offer(work)) {
            throw new IllegalStateException("more operations than the engine's depth: depth=" + depth);
        }
        ring();
    }

    private void ring() {
        VarHandle.fullFence();
        if (isAsleep) {
            LockSupport.unpark(thread);
        }
    }

    /** Agent: the next one that is done, or null. */
    final Work takeDone() {
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
        try {
            gpu.enter();
        } catch (final CudaException e) {
            health.lose(e.getMessage());
        }
        while (true) {
            final int work = cycle();
            if (work > 0) {
                spins = 0;
                if (strategy != null) {
                    strategy.reset();
                }
            } else if (isClosing && !isBusy() && commands.isEmpty()) {
                break;
            } else {
                idle();
            }
        }
    }

    private int cycle() {
        int work = 0;
        try {
            if (canTake()) {
                final Work next = commands.poll();
                if (next != null) {
                    work++;
                    if (health.isLost()) {
                        finish(next, DeviceStatus.DEVICE_LOST, health.why());
                    } else {
                        take(next);
                    }
                }
            }
            return work + (health.isLost() ? abandon() : step(clock.nanoTime()));
        } catch (final CudaException e) {
            health.lose(e.getMessage());
        } catch (final RuntimeException | LinkageError e) {
            health.lose(String.valueOf(e));
        }
        return 1 + abandon();
    }

    private void idle() {
        if (strategy != null) {
            strategy.idle();
        } else if (spins < SPINS) {
            spins++;
            Thread.onSpinWait();
        } else if (isBusy()) {
            LockSupport.parkNanos(this, POLL_SLEEP_NS);
        } else {
            isAsleep = true;
            VarHandle.fullFence();
            if (!isClosing && commands.isEmpty()) {
                LockSupport.parkNanos(this, LONGEST_SLEEP_NS);
            }
            isAsleep = false;
        }
    }

    /** Ends an operation. */
    final void finish(final Work work, final DeviceStatus status, final String detail) {
        final Operation operation = work.operation;
        operation.status = status;
        operation.detail = detail;
        if (operation.endNs == Operation.NOT_REACHED) {
            operation.endNs = clock.nanoTime();
        }
        completions.offer(work);
    }

    /** Whether the window has closed; the last look before the engine starts. */
    static boolean isLate(final Operation operation, final long nowNs) {
        return operation.latestNs - nowNs < 0;
    }

    /** Whether there is room for one more operation. */
    abstract boolean canTake();

    /** Takes one. */
    abstract void take(Work work);

    /** Whether something is under way. */
    abstract boolean isBusy();

    /**
     * One turn.
     *
     * @return how much was done.
     * @throws CudaException when the device can't go on.
     */
    abstract int step(long nowNs) throws CudaException;

    /** The device is lost: everything under way ends with that. */
    abstract void lost(String why);

    private int abandon() {
        if (isBusy()) {
            lost(health.why());
            return 1;
        }
        return 0;
    }
}
