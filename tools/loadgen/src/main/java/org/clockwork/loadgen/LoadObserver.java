package org.clockwork.loadgen;

/** Sees each recorded request of a {@link LoadDriver} twice: finer counts than a recorder's groups. Allocates nothing. */
public interface LoadObserver {
    /** Sees nothing. */
    LoadObserver NONE = new LoadObserver() {
    };

    /**
     * A request was offered.
     *
     * @param dueNs when it was due, since the start of the load.
     */
    default void onOffered(final LoadStream stream, final int modelIndex, final long dueNs) {
    }

    /** It ended. */
    default void onEnded(final LoadStream stream, final int modelIndex, final long dueNs, final Outcome outcome) {
    }
}
