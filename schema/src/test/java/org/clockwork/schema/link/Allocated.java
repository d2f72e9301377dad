package org.clockwork.schema.link;

import java.lang.management.ManagementFactory;

/** What the calling thread has allocated so far; this module stands below the test kit and can't use its count. */
public final class Allocated {
    private static final com.sun.management.ThreadMXBean THREADS =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocated() {
    }

    /** Bytes allocated by the calling thread since it began. */
    public static long bytes() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
