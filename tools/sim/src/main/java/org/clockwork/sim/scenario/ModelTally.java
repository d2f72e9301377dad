package org.clockwork.sim.scenario;

import org.clockwork.loadgen.LoadObserver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.Outcome;

/** Counts per model, for shares. One stream has all models, or each model has a stream. Allocates nothing per request. */
final class ModelTally implements LoadObserver {
    private final int firstStream;
    private final boolean isByStream;
    private final long[] offered;
    private final long[] inTime;

    private ModelTally(final int models, final int firstStream, final boolean isByStream) {
        this.firstStream = firstStream;
        this.isByStream = isByStream;
        offered = new long[models];
        inTime = new long[models];
    }

    /** Counts of streams {@code firstStream} on, one for each model. */
    static ModelTally byStream(final int models, final int firstStream) {
        return new ModelTally(models, firstStream, true);
    }

    /** Counts of the models of one stream. */
    static ModelTally ofStream(final int models, final int stream) {
        return new ModelTally(models, stream, false);
    }

    @Override
    public void onOffered(final LoadStream stream, final int modelIndex, final long dueNs) {
        final int row = row(stream, modelIndex);
        if (row >= 0) {
            offered[row]++;
        }
    }

    @Override
    public void onEnded(final LoadStream stream, final int modelIndex, final long dueNs, final Outcome outcome) {
        final int row = row(stream, modelIndex);
        if (row >= 0 && Outcome.IN_TIME == outcome) {
            inTime[row]++;
        }
    }

    /** Requests of a model. */
    long offered(final int model) {
        return offered[model];
    }

    /** Answers in time of a model. */
    long inTime(final int model) {
        return inTime[model];
    }

    /** Lowest number of answers in time of a model, as a share of the mean. */
    double leastShare() {
        long least = Long.MAX_VALUE;
        long sum = 0;
        for (final long count : inTime) {
            least = Math.min(least, count);
            sum += count;
        }
        return sum == 0 ? 0 : (double) least * inTime.length / sum;
    }

    /** Highest number of answers in time of a model, as a share of the mean. */
    double mostShare() {
        long most = 0;
        long sum = 0;
        for (final long count : inTime) {
            most = Math.max(most, count);
            sum += count;
        }
        return sum == 0 ? 0 : (double) most * inTime.length / sum;
    }

    private int row(final LoadStream stream, final int modelIndex) {
        final int index = stream.index() - firstStream;
        if (isByStream) {
            return index >= 0 && index < inTime.length ? index : -1;
        }
        return index == 0 ? modelIndex : -1;
    }
}
