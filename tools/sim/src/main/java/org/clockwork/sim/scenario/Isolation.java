package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.ClosedLoopArrivals;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.Recorder;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.schema.Protocol;

/** Latency-sensitive models and batch clients without SLO on the same GPUs. */
final class Isolation implements Scenario {
    private static final int GPUS = 6;
    private static final int SENSITIVE = 6;
    private static final double PER_MODEL_PER_S = 200;
    private static final long BATCH_PHASE_NS = 100_000_000L;
    private static final double NS_PER_S = 1e9;
    /** Where this batch can't make a sensitive request late by itself, there is nothing to be traded. */
    private static final int SAFE_BATCH = 4;
    /** Models without SLO, and closed-loop clients of each. */
    private static final int[][] BATCH = {{12, 16}, {48, 4}};

    @Override
    public String name() {
        return "isolation";
    }

    @Override
    public String description() {
        return "Six GPUs, six latency-sensitive models of 200 requests/s each (Poisson), SLOs of 1.5 to 100 times an execution, "
            + "alone and beside 12 x 16 or 48 x 4 closed-loop clients without SLO: what the sensitive ones lose, and how much "
            + "batch work gets done.";
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        final List<Case> cases = new ArrayList<>();
        final long aloneNs = Kind.resnet50(options.system).executeNs(1);
        final List<Double> standard = HowLow.multiples();
        for (final double multiple : ScenarioOptions.or(options.multiples, standard.subList(1, standard.size()))) {
            cases.add(new Case() {
                @Override
                public String label() {
                    return Labels.number(multiple) + "x";
                }

                @Override
                public CaseResult run(final SimOptions system, final Progress progress) {
                    system.gpus = options.gpus(GPUS);
                    return Isolation.run(system, options, Math.round(aloneNs * multiple), progress);
                }
            });
        }
        return cases;
    }

    @Override
    public List<String> legend() {
        return List.of(
            "case: the SLO as a multiple of one execution of batch 1",
            "alone: share in time without batch clients; 12x16, 48x4: beside 12 models of 16 clients, and 48 of 4; lost: "
                + "the difference, in points",
            "batch/s: answers a second to batch clients; of idle: of the batch-16 throughput of the time that the run alone "
                + "leaves idle",
            "safe/s: that idle time at the largest batch that can't by itself make a sensitive request miss its SLO, for it "
                + "ends while the request can still wait (no pre-emption); 0 where even one execution is too long: there, batch "
                + "work costs attainment or needs GPUs kept free",
            "trade-off (below 3.4x): the most that is possible without pre-emption on GPUs that do no batch work, and the "
                + "batch-16 throughput of the others",
            "most/s: throughput, at the largest batches that so many clients a model allow, of the time that is left if the "
                + "sensitive requests run at their best batches");
    }

    private static CaseResult run(
        final SimOptions system, final ScenarioOptions options, final long sloNs, final Progress progress) {
        final Kind kind = Kind.resnet50(system);
        final double bestPerS = kind.perSecond(kind.maxBatch());
        final Recorder all = new Recorder(List.of("alone", "12x16 sensitive", "12x16 batch", "48x4 sensitive", "48x4 batch"));
        final RunResult alone = run(system, options, sloNs, 0, 0, progress);
        all.addFrom(0, alone.recorder());
        final double idle = (1 - alone.executeBusy()) * system.gpus;
        final List<Metric> metrics = new ArrayList<>(List.of(
            Metric.percent("bound %", NonPreemption.attainment(
                arrivals(system), kind, system.gpus, sloNs, options.warmupNs(), options.durationNs())),
            Metric.percent("alone %", alone.attainment())));
        long durationNs = alone.durationNs();
        double score = 0;
        for (int i = 0; i < BATCH.length; i++) {
            final RunResult beside = run(system, options, sloNs, BATCH[i][0], BATCH[i][1], progress);
            all.addFrom(1 + 2 * i, beside.recorder());
            final double attainment =
                (double) beside.recorder().count(0, Outcome.IN_TIME) / Math.max(1, beside.recorder().offered(0));
            final double perS = beside.recorder().count(1, Outcome.IN_TIME) * NS_PER_S / beside.durationNs();
            final String name = BATCH[i][0] + "x" + BATCH[i][1];
            metrics.add(Metric.percent(name + " %", attainment));
            metrics.add(new Metric(name + " lost", 100 * (alone.attainment() - attainment), "%.3f"));
            metrics.add(Metric.rate(name + " batch/s", perS));
            metrics.add(Metric.percent(name + " of idle %", perS / (idle * bestPerS)));
            metrics.add(Metric.rate(name + " most/s",
                (system.gpus - SENSITIVE * PER_MODEL_PER_S * kind.leastNs(sloNs) / NS_PER_S)
                    * kind.perSecond(Math.min(kind.maxBatch(), BATCH[i][1]))));
            durationNs += beside.durationNs();
            score += attainment;
        }
        metrics.add(Metric.rate("safe/s", idle * kind.perSecond(safeBatch(kind, sloNs))));
        return new CaseResult(all, durationNs, score, metrics,
            safeBatch(kind, sloNs) < SAFE_BATCH ? List.of(tradeOff(system, options, kind, sloNs)) : List.of());
    }

    private static RunResult run(
        final SimOptions system, final ScenarioOptions options, final long sloNs, final int batchModels, final int clients,
        final Progress progress) {
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> models = simulated.register("resnet50", Kind.RESNET50, SENSITIVE + batchModels);
            final Workload workload = new Workload(
                batchModels == 0 ? List.of("sensitive") : List.of("sensitive", "batch"), options.warmupNs(), options.durationNs())
                .add(0, arrivals(system), models.subList(0, SENSITIVE),
                    ModelChoice.uniform(SENSITIVE, new Xoshiro(system.seed, "models")), sloNs);
            for (int i = 0; i < batchModels; i++) {
                workload.add(1,
                    new ClosedLoopArrivals(clients, 0, BATCH_PHASE_NS, true, new Xoshiro(system.seed, "clients-" + i)),
                    models.subList(SENSITIVE + i, SENSITIVE + i + 1), ModelChoice.uniform(1, null), Protocol.NULL_NS);
            }
            return simulated.run(workload, progress);
        }
    }

    /** What keeping GPUs free of batch work would give at best, for each number of them. */
    private static String tradeOff(
        final SimOptions system, final ScenarioOptions options, final Kind kind, final long sloNs) {
        final StringBuilder text = new StringBuilder(
            "trade-off at " + Labels.ms(sloNs) + " by GPUs kept free of batch work, sensitive in time at most and batch/s:");
        for (int free = system.gpus; free >= 0; free--) {
            final double attainment = free == 0 ? 0
                : NonPreemption.attainment(arrivals(system), kind, free, sloNs, options.warmupNs(), options.durationNs());
            text.append(free == system.gpus ? " " : "; ").append(free).append(": ")
                .append(Metric.percent("", attainment).text()).append(" % and ")
                .append(Labels.number(Math.round((system.gpus - free) * kind.perSecond(kind.maxBatch()))));
        }
        return text.toString();
    }

    private static PoissonArrivals arrivals(final SimOptions system) {
        return new PoissonArrivals(SENSITIVE * PER_MODEL_PER_S, new Xoshiro(system.seed, "arrivals"));
    }

    /** Largest batch that ends while a request that came just after its start can still wait; 0 if there is none. */
    private static int safeBatch(final Kind kind, final long sloNs) {
        int safe = 0;
        for (int size = 1; size <= kind.maxBatch(); size *= 2) {
            if (kind.executeNs(size) <= sloNs - kind.executeNs(1) - kind.aroundNs(1)) {
                safe = size;
            }
        }
        return safe;
    }
}
