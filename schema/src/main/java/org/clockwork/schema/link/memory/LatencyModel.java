package org.clockwork.schema.link.memory;

/** How long a message travels. Seeded implementations make a network late and lossy in the same way each run. */
@FunctionalInterface
public interface LatencyModel {
    /** Everything is visible at once. */
    LatencyModel NONE = (from, to, lane, length, nowNs) -> 0;

    /**
     * Time from sending to visibility. A loss is a long one: the message and those behind it wait for the repetition.
     *
     * @param from   {@link MemoryEndpoint#endpointId()} of the sender.
     * @param to     endpoint id of the receiver.
     * @param lane   on which it travels.
     * @param length of the message in bytes; 0 for the network's own signals (accepted, closed).
     * @param nowNs  time of sending, in the network's clock.
     * @return nanoseconds, not negative.
     */
    long delayNs(int from, int to, int lane, int length, long nowNs);
}
