package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.MixedArrivals;

/** What a request costs the controller as devices grow in number, and the load with them. */
final class Scale implements Scenario {
    private static final List<Integer> GPUS = List.of(10, 30, 100, 300, 1_000);
    private static final double PER_GPU = 400;
    private static final int GPUS_PER_WORKER = 8;
    private static final long WARMUP_NS = 2_000_000_000L;
    private static final long COUNTED_REQUESTS = 1_000_000;
    private static final double S = 1e9;

    @Override
    public String name() {
        return "scale";
    }

    @Override
    public String description() {
        return "10 to 1,000 GPUs, 4,026 models, 400 requests/s a GPU, 8 GPUs a worker, the mix of azure: real time of the "
            + "controller's duty cycles for a request.";
    }

    @Override
    public void fillIn(final ScenarioOptions options) {
        options.warmupNs = options.warmupNs == null ? WARMUP_NS : options.warmupNs;
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        final List<Case> cases = new ArrayList<>();
        for (final int gpus : options.gpus == null ? GPUS : List.of(options.gpus)) {
            cases.add(new Case() {
                @Override
                public String label() {
                    return gpus + " GPUs";
                }

                @Override
                public CaseResult run(final SimOptions system, final Progress progress) {
                    return Scale.run(options, system, gpus, progress);
                }
            });
        }
        return cases;
    }

    @Override
    public List<String> legend() {
        return List.of(
            "ns a request: real time of the controller's duty cycles, checkers included, divided by the requests; cycles of more "
                + "than 100 us are left out (the process did not run) and counted under skipped",
            "1,000,000 requests are counted unless --duration says otherwise; the figure is not part of what a seed determines");
    }

    private static CaseResult run(
        final ScenarioOptions options, final SimOptions system, final int gpus, final Progress progress) {
        final double rate = ScenarioOptions.or(options.rates, List.of(PER_GPU)).get(0) * gpus;
        final Azure.Mix mix =
            new Azure.Mix(options, ScenarioOptions.or(options.models, List.of(Azure.MODELS)).get(0), system);
        final long durationNs = options.durationNs == null ? (long) (COUNTED_REQUESTS / rate * S) : options.durationNs;
        system.gpus = gpus;
        system.gpusPerWorker = Math.max(GPUS_PER_WORKER, system.gpusPerWorker);
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> infos = Overload.register(simulated, mix.profiles, mix.kindOf);
            final MixedArrivals arrivals = mix.functions.arrivals(rate, system.seed);
            simulated.meter(System::nanoTime);
            final RunResult result = simulated.run(
                new Workload(List.of("all"), options.warmupNs(), durationNs)
                    .add(0, arrivals, infos, arrivals, Azure.SLO_NS), progress);
            final double nsPerRequest = (double) simulated.controllerNs() / result.recorder().offered();
            return new CaseResult(result, -nsPerRequest, List.of(
                Metric.rate("need", mix.need(rate, Azure.SLO_NS)),
                Metric.rate("offered/s", rate),
                Metric.count("requests", result.recorder().offered()),
                Metric.percent("in time %", result.attainment()),
                Metric.count("ns a request", nsPerRequest),
                Metric.count("skipped", simulated.skippedCycles()),
                Metric.percent("busy %", result.executeBusy()),
                Metric.ratio("batch", result.meanBatch())));
        }
    }
}
