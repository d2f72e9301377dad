package org.clockwork.schema.link.memory;

/** Decides which message kills its link: the link dies silently, as if a cable had been cut, and its tail is lost. */
@FunctionalInterface
public interface CutModel {
    /** No link dies. */
    CutModel NONE = (from, to, lane, length, nowNs) -> false;

    /** Whether the link dies as {@code from} sends a message of {@code length} bytes to {@code to}; asked once a message. */
    boolean cuts(int from, int to, int lane, int length, long nowNs);
}
