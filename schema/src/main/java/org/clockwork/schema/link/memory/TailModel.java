package org.clockwork.schema.link.memory;

/**
 * Decides what becomes of the messages that are on their way when their sender dies. Those that survive arrive late: after
 * the sender's next life has said HELLO, perhaps.
 */
@FunctionalInterface
public interface TailModel {
    /** Answer of {@link #lateNs}: what was on its way is lost. */
    long LOST = -1;
    /** The tail is always lost. */
    TailModel NONE = (from, to, nowNs) -> LOST;

    /** Nanoseconds by which what {@code from} had sent to {@code to} arrives later than it would have; or {@link #LOST}. */
    long lateNs(int from, int to, long nowNs);
}
