package org.clockwork.schema.link.memory;

/** Delays the opening of lanes, so that the two of a link open apart, or late, or after the listener has given up. */
@FunctionalInterface
public interface OpeningModel {
    /** Lanes open as fast as messages travel. */
    OpeningModel NONE = (from, to, lane, nowNs) -> 0;

    /** Nanoseconds, not negative, by which the opening of one lane comes later than its latency says. */
    long extraDelayNs(int from, int to, int lane, long nowNs);
}
