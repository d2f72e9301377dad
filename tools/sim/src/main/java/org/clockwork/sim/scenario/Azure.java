package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.clockwork.client.ModelInfo;
import org.clockwork.device.emulated.Profile;
import org.clockwork.loadgen.MixedArrivals;
import org.clockwork.loadgen.Outcome;

/** Thousands of models with the popularities and the rhythm of serverless functions. */
final class Azure implements Scenario {
    static final int MODELS = 4_026;
    static final double RATE_PER_S = 10_000;
    static final long SLO_NS = 100_000_000L;
    private static final int GPUS = 24;
    private static final long DURATION_NS = 5 * MixedArrivals.MINUTE_NS;
    private static final double MILLION = 1e6;
    private static final double S = 1e9;
    private static final long DAY_MINUTES = 1_440;

    @Override
    public String name() {
        return "azure";
    }

    @Override
    public String description() {
        return "12 workers of 2 GPUs, 4,026 models of 64 kinds, SLO 100 ms, 10,000 requests/s in the mean with every fifth "
            + "minute at 12,000/s, Poisson inside each minute, a tenth of the load from periodic timers: the share that is not "
            + "in time, refusals included.";
    }

    @Override
    public void fillIn(final ScenarioOptions options) {
        options.warmupNs = options.warmupNs == null ? MixedArrivals.MINUTE_NS : options.warmupNs;
        if (options.requests != null) {
            final double rate = ScenarioOptions.or(options.rates, List.of(RATE_PER_S)).get(0);
            options.durationNs = (long) (options.requests / rate * S);
        }
        options.durationNs = options.durationNs == null ? DURATION_NS : options.durationNs;
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        final List<Case> cases = new ArrayList<>();
        final int models = ScenarioOptions.or(options.models, List.of(MODELS)).get(0);
        final long sloNs = ScenarioOptions.or(options.slosNs, List.of(SLO_NS)).get(0);
        for (final double rate : ScenarioOptions.or(options.rates, List.of(RATE_PER_S))) {
            cases.add(new Case() {
                @Override
                public String label() {
                    return Labels.number(rate) + "/s on " + options.gpus(GPUS);
                }

                @Override
                public CaseResult run(final SimOptions system, final Progress progress) {
                    system.gpus = options.gpus(GPUS);
                    return Azure.run(system, options, models, rate, sloNs, progress);
                }
            });
        }
        return cases;
    }

    @Override
    public List<String> legend() {
        return List.of(
            "mix: four functions a model, sorted by total and mapped in order; totals of the functions log-normal with sigma 4, "
                + "the ten largest alike (18.6 % of them make 99.7 % of the requests), or drawn from --trace FILE",
            "need: GPUs that the mix would need if work were fluid, over all and in the worst minute; it depends on --kind-seed",
            "missed: requests not answered in time, refusals included; per million: the same of a million",
            "models: those that had any counted request; cold: requests whose model was loaded after they had come");
    }

    private static CaseResult run(
        final SimOptions system, final ScenarioOptions options, final int models, final double rate, final long sloNs,
        final Progress progress) {
        final Mix mix = new Mix(options, models, system);
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> infos = Overload.register(simulated, mix.profiles, mix.kindOf);
            final ModelTally tally = ModelTally.ofStream(models, 0);
            final MixedArrivals arrivals = mix.functions.arrivals(rate, system.seed);
            final Workload workload = new Workload(List.of("all"), options.warmupNs(), options.durationNs())
                .add(0, arrivals, infos, arrivals, sloNs)
                .observer(tally);
            final RunResult result = simulated.run(workload, progress);
            int active = 0;
            for (int i = 0; i < models; i++) {
                active += tally.offered(i) > 0 ? 1 : 0;
            }
            final long missed = result.recorder().offered() - result.recorder().count(Outcome.IN_TIME);
            final double need = mix.need(rate, sloNs);
            final double worstNeed = mix.worstNeed(rate, sloNs, options.warmupNs(), options.durationNs());
            return new CaseResult(result.recorder(), result.durationNs(), result.attainment(), List.of(
                Metric.rate("need", need),
                Metric.rate("worst", worstNeed),
                Metric.percent("of GPUs %", worstNeed / system.gpus),
                Metric.count("requests", result.recorder().offered()),
                Metric.count("missed", missed),
                Metric.ratio("per million", missed * MILLION / Math.max(1, result.recorder().offered())),
                Metric.percent("in time %", result.attainment()),
                Metric.count("late", result.recorder().count(Outcome.LATE)),
                Metric.rate("in time/s", result.goodputPerS()),
                Metric.count("models", active),
                Metric.count("cold", result.recorder().coldStarts()),
                Metric.percent("busy %", result.executeBusy()),
                Metric.percent("loading %", result.loadBusy()),
                Metric.ratio("batch", result.meanBatch()),
                Metric.count("bad actions", result.actionsFailed())), List.of(mix.text(rate)));
        }
    }

    /** Models, their kinds and their popularities. */
    static final class Mix {
        final List<Profile> profiles = Overload.kinds();
        final int[] kindOf;
        final Kind[] kinds;
        final FunctionMix functions;

        Mix(final ScenarioOptions options, final int models, final SimOptions system) {
            kindOf = Overload.shuffledKinds(models, profiles.size(), options.kindSeed);
            kinds = new Kind[models];
            for (int i = 0; i < models; i++) {
                kinds[i] = new Kind(profiles.get(kindOf[i]), system);
            }
            functions = options.trace == null ? FunctionMix.builtIn(models)
                : FunctionMix.trace(options.trace, models, options.kindSeed);
        }

        double need(final double ratePerS, final long sloNs) {
            return FluidNeed.gpus(kinds, functions.rates(ratePerS), sloNs);
        }

        /** The most that a minute needs which lies in the counted part, or begins in it; of a long run the first day's. */
        double worstNeed(final double ratePerS, final long sloNs, final long warmupNs, final long durationNs) {
            final long first = warmupNs / MixedArrivals.MINUTE_NS;
            final long last = Math.min(first + DAY_MINUTES, (warmupNs + durationNs - 1) / MixedArrivals.MINUTE_NS);
            double worst = 0;
            for (long minute = first; minute <= last; minute++) {
                worst = Math.max(worst, FluidNeed.gpus(kinds, functions.rates(ratePerS, minute), sloNs));
            }
            return worst;
        }

        String text(final double ratePerS) {
            final StringBuilder text = new StringBuilder("most popular models at ").append(Labels.number(ratePerS)).append("/s:");
            final double[] rates = functions.rates(ratePerS);
            for (int i = 0; i < Math.min(8, rates.length); i++) {
                text.append(String.format(Locale.ROOT, " %s %.0f/s;", kinds[i].name(), rates[i]));
            }
            return text.toString();
        }
    }
}
