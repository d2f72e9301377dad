package org.clockwork.sim.scenario;

import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.LoadObserver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.Xoshiro;

/** Everything breaks for a while: no checker fails, each request ends once, and soon after all is served again. */
final class FaultRuns implements Scenario {
    private static final long MS = 1_000_000L;
    private static final long S = 1_000 * MS;
    private static final int GPUS = 8;
    private static final int MODELS = 60;
    private static final double RATE_PER_S = 1_200;
    private static final long SLO_NS = 100 * MS;
    private static final long WARMUP_NS = 2 * S;
    private static final long DURATION_NS = 30 * S;
    /** Length of the part without faults at the end. */
    private static final long CALM_NS = 6 * S;
    /** Everything has to be served again within this. */
    private static final long LIVE_NS = S;

    @Override
    public String name() {
        return "faults";
    }

    @Override
    public String description() {
        return "Four workers of 2 GPUs, 60 models, 1,200 requests/s, SLO 100 ms, and faults until 6 s before the end: workers "
            + "and the controller die and come back, packets are lost and late, links break, clocks step and drift, devices are "
            + "20 % slow.";
    }

    @Override
    public void fillIn(final ScenarioOptions options) {
        options.warmupNs = options.warmupNs == null ? WARMUP_NS : options.warmupNs;
        options.durationNs = options.durationNs == null ? DURATION_NS : options.durationNs;
        options.system.clockDriftPpb = Math.max(options.system.clockDriftPpb, 100_000);
    }

    @Override
    public boolean mayFail() {
        return true;
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        if (options.durationNs() <= CALM_NS) {
            throw new IllegalArgumentException("--duration is more than 6s: the last 6 s are without faults");
        }
        return List.of(new Case() {
            @Override
            public String label() {
                return "faults";
            }

            @Override
            public CaseResult run(final SimOptions system, final Progress progress) {
                system.gpus = options.gpus(GPUS);
                return FaultRuns.run(system, options, progress);
            }
        });
    }

    @Override
    public List<String> legend() {
        return List.of(
            "after %: share in time of the requests due later than 1 s after the last fault",
            "workers and clients notice silence after 500 ms, and come back as the real ones do by default",
            "back ms: from the last fault until the last request that was due and not answered in time; 0 if there was none",
            "unknown: ended OUTCOME_UNKNOWN or otherwise failed, since a process had died");
    }

    private static CaseResult run(final SimOptions system, final ScenarioOptions options, final Progress progress) {
        final int models = ScenarioOptions.or(options.models, List.of(MODELS)).get(0);
        final double rate = ScenarioOptions.or(options.rates, List.of(RATE_PER_S)).get(0);
        final int[] kindOf = Overload.shuffledKinds(models, Overload.kinds().size(), system.seed);
        final long endNs = options.warmupNs() + options.durationNs() - CALM_NS;
        final After after = new After(endNs);
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> infos = Overload.register(simulated, Overload.kinds(), kindOf);
            final FaultSchedule faults = new FaultSchedule(simulated, system.seed, options.warmupNs(), endNs);
            final RunResult result = simulated.run(
                new Workload(List.of("all"), options.warmupNs(), options.durationNs())
                    .add(0, new PoissonArrivals(rate, new Xoshiro(system.seed, "arrivals")), infos,
                        ModelChoice.uniform(models, new Xoshiro(system.seed, "models")), SLO_NS)
                    .observer(after),
                (doneNs, totalNs, requests) -> {
                    faults.run(doneNs);
                    progress.onProgress(doneNs, totalNs, requests);
                });
            return new CaseResult(result, after.attainment(), List.of(
                Metric.count("requests", result.recorder().offered()),
                Metric.percent("in time %", result.attainment()),
                Metric.count("late", result.recorder().count(Outcome.LATE)),
                Metric.count("refused", result.recorder().count(Outcome.REFUSED)),
                Metric.count("unknown", result.recorder().count(Outcome.FAILED)),
                Metric.percent("after %", after.attainment()),
                Metric.rate("back ms", after.backNs() / 1e6),
                Metric.count("worker deaths", faults.workerDeaths()),
                Metric.count("controller deaths", faults.controllerDeaths()),
                Metric.count("clock steps", faults.clockSteps()),
                Metric.count("slow", faults.slowPhases()),
                Metric.count("link faults", simulated.faults().faults())));
        }
    }

    /** What became of requests after the last fault. */
    private static final class After implements LoadObserver {
        private final long endNs;
        private long lastMissedNs;
        private long offered;
        private long inTime;

        After(final long endNs) {
            this.endNs = endNs;
            lastMissedNs = endNs;
        }

        @Override
        public void onEnded(final LoadStream stream, final int modelIndex, final long dueNs, final Outcome outcome) {
            if (outcome != Outcome.IN_TIME) {
                lastMissedNs = Math.max(lastMissedNs, dueNs);
            }
            if (dueNs - endNs > LIVE_NS) {
                offered++;
                inTime += outcome == Outcome.IN_TIME ? 1 : 0;
            }
        }

        double attainment() {
            return offered == 0 ? 0 : (double) inTime / offered;
        }

        long backNs() {
            return lastMissedNs - endNs;
        }
    }
}
