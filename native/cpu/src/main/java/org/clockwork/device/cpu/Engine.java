package org.clockwork.device.cpu;

import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * A thread that runs operations one at a time in the order in which the agent gives them. What goes wrong inside ends
 * that operation, not the engine; what leaves the process in doubt ends the device.
 */
abstract class Engine implements Runnable {
    /** Injected; the only clock of the engine's stamps. */
    final NanoClock clock;
    private final OneToOneConcurrentArrayQueue<Work> commands;
    private final OneToOneConcurrentArrayQueue<Work> completions;
    private final EngineIdle idle;
    private final EngineIdle.WorkCheck workCheck = this::hasWork;
    private final int depth;
    private final Thread thread;
    private volatile boolean isClosing;
    private volatile boolean isLost;

    Engine(final String name, final int depth, final NanoClock clock, final IdleStrategy strategy) {
        this.depth = depth;
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

    final Thread thread() {
        return thread;
    }

    final boolean isLost() {
        return isLost;
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
        idle.ring();
    }

    /** Agent: the next one that is done, or null. */
    final Work takeDone() {
        return completions.poll();
    }

    /** Agent: lets the thread finish what it has, release what it holds, and end; false if it does not end in time. */
    final boolean close(final long limitMs) throws InterruptedException {
        isClosing = true;
        idle.ring();
        LockSupport.unpark(thread);
        thread.join(limitMs);
        return !thread.isAlive();
    }

    @Override
    public final void run() {
        idle.enter();
        while (true) {
            final Work work = commands.poll();
            if (work != null) {
                runGuarded(work);
                completions.offer(work);
                idle.reset();
            } else if (isClosing) {
                break;
            } else {
                idle.idle(workCheck);
            }
        }
    }

    private boolean hasWork() {
        return isClosing || !commands.isEmpty();
    }

    private void runGuarded(final Work work) {
        final Operation operation = work.operation;
        try {
            if (isLost) {
                operation.status = DeviceStatus.DEVICE_LOST;
            } else {
                run(work);
            }
        } catch (final Throwable e) {
            operation.status = DeviceStatus.FAILED;
            operation.detail = String.valueOf(e.getMessage() == null ? e : e.getMessage());
            if (e instanceof VirtualMachineError || e instanceof LinkageError || e instanceof LostException) {
                isLost = true;
                operation.status = DeviceStatus.DEVICE_LOST;
            }
        }
        if (operation.endNs == Operation.NOT_REACHED) {
            operation.endNs = clock.nanoTime();
        }
    }

    /** Runs one operation and sets its status and stamps. */
    abstract void run(Work work) throws Exception;

    /** Whether the window has closed; the last look before the engine starts. */
    static boolean isLate(final Operation operation, final long nowNs) {
        return operation.latestNs - nowNs < 0;
    }

    /** The device can't go on: its memory is not what it promised. */
    static final class LostException extends Exception {
        private static final long serialVersionUID = 1L;

        LostException(final String message, final Throwable cause) {
            super(message, cause);
        }
    }
}
