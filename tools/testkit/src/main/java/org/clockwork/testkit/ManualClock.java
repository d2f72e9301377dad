package org.clockwork.testkit;

import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.NanoClock;

/** A clock that stands still until a test moves it. Single-threaded. */
public final class ManualClock implements NanoClock, EpochNanoClock {
    private long nowNs;

    /** A clock that shows {@code startNs}. */
    public ManualClock(final long startNs) {
        nowNs = startNs;
    }

    @Override
    public long nanoTime() {
        return nowNs;
    }

    /** Moves the clock on and returns its new time. */
    public long advance(final long durationNs) {
        nowNs += durationNs;
        return nowNs;
    }

    /** Sets the clock. */
    public void set(final long timeNs) {
        nowNs = timeNs;
    }
}
