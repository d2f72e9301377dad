package org.clockwork.loadgen;

/**
 * When the requests of one stream are due. Open-loop processes don't look at what became of earlier requests, so that
 * a slow service is not asked less. Owned by the thread of the {@link LoadDriver}; allocates nothing once made.
 */
public interface Arrivals {
    /** Due time that never comes. */
    long NEVER = Long.MAX_VALUE;

    /** When the next request is due, in nanoseconds since the start of the load; {@link #NEVER} if that is not known. */
    long dueNs();

    /** Takes the due request and goes on to the next. */
    void advance();

    /**
     * Told when a request of this stream has ended; only closed loops care. All times are since the start of the load.
     *
     * @param nowNs   when it ended.
     * @param spentNs now if it was answered or has no SLO, else when its deadline passes, if that is later.
     */
    default void onEnded(final long nowNs, final long spentNs) {
    }

    /** Requests per second in the long run; negative if that depends on the service. */
    double ratePerS();
}
