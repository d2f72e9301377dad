package org.clockwork.controller.result;

import org.clockwork.schema.Protocol;

/**
 * What a worker measured of one action, in our clock. A carrier that is used again for each result. Owned by the
 * controller agent.
 */
final class ActionTimes {
    /** Start of the first phase; null if it was not reached. */
    long startNs;
    /** Duration of copy-in. */
    long copyInNs;
    /** Start on the engine; null if it was not reached. */
    long executeStartNs;
    /** Duration on the engine. */
    long executeNs;
    /** Duration of copy-out. */
    long copyOutNs;
    /** End of the last phase; null if it was not reached. */
    long endNs;
    /** Time on the way to the worker and back. */
    long networkNs;

    /** Nothing was measured. */
    void clear() {
        startNs = Protocol.NULL_NS;
        copyInNs = 0;
        executeStartNs = Protocol.NULL_NS;
        executeNs = 0;
        copyOutNs = 0;
        endNs = Protocol.NULL_NS;
        networkNs = 0;
    }
}
