package org.clockwork.sim.scenario;

import org.clockwork.loadgen.LoadObserver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.Outcome;

/** Counts per stream and window of time, by when requests were due. Allocates nothing per request. */
final class TimeTally implements LoadObserver {
    private final int windows;
    private final long windowNs;
    private final long fromNs;
    private final long[] offered;
    private final long[] inTime;

    TimeTally(final int streams, final long windowNs, final long fromNs, final long durationNs) {
        this.windowNs = windowNs;
        this.fromNs = fromNs;
        windows = (int) Math.max(1, (durationNs + windowNs - 1) / windowNs);
        offered = new long[streams * windows];
        inTime = new long[streams * windows];
    }

    @Override
    public void onOffered(final LoadStream stream, final int modelIndex, final long dueNs) {
        offered[index(stream, dueNs)]++;
    }

    @Override
    public void onEnded(final LoadStream stream, final int modelIndex, final long dueNs, final Outcome outcome) {
        if (Outcome.IN_TIME == outcome) {
            inTime[index(stream, dueNs)]++;
        }
    }

    int windows() {
        return windows;
    }

    /** Answers in time in some windows. */
    long inTime(final int stream, final int from, final int count) {
        return sum(inTime, stream, from, count);
    }

    /** Share in time in some windows; 1 if nothing was offered in them. */
    double attainment(final int stream, final int from, final int count) {
        final long requests = sum(offered, stream, from, count);
        return requests == 0 ? 1 : (double) sum(inTime, stream, from, count) / requests;
    }

    /** Lowest share in time of any stretch of so many windows, one after the other. */
    double leastAttainment(final int stream, final int count) {
        double least = 1;
        for (int from = 0; from + count <= windows; from += count) {
            least = Math.min(least, attainment(stream, from, count));
        }
        return least;
    }

    private int index(final LoadStream stream, final long dueNs) {
        return stream.index() * windows + (int) Math.min(windows - 1, (dueNs - fromNs) / windowNs);
    }

    private long sum(final long[] counts, final int stream, final int from, final int count) {
        long sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += counts[stream * windows + i];
        }
        return sum;
    }
}
