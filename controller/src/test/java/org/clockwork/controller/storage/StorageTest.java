package org.clockwork.controller.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Tasks are executed and told in order, a limited number at a time, on a thread or without one. */
final class StorageTest {
    private final List<String> log = new ArrayList<>();

    @Test
    void inlineExecutesAtOnceAndTellsWhenPolled() {
        final Storage storage = new InlineStorage(2);
        assertTrue(storage.submit(new Task("a", null)));
        assertTrue(storage.submit(new Task("b", new IOException("full"))));
        assertFalse(storage.submit(new Task("c", null)));
        assertEquals(2, storage.outstanding());
        assertEquals(0, storage.free());
        assertEquals(List.of("run a", "run b"), log);
        assertEquals(2, storage.poll(7));
        assertEquals(List.of("run a", "run b", "done a null 7", "done b full 7"), log);
        assertEquals(0, storage.poll(8));
    }

    @Test
    void aThreadExecutesInOrderAndTheAgentIsTold() throws InterruptedException {
        final List<Throwable> errors = new ArrayList<>();
        final Storage storage = new ThreadedStorage(4, errors::add);
        final CountDownLatch gate = new CountDownLatch(1);
        assertTrue(storage.submit(new StorageTask() {
            @Override
            protected void execute() throws IOException {
                try {
                    assertTrue(gate.await(10, TimeUnit.SECONDS));
                } catch (final InterruptedException ex) {
                    throw new IOException(ex);
                }
            }

            @Override
            protected void onDone(final IOException why, final long nowNs) {
                log.add("gate " + why);
            }
        }));
        for (final String name : List.of("a", "b", "c")) {
            assertTrue(storage.submit(new Task(name, null)));
        }
        assertFalse(storage.submit(new Task("d", null)), "four are under way");
        assertEquals(0, storage.poll(1));
        gate.countDown();
        for (int told = 0; told < 4;) {
            told += storage.poll(2);
            Thread.onSpinWait();
        }
        assertEquals(List.of("gate null", "done a null 2", "done b null 2", "done c null 2"),
            log.stream().filter(line -> !line.startsWith("run")).toList());
        assertTrue(storage.submit(new Task("e", null)));
        storage.close();
        assertTrue(log.contains("run e"), "what was taken is executed before the end");
        assertTrue(errors.isEmpty());
    }

    @Test
    void aFaultInATaskIsTheTasksFailure() {
        final Storage storage = new InlineStorage(2);
        storage.submit(new StorageTask() {
            @Override
            protected void execute() {
                throw new IllegalStateException("fault");
            }

            @Override
            protected void onDone(final IOException why, final long nowNs) {
                log.add(why.getMessage());
            }
        });
        storage.poll(1);
        assertEquals(List.of("java.lang.IllegalStateException: fault"), log);
    }

    /** Writes down what happens to it. */
    private final class Task extends StorageTask {
        private final String name;
        private final IOException failure;

        Task(final String name, final IOException failure) {
            this.name = name;
            this.failure = failure;
        }

        @Override
        protected void execute() throws IOException {
            synchronized (log) {
                log.add("run " + name);
            }
            if (failure != null) {
                throw failure;
            }
        }

        @Override
        protected void onDone(final IOException why, final long nowNs) {
            synchronized (log) {
                log.add("done " + name + ' ' + (why == null ? null : why.getMessage()) + ' ' + nowNs);
            }
        }
    }
}
