package org.clockwork.sim.check;

import java.util.Map;
import java.util.TreeMap;
import org.clockwork.schema.codec.Status;

/** Refusals by the kind of their reason; reasons that are a policy's choice or a limit are counted apart. */
public final class RefusalCounts {
    private static final int FIRST = Status.DEADLINE_UNREACHABLE.value();
    private static final int KINDS = 100;

    long verified;
    long atArrival;
    long afterFailure;
    long afterAttempts;
    /** Devices that were too full to load the model of a refused request, and had time for it. */
    long withoutRoom;
    private final long[] byPolicy = new long[KINDS];

    /** Nothing counted. */
    public RefusalCounts() {
    }

    /** Adds all that another has counted. */
    public void add(final RefusalCounts other) {
        verified += other.verified;
        atArrival += other.atArrival;
        afterFailure += other.afterFailure;
        afterAttempts += other.afterAttempts;
        withoutRoom += other.withoutRoom;
        for (int i = 0; i < byPolicy.length; i++) {
            byPolicy[i] += other.byPolicy[i];
        }
    }

    /** Whether it is a refusal by decision: 1xx. */
    static boolean isRefusal(final Status status) {
        final int value = status.value();
        return value >= FIRST && value < FIRST + KINDS;
    }

    void byPolicy(final Status status) {
        byPolicy[status.value() - FIRST]++;
    }

    /** Refused because no start that keeps the promises made meets the deadline, and that is so. */
    public long verified() {
        return verified;
    }

    /** Refused because the deadline had passed, or all but, when the request came. */
    public long atArrival() {
        return atArrival;
    }

    /** Refused while the model's LOADs had failed of late. */
    public long afterFailure() {
        return afterFailure;
    }

    /** Given up by a limit: workers had refused it so often, as when their clocks have stepped. */
    public long afterAttempts() {
        return afterAttempts;
    }

    /** Refused by a choice or a limit: shed, fairness, too many in flight, and so on. */
    public long byPolicy() {
        long sum = 0;
        for (final long count : byPolicy) {
            sum += count;
        }
        return sum;
    }

    /** The same by their status. */
    public Map<String, Long> byPolicyStatus() {
        final Map<String, Long> counts = new TreeMap<>();
        for (int i = 0; i < byPolicy.length; i++) {
            if (byPolicy[i] > 0) {
                counts.put(Status.get(FIRST + i).name(), byPolicy[i]);
            }
        }
        return counts;
    }

    @Override
    public String toString() {
        return "verified " + verified + ", at arrival " + atArrival + ", after a failed LOAD " + afterFailure
            + ", after five attempts " + afterAttempts + ", by policy " + byPolicyStatus();
    }
}
