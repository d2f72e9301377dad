package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.clockwork.controller.schedule.QueueScheduler;
import org.clockwork.controller.schedule.SchedulerParts;

/** Runs a scenario: each case with each policy and seed, one after the other. Owned by the command's thread. */
public final class ScenarioRunner {
    private static final long MS = 1_000_000L;
    /** The paper's policy is run with each of these, and the best is what counts. */
    private static final List<Long> PAPER_LOOK_AHEADS_NS = List.of(2 * MS, 5 * MS, 10 * MS);
    private static final String PAPER = "paper";
    private static final long PROGRESS_NS = 2_000_000_000L;

    private final Scenario scenario;
    private final ScenarioOptions options;
    private final LineSink progress;
    private final LongSupplier wallClock;

    /** Takes lines of progress. */
    @FunctionalInterface
    public interface LineSink {
        /** Takes a line. */
        void line(String text);
    }

    /**
     * A runner; checks the options, and fills in what was not asked for.
     *
     * @param progress  takes a line now and then.
     * @param wallClock real time, for progress only.
     */
    public ScenarioRunner(
        final Scenario scenario, final ScenarioOptions options, final LineSink progress, final LongSupplier wallClock) {
        scenario.fillIn(options);
        options.check();
        for (final String policy : options.policies) {
            if (!QueueScheduler.POLICIES.contains(policy)) {
                throw new IllegalArgumentException(
                    "there is no policy '" + policy + "'; there are: " + String.join(", ", QueueScheduler.POLICIES));
            }
        }
        this.scenario = scenario;
        this.options = options;
        this.progress = progress;
        this.wallClock = wallClock;
    }

    /** Runs everything. */
    public ScenarioReport run() {
        final List<ScenarioReport.Row> rows = new ArrayList<>();
        final List<Case> cases = scenario.cases(options);
        for (int i = 0; i < cases.size(); i++) {
            for (final String policy : options.policies) {
                rows.add(best(cases.get(i), policy, (i + 1) + "/" + cases.size() + " " + cases.get(i).label()));
            }
        }
        return new ScenarioReport(scenario, options, rows);
    }

    private ScenarioReport.Row best(final Case one, final String policy, final String name) {
        ScenarioReport.Row best = null;
        for (final long lookAheadNs : lookAheadsNs(policy)) {
            final ScenarioReport.Row row = seeds(one, policy, lookAheadNs, name);
            if (best == null || row.score() > best.score()) {
                best = row;
            }
        }
        return best;
    }

    private ScenarioReport.Row seeds(final Case one, final String policy, final long lookAheadNs, final String name) {
        final List<CaseResult> results = new ArrayList<>();
        for (int i = 0; i < options.seeds; i++) {
            final SimOptions system = options.system.copy();
            system.policy = policy;
            system.lookAheadNs = lookAheadNs;
            system.seed = options.seed + i;
            final String label = name + ' ' + policy
                + (lookAheadNs == SchedulerParts.AUTO_NS ? "" : " (look-ahead " + Labels.ms(lookAheadNs) + ")")
                + " seed " + system.seed;
            final Meter meter = new Meter(label);
            final CaseResult result = one.run(system, meter);
            meter.done(result);
            results.add(result);
        }
        return new ScenarioReport.Row(one.label(), policy, lookAheadNs, options.seed, results);
    }

    private List<Long> lookAheadsNs(final String policy) {
        if (options.lookAheadsNs != null && !options.lookAheadsNs.isEmpty()) {
            return options.lookAheadsNs;
        }
        return PAPER.equals(policy) ? PAPER_LOOK_AHEADS_NS : List.of(SchedulerParts.AUTO_NS);
    }

    /** Says every two seconds of real time how far a run is, and in the end what it showed. */
    private final class Meter implements Progress {
        private final String label;
        private final long startNs = wallClock.getAsLong();
        private long nextNs = startNs + PROGRESS_NS;

        Meter(final String label) {
            this.label = label;
        }

        @Override
        public void onProgress(final long doneNs, final long totalNs, final long requests) {
            final long nowNs = wallClock.getAsLong();
            if (nowNs - nextNs >= 0) {
                nextNs = nowNs + PROGRESS_NS;
                progress.line(String.format(Locale.ROOT, "%s: %.1f of %.1f virtual s, %d requests, %.0f per real second",
                    label, doneNs / 1e9, totalNs / 1e9, requests, requests * 1e9 / (nowNs - startNs)));
            }
        }

        void done(final CaseResult result) {
            final StringBuilder text = new StringBuilder(label).append(":");
            for (final Metric metric : result.metrics()) {
                text.append(' ').append(metric.name()).append(' ').append(metric.text()).append(';');
            }
            progress.line(text.append(String.format(Locale.ROOT, " %d requests in %.1f s of real time",
                result.recorder().offered(), (wallClock.getAsLong() - startNs) / 1e9)).toString());
        }
    }
}
