package org.clockwork.client;

/** Keeps a lane that took nothing from being tried again at once. Owned by the thread that polls the core. */
final class Gate {
    /** How long a lane is left alone after it refused a message. */
    static final long RETRY_NS = 20_000;

    private boolean isShut;
    private long untilNs;

    /** Whether the lane may be tried. */
    boolean isOpen(final long nowNs) {
        if (isShut && nowNs - untilNs >= 0) {
            isShut = false;
        }
        return !isShut;
    }

    /** The lane refused. */
    void shut(final long nowNs) {
        isShut = true;
        untilNs = nowNs + RETRY_NS;
    }

    /** A new link: nothing is known of its lanes. */
    void reset() {
        isShut = false;
    }

    /** When something that waits for the lane should be tried. */
    long nextTryNs(final long nowNs) {
        return isShut ? untilNs : nowNs;
    }
}
