package org.clockwork.controller.schedule;

import org.clockwork.controller.request.Request;

/** The idea of an order in which models with unmet demand are loaded. Owned by the controller agent. */
interface LoadOrder {
    /** The paper's: the largest unmet demand first. */
    LoadOrder LARGEST = (model, unmetNs, durations) -> -unmetNs;

    /** Above all that else orders. */
    int COLD_BIT = 60;
    /** Below it. */
    int SHORT_BIT = 59;
    /** And below that. */
    int LONG_BIT = 58;
    /** Requests with so much time don't expire while others are loaded: those go by the earliest deadline. */
    long LONG_SLO_NS = 1_000_000_000L;

    /**
     * Models that no device holds before further copies of others; the most requests served for the time of a load engine
     * first; of about as many, those with the latest deadline. When
     * load engines can't keep up, the earliest deadline first would load models whose requests expire before they run. Then
     * come those with a long time left, the earliest deadline first, and last those without deadline, the oldest first.
     */
    LoadOrder MOST_SERVED = LoadOrder::mostServed;

    /** The key of a model that has so much work that can't be served in time: the least goes first. */
    long key(ModelPlan model, long unmetNs, Durations durations);

    private static long mostServed(final ModelPlan model, final long unmetNs, final Durations durations) {
        final int deadlineBits = 40;
        final int deadlineUnitBits = 16;
        final int mantissaBits = 50;
        final long mask = (1L << deadlineBits) - 1;
        final Request head = model.queue.first();
        final long cold = model.copyCount() == 0 ? 1L << COLD_BIT : 0;
        if (head == null) {
            return -(cold | unmetNs & mask);
        }
        final double requests = (double) unmetNs / durations.executePerRequestNs(model.artifact, model.queue.size());
        final long perLoad = Double.doubleToRawLongBits(requests / durations.loadNs(model.artifact)) >>> mantissaBits;
        final long deadline = head.deadlineNs >>> deadlineUnitBits & mask;
        final boolean isShort = head.deadlineNs - head.arrivalNs < LONG_SLO_NS;
        return -(cold | (isShort ? 1L << SHORT_BIT | perLoad << deadlineBits | deadline : 1L << LONG_BIT | mask - deadline));
    }
}
