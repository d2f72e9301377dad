package org.clockwork.controller.schedule;

import org.clockwork.controller.action.Action;

/**
 * One engine of a device: the actions it was given, oldest first, and when it will be free. An engine runs one thing at
 * a time in the order in which it was told, so its future is a sum; each result moves the whole of it. Owned by the
 * controller agent.
 */
public final class Timeline {
    private Action first;
    private Action last;
    private int count;
    private long freeNs;
    private long outstandingNs;
    private long lastEndNs;
    private long busyNs;

    /** An engine that has been idle until now. */
    Timeline(final long nowNs) {
        freeNs = nowNs;
        lastEndNs = nowNs;
    }

    /** Actions given and not reported. */
    public int count() {
        return count;
    }

    /** The oldest of them, or null. */
    public Action oldest() {
        return first;
    }

    /** The youngest of them, or null. */
    public Action youngest() {
        return last;
    }

    /** When the engine will have done all that it was given; in the past if it is idle. */
    public long freeNs() {
        return freeNs;
    }

    /** Time it was measured to work. */
    public long busyNs() {
        return busyNs;
    }

    /** When an action that is ready at a time could start. */
    public long startNs(final long readyNs) {
        return freeNs - readyNs > 0 ? freeNs : readyNs;
    }

    /** Takes an action whose {@code readyNs} and {@code durationNs} are set; sets its predicted start. */
    public void add(final Action action) {
        action.predictedStartNs = startNs(action.readyNs);
        freeNs = action.predictedStartNs + action.durationNs;
        outstandingNs += action.durationNs;
        action.previousOnEngine = last;
        if (last == null) {
            first = action;
        } else {
            last.nextOnEngine = action;
        }
        last = action;
        count++;
    }

    /** An action was done, at that time by our clock, in that many nanoseconds. */
    public void onDone(final Action action, final long endNs, final long measuredNs) {
        busyNs += measuredNs;
        lastEndNs = endNs;
        remove(action);
        freeNs = count == 0 ? endNs : recomputed();
    }

    /** An action was not done. */
    public void onDropped(final Action action, final long nowNs) {
        remove(action);
        if (count > 0) {
            freeNs = recomputed();
        } else {
            freeNs = lastEndNs - nowNs > 0 ? nowNs : lastEndNs;
        }
    }

    /** How far behind its prediction the oldest action is: positive when its end should have come by now. */
    long behindNs(final long nowNs) {
        return first == null ? Long.MIN_VALUE : nowNs - (later(first.readyNs, lastEndNs) + first.durationNs);
    }

    private long recomputed() {
        return later(later(first.readyNs, lastEndNs) + outstandingNs, last.readyNs + last.durationNs);
    }

    private void remove(final Action action) {
        final Action before = action.previousOnEngine;
        final Action after = action.nextOnEngine;
        if (before == null) {
            first = after;
        } else {
            before.nextOnEngine = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previousOnEngine = before;
        }
        action.previousOnEngine = null;
        action.nextOnEngine = null;
        outstandingNs -= action.durationNs;
        count--;
    }

    private static long later(final long a, final long b) {
        return a - b > 0 ? a : b;
    }
}
