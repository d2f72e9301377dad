package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.Xoshiro;

/** How tight SLOs can be: Poisson load on six GPUs, SLOs from one execution's time to a hundred times that. */
final class HowLow implements Scenario {
    private static final int GPUS = 6;
    private static final double STEP = 1.5;
    private static final double LARGEST = 100;
    private static final List<Integer> MODELS = List.of(12, 48);
    private static final List<Double> RATES = List.of(600.0, 1_200.0, 2_400.0);

    @Override
    public String name() {
        return "how-low";
    }

    @Override
    public String description() {
        return "Six GPUs, 12 and 48 models of ResNet-50 at 600, 1,200 and 2,400 requests/s (Poisson), SLOs of 1 to 100 times an "
            + "execution of 2.73 ms: the share in time beside the most that is possible without pre-emption.";
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        final List<Case> cases = new ArrayList<>();
        final long aloneNs = Kind.resnet50(options.system).executeNs(1);
        for (final int models : ScenarioOptions.or(options.models, MODELS)) {
            for (final double rate : ScenarioOptions.or(options.rates, RATES)) {
                for (final double multiple : ScenarioOptions.or(options.multiples, multiples())) {
                    cases.add(new Case() {
                        @Override
                        public String label() {
                            return models + " x " + Labels.number(rate) + "/s, " + Labels.number(multiple) + "x";
                        }

                        @Override
                        public CaseResult run(final SimOptions system, final Progress progress) {
                            system.gpus = options.gpus(GPUS);
                            return HowLow.run(system, options, models, rate, Math.round(aloneNs * multiple), progress);
                        }
                    });
                }
            }
        }
        return cases;
    }

    @Override
    public List<String> legend() {
        return List.of(
            "case: models x rate over all of them, SLO as a multiple of one execution of batch 1",
            "bound: share in time if each request were a piece of work of its own, as long as its part of the best batch that "
                + "is in time at all, on any GPU, without pre-emption, served in the order of the deadlines; no policy can do "
                + "better, and for SLOs in which no batch of two fits it is exact but for hops that vary");
    }

    /** 1.5 to the power of 0, 1, 2... up to 100. */
    static List<Double> multiples() {
        final List<Double> multiples = new ArrayList<>();
        for (double multiple = 1; multiple <= LARGEST; multiple *= STEP) {
            multiples.add(multiple);
        }
        return multiples;
    }

    private static CaseResult run(
        final SimOptions system, final ScenarioOptions options, final int models, final double rate, final long sloNs,
        final Progress progress) {
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> infos = simulated.register("resnet50", Kind.RESNET50, models);
            final Workload workload = new Workload(List.of("all"), options.warmupNs(), options.durationNs())
                .add(0, arrivals(system, rate), infos, ModelChoice.uniform(models, new Xoshiro(system.seed, "models")), sloNs);
            final RunResult result = simulated.run(workload, progress);
            final double bound = NonPreemption.attainment(
                arrivals(system, rate), Kind.resnet50(system), system.gpus, sloNs, options.warmupNs(), options.durationNs());
            return new CaseResult(result, result.attainment(), List.of(
                Metric.percent("in time %", result.attainment()),
                Metric.percent("bound %", bound),
                Metric.rate("in time/s", result.goodputPerS()),
                Metric.count("late", result.recorder().count(Outcome.LATE)),
                Metric.percent("busy %", result.executeBusy()),
                Metric.ratio("batch", result.meanBatch()),
                Metric.count("bad actions", result.actionsFailed())));
        }
    }

    private static PoissonArrivals arrivals(final SimOptions system, final double rate) {
        return new PoissonArrivals(rate, new Xoshiro(system.seed, "arrivals"));
    }
}
