package org.clockwork.sim.time;

/** One process of a simulation: run whenever it has something to do, and at no other time. */
public interface Node {
    /** Answer of {@link #run}: nothing to do until a message comes. */
    long NEVER = Long.MAX_VALUE;

    /**
     * Runs one duty cycle.
     *
     * @param nowNs virtual time.
     * @return virtual time at which it wants to run again if nobody wakes it earlier; {@link #NEVER} for not at all.
     */
    long run(long nowNs);
}
