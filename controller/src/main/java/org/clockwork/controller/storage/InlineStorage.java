package org.clockwork.controller.storage;

import java.util.ArrayDeque;

/** Executes tasks as they are submitted: for simulations and tests, where nothing may depend on a thread's pace. */
public final class InlineStorage implements Storage {
    private final ArrayDeque<StorageTask> done = new ArrayDeque<>();
    private final int capacity;

    /** Takes {@code capacity} tasks between polls. */
    public InlineStorage(final int capacity) {
        this.capacity = capacity;
    }

    @Override
    public boolean submit(final StorageTask task) {
        if (done.size() == capacity) {
            return false;
        }
        task.run();
        done.addLast(task);
        return true;
    }

    @Override
    public int poll(final long nowNs) {
        int told = 0;
        while (told < capacity && !done.isEmpty()) {
            done.removeFirst().done(nowNs);
            told++;
        }
        return told;
    }

    @Override
    public int outstanding() {
        return done.size();
    }

    @Override
    public int free() {
        return capacity - done.size();
    }

    @Override
    public void close() {
        done.clear();
    }
}
