package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.MixedArrivals;
import org.clockwork.loadgen.Recorder;

/** The fewest devices with which a policy answers nearly all in time: a search for each mix and each share. */
final class GpusNeeded implements Scenario {
    private static final double[] SHARES = {0.99, 0.9999};
    private static final double VARIATION = 4;
    private static final long WARMUP_NS = 20_000_000_000L;
    private static final long DURATION_NS = 90_000_000_000L;
    private static final int MOST_GPUS = 1_024;

    @Override
    public String name() {
        return "gpus-needed";
    }

    @Override
    public String description() {
        return "The fewest GPUs with which 99 % and 99.99 % of the requests are in time, for the mix of the scenario azure "
            + "and for the same models in bursts: gamma-distributed times between its requests, coefficient of variation 4.";
    }

    @Override
    public void fillIn(final ScenarioOptions options) {
        options.warmupNs = options.warmupNs == null ? WARMUP_NS : options.warmupNs;
        options.durationNs = options.durationNs == null ? DURATION_NS : options.durationNs;
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        final List<Case> cases = new ArrayList<>();
        for (final double rate : ScenarioOptions.or(options.rates, List.of(Azure.RATE_PER_S))) {
            cases.add(one("mix at " + Labels.number(rate) + "/s", options, rate, false));
            cases.add(one("bursts at " + Labels.number(rate) + "/s", options, rate, true));
        }
        return cases;
    }

    @Override
    public List<String> legend() {
        return List.of(
            "need: GPUs that the mix would need if work were fluid, at the mean rate; see azure",
            "bound: fewer than these no policy could do with, on these very arrivals",
            "for 99 %, for 99.99 %: the fewest GPUs that reached it, one fewer having been tried and found too few");
    }

    private static Case one(final String label, final ScenarioOptions options, final double rate, final boolean isBursts) {
        return new Case() {
            @Override
            public String label() {
                return label;
            }

            @Override
            public CaseResult run(final SimOptions system, final Progress progress) {
                return new Search(options, system, rate, isBursts, progress).run();
            }
        };
    }

    /** One search: each number of devices is run once at most. */
    private static final class Search {
        private final ScenarioOptions options;
        private final SimOptions system;
        private final double rate;
        private final boolean isBursts;
        private final Progress progress;
        private final Azure.Mix mix;
        private final Map<Integer, Double> attained = new TreeMap<>();
        private final Recorder recorder = new Recorder(List.of("all"));
        private final List<String> tried = new ArrayList<>();
        private long durationNs;

        Search(
            final ScenarioOptions options, final SimOptions system, final double rate, final boolean isBursts,
            final Progress progress) {
            this.options = options;
            this.system = system;
            this.rate = rate;
            this.isBursts = isBursts;
            this.progress = progress;
            mix = new Azure.Mix(options, ScenarioOptions.or(options.models, List.of(Azure.MODELS)).get(0), system);
        }

        CaseResult run() {
            final double need = mix.need(rate, Azure.SLO_NS);
            final MixedArrivals arrivals = arrivals(system.seed);
            final FewestDevices bound = new FewestDevices(
                arrivals, arrivals, mix.kinds, Azure.SLO_NS, options.warmupNs(), options.durationNs());
            final int[] gpus = new int[SHARES.length];
            int from = Math.max(1, (int) Math.ceil(need));
            for (int i = 0; i < SHARES.length; i++) {
                gpus[i] = fewest(SHARES[i], from);
                from = gpus[i];
            }
            attained.forEach((count, share) -> tried.add(count + " GPUs: " + Metric.percent("", share).text() + " % in time"));
            return new CaseResult(recorder, durationNs, -gpus[0] - gpus[1], List.of(
                Metric.rate("need", need),
                Metric.count("bound 99 %", bound.forShare(SHARES[0])),
                Metric.count("for 99 %", gpus[0]),
                Metric.count("bound 99.99 %", bound.forShare(SHARES[1])),
                Metric.count("for 99.99 %", gpus[1]),
                Metric.percent("% in time 1", attained.get(gpus[0])),
                Metric.percent("% in time 2", attained.get(gpus[1]))), List.of(String.join("; ", tried)));
        }

        /** Doubles the step until both sides are known, then halves the gap. */
        private int fewest(final double share, final int start) {
            int enough = start;
            int tooFew = start - 1;
            for (int step = 1; attained(enough) < share; step *= 2) {
                tooFew = enough;
                enough += step;
                if (enough > MOST_GPUS) {
                    throw new IllegalStateException("no " + MOST_GPUS + " GPUs answer " + share + " in time");
                }
            }
            for (int step = 1; tooFew > 0 && attained(tooFew) >= share; step *= 2) {
                enough = tooFew;
                tooFew = Math.max(0, tooFew - step);
            }
            while (enough - tooFew > 1) {
                final int middle = (enough + tooFew) >>> 1;
                if (attained(middle) >= share) {
                    enough = middle;
                } else {
                    tooFew = middle;
                }
            }
            return enough;
        }

        private MixedArrivals arrivals(final long seed) {
            return isBursts ? mix.functions.bursts(rate, VARIATION, seed) : mix.functions.arrivals(rate, seed);
        }

        private double attained(final int gpus) {
            final Double known = attained.get(gpus);
            if (known != null) {
                return known;
            }
            final SimOptions one = system.copy();
            one.gpus = gpus;
            try (SimSystem simulated = new SimSystem(one)) {
                final List<ModelInfo> infos = Overload.register(simulated, mix.profiles, mix.kindOf);
                final MixedArrivals arrivals = arrivals(one.seed);
                final RunResult result = simulated.run(
                    new Workload(List.of("all"), options.warmupNs(), options.durationNs())
                        .add(0, arrivals, infos, arrivals, Azure.SLO_NS), progress);
                recorder.addTo(0, result.recorder());
                durationNs += result.durationNs();
                attained.put(gpus, result.attainment());
                return result.attainment();
            }
        }
    }
}
