package org.clockwork.loadgen;

import java.util.List;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/**
 * Sends the requests of its streams when they are due and sees each through to its end. A request that could not be
 * sent on time keeps its intended time, so that waiting to be sent counts as latency (no coordinated omission). Owned by
 * the thread that polls the client; allocates nothing per request.
 */
public final class LoadDriver {
    private static final int MAX_SENDS_PER_CYCLE = 64;

    private final LoadStream[] streams;
    private final RequestSink sink;
    private final Recorder recorder;
    private final long startNs;
    private final long warmupNs;
    private final long endNs;

    private final long[] intendedNs;
    private final int[] generations;
    private final int[] streamOf;
    private final int[] groupOf;
    private final int[] modelOf;
    private final int[] free;
    private int freeCount;
    private LoadObserver observer = LoadObserver.NONE;
    private long unknownEnds;
    private boolean isStopped;
    private long stoppedNs;

    /**
     * A driver that begins at {@code startNs}.
     *
     * @param streams    to send; stream i has index i.
     * @param sink       that takes the requests.
     * @param recorder   that counts them.
     * @param inFlight   most requests not ended at any time.
     * @param startNs    time zero of the arrivals.
     * @param warmupNs   requests due before this (since the start) are sent and not recorded.
     * @param durationNs length of the recorded part, after the warm-up.
     */
    public LoadDriver(
        final List<LoadStream> streams, final RequestSink sink, final Recorder recorder,
        final int inFlight, final long startNs, final long warmupNs, final long durationNs) {
        this.streams = streams.toArray(new LoadStream[0]);
        this.sink = sink;
        this.recorder = recorder;
        this.startNs = startNs;
        this.warmupNs = warmupNs;
        this.endNs = warmupNs + durationNs;
        Rates.checkPositive("inFlight", inFlight);
        intendedNs = new long[inFlight];
        generations = new int[inFlight];
        streamOf = new int[inFlight];
        groupOf = new int[inFlight];
        modelOf = new int[inFlight];
        free = new int[inFlight];
        for (int i = 0; i < inFlight; i++) {
            free[i] = inFlight - 1 - i;
            streamOf[i] = -1;
        }
        freeCount = inFlight;
        for (int i = 0; i < this.streams.length; i++) {
            if (this.streams[i].index() != i) {
                throw new IllegalArgumentException("stream " + this.streams[i].name() + " has another index than its place");
            }
        }
    }

    /** Also shows each recorded request to an observer. */
    public LoadDriver observer(final LoadObserver loadObserver) {
        observer = loadObserver;
        return this;
    }

    /**
     * Sends what is due.
     *
     * @return requests sent or given up.
     */
    public int doWork(final long nowNs) {
        int work = 0;
        while (work < MAX_SENDS_PER_CYCLE) {
            final LoadStream stream = earliest(nowNs);
            if (null == stream || !send(stream, nowNs)) {
                break;
            }
            work++;
        }
        return work;
    }

    /** Ends a request: the sink's client calls this exactly once for each request that the sink took. */
    public void onEnd(final long tag, final int statusCode, final int responseFlags, final long nowNs) {
        final int slot = Ids.index(tag);
        if (slot < 0 || slot >= generations.length || generations[slot] != Ids.generation(tag) || streamOf[slot] < 0) {
            unknownEnds++;
            return;
        }
        final LoadStream stream = streams[streamOf[slot]];
        final long dueNs = intendedNs[slot] - startNs;
        if (groupOf[slot] >= 0) {
            final Outcome outcome =
                recorder.onEnded(groupOf[slot], statusCode, responseFlags, nowNs - intendedNs[slot], stream.sloNs());
            observer.onEnded(stream, modelOf[slot], dueNs, outcome);
        }
        final long sinceNs = nowNs - startNs;
        final boolean isSpent = Status.OK.value() == statusCode || Protocol.NULL_NS == stream.sloNs();
        stream.arrivals().onEnded(sinceNs, isSpent ? sinceNs : Math.max(sinceNs, dueNs + stream.sloNs()));
        release(slot);
    }

    /** Whether a request in flight counts: false for those of the warm-up. */
    public boolean isRecorded(final long tag) {
        final int slot = Ids.index(tag);
        return slot >= 0 && slot < generations.length && generations[slot] == Ids.generation(tag) && groupOf[slot] >= 0;
    }

    /** Stops sending; what is in flight is still waited for. */
    public void stop(final long nowNs) {
        if (!isStopped) {
            isStopped = true;
            stoppedNs = nowNs;
        }
    }

    /** Whether no further request will be sent. */
    public boolean isSendingDone(final long nowNs) {
        return isStopped || nowNs - startNs >= endNs && null == earliest(nowNs);
    }

    /** Whether everything was sent and each request has ended. */
    public boolean isDone(final long nowNs) {
        return isSendingDone(nowNs) && 0 == inFlight();
    }

    /** Requests not ended. */
    public int inFlight() {
        return free.length - freeCount;
    }

    /** Ends that belonged to no request in flight: 0 unless a request ended twice. */
    public long unknownEnds() {
        return unknownEnds;
    }

    /** Length of the recorded part: shorter than asked for when the load was stopped. */
    public long recordedNs() {
        final long until = isStopped ? Math.min(stoppedNs - startNs, endNs) : endNs;
        return Math.max(0, until - warmupNs);
    }

    /** Earliest time at which there is something to send. */
    public long nextWakeNs() {
        if (isStopped) {
            return Long.MAX_VALUE;
        }
        long due = Arrivals.NEVER;
        for (final LoadStream stream : streams) {
            due = Math.min(due, stream.arrivals().dueNs());
        }
        return due >= endNs ? Long.MAX_VALUE : startNs + due;
    }

    private LoadStream earliest(final long nowNs) {
        if (isStopped) {
            return null;
        }
        final long sinceStartNs = nowNs - startNs;
        LoadStream earliest = null;
        long earliestNs = Math.min(sinceStartNs + 1, endNs);
        for (final LoadStream stream : streams) {
            final long dueNs = stream.arrivals().dueNs();
            if (dueNs < earliestNs) {
                earliest = stream;
                earliestNs = dueNs;
            }
        }
        return earliest;
    }

    private boolean send(final LoadStream stream, final long nowNs) {
        final long dueNs = startNs + stream.arrivals().dueNs();
        final int model = stream.nextModel();
        final int group = stream.arrivals().dueNs() < warmupNs ? -1 : stream.group(model);
        if (freeCount > 0) {
            final int slot = free[--freeCount];
            intendedNs[slot] = dueNs;
            streamOf[slot] = stream.index();
            groupOf[slot] = group;
            modelOf[slot] = model;
            final long tag = Ids.id(generations[slot], slot);
            if (sink.offer(stream, model, stream.sequence(), tag, dueNs, nowNs)) {
                if (group >= 0) {
                    recorder.onOffered(group, nowNs - dueNs);
                    observer.onOffered(stream, model, dueNs - startNs);
                }
                stream.advance();
                return true;
            }
            streamOf[slot] = -1;
            free[freeCount++] = slot;
        }
        return giveUp(stream, group, dueNs, nowNs);
    }

    private boolean giveUp(final LoadStream stream, final int group, final long dueNs, final long nowNs) {
        if (Protocol.NULL_NS == stream.sloNs() || nowNs - dueNs <= stream.sloNs()) {
            return false;
        }
        if (group >= 0) {
            recorder.onOffered(group, nowNs - dueNs);
            final int model = stream.nextModel();
            observer.onOffered(stream, model, dueNs - startNs);
            observer.onEnded(stream, model, dueNs - startNs,
                recorder.onEnded(group, Outcome.CLIENT_BACK_PRESSURE, 0, nowNs - dueNs, stream.sloNs()));
        }
        stream.advance();
        stream.arrivals().onEnded(nowNs - startNs, nowNs - startNs);
        return true;
    }

    private void release(final int slot) {
        streamOf[slot] = -1;
        generations[slot]++;
        free[freeCount++] = slot;
    }
}
