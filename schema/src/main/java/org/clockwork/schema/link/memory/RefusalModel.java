package org.clockwork.schema.link.memory;

/** Decides which offers and claims are refused though there is room: back pressure at awkward moments. */
@FunctionalInterface
public interface RefusalModel {
    /** Nothing is refused without need. */
    RefusalModel NONE = (from, to, lane, length, nowNs) -> false;

    /** Whether this offer or claim of {@code from} towards {@code to} answers false. */
    boolean refuses(int from, int to, int lane, int length, long nowNs);
}
