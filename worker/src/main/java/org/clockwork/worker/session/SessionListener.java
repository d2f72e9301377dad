package org.clockwork.worker.session;

/** Told when the worker changes whom it obeys. */
public interface SessionListener {
    /** Whether what the devices hold can change no more until an action comes: only then is HELLO sent. */
    boolean isMemorySettled();

    /** A controller has accepted this worker. */
    void onSessionLive(long nowNs);

    /** The session is over; nothing that belongs to it can be sent any more. */
    void onSessionLost();

    /** A controller of a higher epoch has spoken: what waits for a lower one is void. */
    void onHigherEpoch();
}
