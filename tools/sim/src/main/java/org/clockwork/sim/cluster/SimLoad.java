package org.clockwork.sim.cluster;

import org.clockwork.client.ClientCore;

/** What a client of a simulation does beside answering: it sends requests when they are due. */
public interface SimLoad {
    /** Sends what is due. */
    void doWork(ClientCore client, long nowNs);

    /** Earliest time, in the client's clock, at which something is due; Long.MAX_VALUE for never. */
    long nextWakeNs(long nowNs);
}
