package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.ClosedLoopArrivals;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.Xoshiro;

/** 15 models with 16 closed-loop clients each on one GPU, over a range of SLOs. */
final class Compare implements Scenario {
    private static final long MS = 1_000_000L;
    private static final int MODELS = 15;
    private static final int CLIENTS = 16;
    private static final List<Long> SLOS_NS =
        List.of(10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS);

    @Override
    public String name() {
        return "compare";
    }

    @Override
    public String description() {
        return "One GPU, 15 models of ResNet-50 with 16 closed-loop clients each, SLOs from 10 to 500 ms: goodput beside that of "
            + "the best batch without a gap, and how even the models' shares are.";
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        final List<Case> cases = new ArrayList<>();
        final int models = ScenarioOptions.or(options.models, List.of(MODELS)).get(0);
        for (final long sloNs : ScenarioOptions.or(options.slosNs, SLOS_NS)) {
            cases.add(new Case() {
                @Override
                public String label() {
                    return Labels.ms(sloNs);
                }

                @Override
                public CaseResult run(final SimOptions system, final Progress progress) {
                    system.gpus = options.gpus(1);
                    return Compare.run(system, options, models, sloNs, progress);
                }
            });
        }
        return cases;
    }

    @Override
    public List<String> legend() {
        return List.of(
            "case: the SLO; a client that is refused asks again when that request's deadline has passed; clients start at random "
                + "phases within one SLO",
            "bound: the largest throughput of any batch size that is in time at all, on engines that never wait",
            "least, most: answers in time of the least and the most served model, as a share of the mean");
    }

    private static CaseResult run(
        final SimOptions system, final ScenarioOptions options, final int models, final long sloNs, final Progress progress) {
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> infos = simulated.register("resnet50", Kind.RESNET50, models);
            final ModelTally tally = ModelTally.byStream(models, 0);
            final Workload workload = new Workload(Labels.numbered("model-", models), options.warmupNs(), options.durationNs())
                .observer(tally);
            for (int i = 0; i < models; i++) {
                workload.add(i, new ClosedLoopArrivals(CLIENTS, 0, sloNs, true, new Xoshiro(system.seed, "clients-" + i)),
                    List.of(infos.get(i)), ModelChoice.uniform(1, null), sloNs);
            }
            final RunResult result = simulated.run(workload, progress);
            final Kind kind = Kind.resnet50(system);
            final double bound = kind.perSecond(kind.bestBatch(sloNs)) * system.gpus;
            return new CaseResult(result, result.goodputPerS(), List.of(
                Metric.rate("in time/s", result.goodputPerS()),
                Metric.rate("bound/s", bound),
                Metric.percent("of bound %", result.goodputPerS() / bound),
                Metric.percent("of offered %", result.attainment()),
                Metric.count("late", result.recorder().count(Outcome.LATE)),
                Metric.ratio("least", tally.leastShare()),
                Metric.ratio("most", tally.mostShare()),
                Metric.percent("busy %", result.executeBusy()),
                Metric.ratio("batch", result.meanBatch()),
                Metric.count("bad actions", result.actionsFailed())));
        }
    }
}
