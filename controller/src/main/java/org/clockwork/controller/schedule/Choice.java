package org.clockwork.controller.schedule;

import org.clockwork.controller.request.Request;

/** What a {@link BatchPolicy} chose. Used again for each decision; owned by the controller agent. */
final class Choice {
    /** Nothing to ask for again until something changes. */
    static final long NEVER = Long.MAX_VALUE;

    /** The copy to run. */
    Residency copy;
    /** Index of the batch size to execute. */
    int batchIndex;
    /** The first request of the batch, of those that wait in the order of their deadlines. */
    Request from;
    /** Requests in the batch, at most the batch size. */
    int count;
    /** Whether the window stays open as long as the least duration of late would make the deadline. */
    boolean isOptimistic;
    /** When nothing is chosen although something waits: when to ask again. */
    long againNs = NEVER;

    void set(final Residency chosen, final int index, final Request first, final int requests, final boolean optimistic) {
        copy = chosen;
        batchIndex = index;
        from = first;
        count = requests;
        isOptimistic = optimistic;
    }
}
