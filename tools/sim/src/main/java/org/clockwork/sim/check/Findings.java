package org.clockwork.sim.check;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.NanoClock;

/** What the checkers looked at and what they found wrong: counts, and the first sentences. Single-threaded. */
public final class Findings {
    /** Sentences that are kept of each check. */
    private static final int KEPT = 10;
    private static final Check[] CHECKS = Check.values();

    private final NanoClock time;
    private final long startNs;
    private final long[] looked = new long[CHECKS.length];
    private final long[] wrong = new long[CHECKS.length];
    private final List<String> sentences = new ArrayList<>();

    Findings(final NanoClock virtualTime) {
        time = virtualTime;
        startNs = virtualTime.nanoTime();
    }

    /** One thing was looked at. */
    void look(final Check check) {
        looked[check.ordinal()]++;
    }

    /** Something is wrong. */
    void report(final Check check, final String sentence) {
        if (wrong[check.ordinal()]++ < KEPT) {
            sentences.add(check + " at " + (time.nanoTime() - startNs) + " ns: " + sentence);
        }
    }

    /** Things that a check has looked at. */
    public long looked(final Check check) {
        return looked[check.ordinal()];
    }

    /** Things that a check found wrong. */
    public long wrong(final Check check) {
        return wrong[check.ordinal()];
    }

    /** Things that were found wrong by all checks. */
    public long wrong() {
        long sum = 0;
        for (final long count : wrong) {
            sum += count;
        }
        return sum;
    }

    /** The first sentences of each check, in the order in which they were found. */
    public List<String> sentences() {
        return List.copyOf(sentences);
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder();
        for (final Check check : CHECKS) {
            text.append(text.length() == 0 ? "" : ", ").append(check).append(' ').append(wrong(check)).append('/')
                .append(looked(check));
        }
        return text.append(sentences.isEmpty() ? "" : " " + sentences).toString();
    }
}
