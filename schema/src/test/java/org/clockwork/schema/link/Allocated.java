package org.clockwork.schema.link;

import java.lang.management.ManagementFactory;

/** What the calling thread has allocated so far; this module stands below the test kit and can't use its count. */
public final class Allocated {
    private static final com.sun.management.ThreadMXBean THREADS =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocated() {
    }

    /** Bytes allocated by the calling thread while it runs {@code work}. */
    public static long bytesOf(final Runnable work) {
        final long id = Thread.currentThread().getId();
        final long before = THREADS.getThreadAllocatedBytes(id);
        work.run();
        return THREADS.getThreadAllocatedBytes(id) - before;
    }
}
