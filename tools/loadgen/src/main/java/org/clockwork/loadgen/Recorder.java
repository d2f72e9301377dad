package org.clockwork.loadgen;

import java.util.List;
import org.HdrHistogram.Histogram;
import org.clockwork.schema.codec.ResponseFlagsDecoder;

/**
 * Counts how requests ended and how long their answers took, per group (a model or a class of models). Owned by the
 * thread that drives the load; allocates nothing per request.
 */
public final class Recorder {
    /** A request sent within this of its intended time was sent on time. */
    public static final long ON_TIME_NS = 1_000_000L;

    private final Group[] groups;
    private IntervalLog intervalLog;
    private long sentOnTime;
    private long answeredGenerated;
    private long answeredEmulated;
    private long answered;

    /** A recorder with a row for each of these names. */
    public Recorder(final List<String> groupNames) {
        groups = new Group[groupNames.size()];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = new Group(groupNames.get(i));
        }
    }

    /** Also hands each latency to an interval log. */
    public Recorder intervalLog(final IntervalLog log) {
        intervalLog = log;
        return this;
    }

    /** A request of this group was offered, so long after its intended time. */
    public void onOffered(final int group, final long lagNs) {
        groups[group].offered++;
        if (lagNs <= ON_TIME_NS) {
            sentOnTime++;
        }
    }

    /**
     * An offered request ended.
     *
     * @param group         of the request.
     * @param statusCode    value of the Status, or {@link Outcome#CLIENT_BACK_PRESSURE}.
     * @param responseFlags raw bits of the response's flags.
     * @param latencyNs     from the intended send time to now.
     * @param sloNs         of the request, or the null time.
     * @return what became of it.
     */
    public Outcome onEnded(
        final int group, final int statusCode, final int responseFlags, final long latencyNs, final long sloNs) {
        final Outcome outcome = Outcome.of(statusCode, latencyNs, sloNs);
        groups[group].onEnded(
            outcome, statusCode, ResponseFlagsDecoder.cold((byte) responseFlags), latencyNs, sloNs);
        if (Outcome.IN_TIME == outcome || Outcome.LATE == outcome) {
            answered++;
            answeredGenerated += ResponseFlagsDecoder.generatedInput((byte) responseFlags) ? 1 : 0;
            answeredEmulated += ResponseFlagsDecoder.emulated((byte) responseFlags) ? 1 : 0;
            if (null != intervalLog) {
                intervalLog.record(group, latencyNs);
            }
        }
        return outcome;
    }

    /** Adds all that another recorder has counted to one group of this: a run as a row of many runs. */
    public void addTo(final int group, final Recorder other) {
        groups[group].add(other.total());
        addTotals(other);
    }

    /** Adds the groups of another recorder to those of this from {@code firstGroup} on, one to one. */
    public void addFrom(final int firstGroup, final Recorder other) {
        for (int i = 0; i < other.groups.length; i++) {
            groups[firstGroup + i].add(other.groups[i]);
        }
        addTotals(other);
    }

    /** Requests offered so far. */
    public long offered() {
        long sum = 0;
        for (final Group group : groups) {
            sum += group.offered;
        }
        return sum;
    }

    /** Answers so far whose model had to be loaded after their request had come. */
    public long coldStarts() {
        long sum = 0;
        for (final Group group : groups) {
            sum += group.coldStarts;
        }
        return sum;
    }

    /** Requests that ended like this so far. */
    public long count(final Outcome outcome) {
        long sum = 0;
        for (final Group group : groups) {
            sum += group.count(outcome);
        }
        return sum;
    }

    /** Requests of one group offered so far. */
    public long offered(final int group) {
        return groups[group].offered;
    }

    /** Requests of one group that ended like this so far. */
    public long count(final int group, final Outcome outcome) {
        return groups[group].count(outcome);
    }

    long sentOnTime() {
        return sentOnTime;
    }

    boolean isAnyEmulated() {
        return answeredEmulated > 0;
    }

    /** "real", "generated", or "mixed". */
    String input() {
        return 0 == answeredGenerated ? "real" : answeredGenerated == answered ? "generated" : "mixed";
    }

    List<Group> groups() {
        return List.of(groups);
    }

    /** All groups together. */
    Group total() {
        final Group total = new Group("all");
        for (final Group group : groups) {
            total.add(group);
        }
        return total;
    }

    private void addTotals(final Recorder other) {
        sentOnTime += other.sentOnTime;
        answered += other.answered;
        answeredGenerated += other.answeredGenerated;
        answeredEmulated += other.answeredEmulated;
    }

    /** One row. Plain fields, written by the recorder only. */
    static final class Group {
        private static final int MAX_STATUS = 1024;
        private static final long LOWEST_NS = 128;
        private static final long HIGHEST_NS = 3_600_000_000_000L;
        private static final int DIGITS = 3;

        final String name;
        final Histogram latencyNs = new Histogram(LOWEST_NS, HIGHEST_NS, DIGITS);
        final long[] endedBy = new long[MAX_STATUS];
        private final long[] outcomes = new long[Outcome.values().length];
        long offered;
        long coldStarts;
        long refusedInTime;

        Group(final String name) {
            this.name = name;
        }

        void onEnded(
            final Outcome outcome, final int statusCode, final boolean isCold, final long latencyNs, final long sloNs) {
            outcomes[outcome.ordinal()]++;
            endedBy[statusCode & (MAX_STATUS - 1)]++;
            if (Outcome.IN_TIME == outcome || Outcome.LATE == outcome) {
                this.latencyNs.recordValue(clamp(latencyNs));
                coldStarts += isCold ? 1 : 0;
            } else if (Outcome.REFUSED == outcome && latencyNs <= sloNs) {
                refusedInTime++;
            }
        }

        long count(final Outcome outcome) {
            return outcomes[outcome.ordinal()];
        }

        void add(final Group other) {
            latencyNs.add(other.latencyNs);
            for (int i = 0; i < MAX_STATUS; i++) {
                endedBy[i] += other.endedBy[i];
            }
            for (int i = 0; i < outcomes.length; i++) {
                outcomes[i] += other.outcomes[i];
            }
            offered += other.offered;
            coldStarts += other.coldStarts;
            refusedInTime += other.refusedInTime;
        }

        static long clamp(final long latencyNs) {
            return Math.max(0, Math.min(latencyNs, HIGHEST_NS));
        }
    }
}
