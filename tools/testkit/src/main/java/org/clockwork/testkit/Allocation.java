package org.clockwork.testkit;

import java.lang.management.ManagementFactory;

/** Counts what the calling thread allocates, to assert that a hot path allocates nothing. */
public final class Allocation {
    private static final com.sun.management.ThreadMXBean THREADS =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocation() {
    }

    /** Bytes that the calling thread allocates while it runs {@code work}. */
    public static long bytesOf(final Runnable work) {
        final long id = Thread.currentThread().getId();
        final long before = THREADS.getThreadAllocatedBytes(id);
        work.run();
        return THREADS.getThreadAllocatedBytes(id) - before;
    }

    /** Bytes allocated so far by the thread of this id; negative if it is gone. */
    public static long bytesOf(final long threadId) {
        return THREADS.getThreadAllocatedBytes(threadId);
    }
}
