package org.clockwork.controller.storage;

import java.util.concurrent.TimeUnit;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/** Executes tasks on a thread of its own, which sleeps between them; both ways lead through single-producer queues. */
public final class ThreadedStorage implements Storage {
    private static final long LEAST_PARK_NS = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long MOST_PARK_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final int capacity;
    private final OneToOneConcurrentArrayQueue<StorageTask> submitted;
    private final OneToOneConcurrentArrayQueue<StorageTask> done;
    private final AgentRunner runner;
    private int outstanding;

    /** Starts the thread; {@code capacity} tasks may be under way. */
    public ThreadedStorage(final int capacity, final ErrorHandler errorHandler) {
        this.capacity = capacity;
        submitted = new OneToOneConcurrentArrayQueue<>(capacity);
        done = new OneToOneConcurrentArrayQueue<>(capacity);
        runner = new AgentRunner(
            new BackoffIdleStrategy(1, 1, LEAST_PARK_NS, MOST_PARK_NS), errorHandler, null, new Worker());
        AgentRunner.startOnThread(runner, work -> {
            final Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public boolean submit(final StorageTask task) {
        if (outstanding == capacity || !submitted.offer(task)) {
            return false;
        }
        outstanding++;
        return true;
    }

    @Override
    public int poll(final long nowNs) {
        if (outstanding == 0) {
            return 0;
        }
        int told = 0;
        StorageTask task = done.poll();
        while (task != null) {
            outstanding--;
            told++;
            task.done(nowNs);
            task = told < capacity ? done.poll() : null;
        }
        return told;
    }

    @Override
    public int outstanding() {
        return outstanding;
    }

    @Override
    public int free() {
        return capacity - outstanding;
    }

    @Override
    public void close() {
        runner.close();
    }

    /** The thread's side. */
    private final class Worker implements Agent {
        @Override
        public int doWork() {
            final StorageTask task = submitted.poll();
            if (task == null) {
                return 0;
            }
            task.run();
            done.offer(task);
            return 1;
        }

        @Override
        public void onClose() {
            while (doWork() > 0) {
                Thread.onSpinWait();
            }
        }

        @Override
        public String roleName() {
            return "controller-storage";
        }
    }
}
