package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.Table;
import org.clockwork.loadgen.Xoshiro;

/** Ever more cold models beside one that is established, on one GPU. */
final class Thousands implements Scenario {
    private static final long S = 1_000_000_000L;
    private static final long SLO_NS = 100_000_000L;
    private static final double ONE_PER_S = 200;
    private static final double REST_PER_S = 1_000;
    private static final int MOST = 3_600;
    /** The established model is alone for so long. */
    private static final long ALONE_NS = 3 * S;
    private static final long WARMUP_NS = 10 * S;
    /** After the last model has become active. */
    private static final long RAMP_END_NS = 60 * S;
    private static final int ESTABLISHED = 0;
    private static final int REST = 1;

    @Override
    public String name() {
        return "thousands";
    }

    @Override
    public String description() {
        return "One GPU, SLO 100 ms: an established model of 200 requests/s keeps its share while 1,000 requests/s go to ever "
            + "more others, one more becoming active each second up to 3,600; --active N holds N of them.";
    }

    @Override
    public void fillIn(final ScenarioOptions options) {
        if (options.active == null) {
            options.length(ALONE_NS, most(options) * S + RAMP_END_NS);
        } else {
            options.length(WARMUP_NS, ScenarioOptions.DURATION_NS);
        }
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        final List<Case> cases = new ArrayList<>();
        final long sloNs = ScenarioOptions.or(options.slosNs, List.of(SLO_NS)).get(0);
        if (options.active == null) {
            final int most = most(options);
            cases.add(one("1 to " + most + " active", (system, progress) -> ramp(system, options, most, sloNs, progress)));
        } else {
            for (final int active : options.active) {
                cases.add(one(active + " active", (system, progress) -> hold(system, options, active, sloNs, progress)));
            }
        }
        return cases;
    }

    @Override
    public List<String> legend() {
        return List.of(
            "one: share in time of the established model; least: the same in its worst minute (or second, where it is shorter)",
            "rest/s: answers in time a second of all others, with a growing number in the last minute",
            "bound: the least of memory (requests whose model is loaded), load engine (largest groups first) and execution "
                + "(at the batches that the rates allow, beside the established model)");
    }

    private static CaseResult hold(
        final SimOptions system, final ScenarioOptions options, final int active, final long sloNs, final Progress progress) {
        final TimeTally tally = new TimeTally(2, S, options.warmupNs(), options.durationNs());
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> models = simulated.register("resnet50", Kind.RESNET50, active + 1);
            final RunResult result = simulated.run(
                workload(system, options, models, sloNs,
                    ModelChoice.uniform(active, new Xoshiro(system.seed, "models"))).observer(tally), progress);
            final double rest = tally.inTime(REST, 0, tally.windows()) * 1e9 / options.durationNs();
            final double bound =
                new ColdBound(Kind.resnet50(system), system, sloNs).perSecond(active, REST_PER_S, ONE_PER_S);
            return new CaseResult(
                result.recorder(), result.durationNs(), rest, metrics(result, tally, rest, bound, 1), List.of());
        }
    }

    private static CaseResult ramp(
        final SimOptions system, final ScenarioOptions options, final int most, final long sloNs, final Progress progress) {
        final TimeTally tally = new TimeTally(2, S, options.warmupNs(), options.durationNs());
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> models = simulated.register("resnet50", Kind.RESNET50, most + 1);
            final ModelChoice growing = ModelChoice.growing(most, S, new Xoshiro(system.seed, "models"));
            final RunResult result = simulated.run(
                workload(system, options, models, sloNs, dueNs -> growing.next(dueNs - ALONE_NS)).observer(tally), progress);
            final int activeFirst = (int) ((options.warmupNs() - ALONE_NS) / S);
            final int last = (int) Math.min(tally.windows(), RAMP_END_NS / S);
            final double rest = (double) tally.inTime(REST, tally.windows() - last, last) / last;
            final int active = Math.max(1, Math.min(most, activeFirst + tally.windows() - last / 2));
            final ColdBound bound = new ColdBound(Kind.resnet50(system), system, sloNs);
            return new CaseResult(result.recorder(), result.durationNs(), rest,
                metrics(result, tally, rest, bound.perSecond(active, REST_PER_S, ONE_PER_S), last),
                List.of(curve(tally, activeFirst, most, bound)));
        }
    }

    private static Workload workload(
        final SimOptions system, final ScenarioOptions options, final List<ModelInfo> models, final long sloNs,
        final ModelChoice choice) {
        return new Workload(List.of("established", "rest"), options.warmupNs(), options.durationNs())
            .add(ESTABLISHED, new PoissonArrivals(ONE_PER_S, new Xoshiro(system.seed, "established")),
                models.subList(0, 1), ModelChoice.uniform(1, null), sloNs)
            .add(REST, new DelayedArrivals(new PoissonArrivals(REST_PER_S, new Xoshiro(system.seed, "rest")), ALONE_NS),
                models.subList(1, models.size()), choice, sloNs);
    }

    private static List<Metric> metrics(
        final RunResult result, final TimeTally tally, final double rest, final double bound, final int window) {
        return List.of(
            Metric.percent("one %", tally.attainment(ESTABLISHED, 0, tally.windows())),
            Metric.percent("least %", tally.leastAttainment(ESTABLISHED, window)),
            Metric.rate("rest/s", rest),
            Metric.rate("bound/s", bound),
            Metric.percent("of bound %", rest / bound),
            Metric.count("late", result.recorder().count(Outcome.LATE)),
            Metric.percent("busy %", result.executeBusy()),
            Metric.percent("loading %", result.loadBusy()),
            Metric.rate("loads/s", result.loads() * 1e9 / result.durationNs()),
            Metric.ratio("batch", result.meanBatch()),
            Metric.count("bad actions", result.actionsFailed()));
    }

    /** How it went while the number of active models grew. */
    private static String curve(final TimeTally tally, final int activeFirst, final int most, final ColdBound bound) {
        final Table table = new Table("active", "one %", "rest/s", "bound/s");
        final int rows = 20;
        final int step = Math.max(1, most / rows);
        for (int from = 0; from + step <= tally.windows(); from += step) {
            final int middle = Math.max(1, Math.min(most, activeFirst + from + step / 2 + 1));
            table.row(
                Math.min(most, activeFirst + from + 1) + " to " + Math.min(most, activeFirst + from + step),
                Metric.percent("", tally.attainment(ESTABLISHED, from, step)).text(),
                Metric.rate("", (double) tally.inTime(REST, from, step) / step).text(),
                Metric.rate("", bound.perSecond(middle, REST_PER_S, ONE_PER_S)).text());
        }
        return table.toString();
    }

    private static int most(final ScenarioOptions options) {
        return ScenarioOptions.or(options.models, List.of(MOST)).get(0);
    }

    private static Case one(final String label, final Body body) {
        return new Case() {
            @Override
            public String label() {
                return label;
            }

            @Override
            public CaseResult run(final SimOptions system, final Progress progress) {
                system.gpus = 1;
                return body.run(system, progress);
            }
        };
    }

    /** What a case does. */
    private interface Body {
        CaseResult run(SimOptions system, Progress progress);
    }
}
