package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.device.emulated.Profile;
import org.clockwork.device.emulated.ProfileTable;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.Xoshiro;

/** 400 models of all kinds whose popularity follows Zipf's law, offered up to eight times what twelve GPUs can serve. */
final class Overload implements Scenario {
    private static final int GPUS = 12;
    private static final int MODELS = 400;
    private static final double BASE_PER_S = 5_000;
    private static final long SLO_NS = 100_000_000L;
    private static final List<Double> FACTORS = List.of(0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0);
    /** A model below this many expected requests has no share that could be told from chance. */
    private static final double LEAST_EXPECTED = 100;

    @Override
    public String name() {
        return "overload";
    }

    @Override
    public String description() {
        return "Twelve GPUs, 400 models of 64 kinds, popularity by Zipf's law with exponent 1, offered 0.5 to 8 times 5,000 "
            + "requests/s: goodput must not fall when more is offered, and no model may be starved.";
    }

    @Override
    public List<Case> cases(final ScenarioOptions options) {
        final List<Case> cases = new ArrayList<>();
        final List<Double> rates = ScenarioOptions.or(
            options.rates, FACTORS.stream().map(factor -> factor * BASE_PER_S).toList());
        final int models = ScenarioOptions.or(options.models, List.of(MODELS)).get(0);
        final long sloNs = ScenarioOptions.or(options.slosNs, List.of(SLO_NS)).get(0);
        for (final double rate : rates) {
            cases.add(new Case() {
                @Override
                public String label() {
                    return Labels.number(rate) + "/s";
                }

                @Override
                public CaseResult run(final SimOptions system, final Progress progress) {
                    system.gpus = options.gpus(GPUS);
                    return Overload.run(system, options, models, rate, sloNs, progress);
                }
            });
        }
        return cases;
    }

    @Override
    public List<String> legend() {
        return List.of(
            "case: requests/s offered over all models (Poisson, SLO 100 ms unless --slo)",
            "bound: what the GPUs serve of the mix in the proportions of the demand if each kind runs at its best batch "
                + "without a gap",
            "most: what they serve if the cheapest requests are served first and the others not at all, in batches that rates "
                + "allow",
            "max-min: what they serve if device time is shared max-min fairly among the models, in batches that rates allow",
            "fair: lowest answers in time of a model as a share of its max-min fair ones; below half: models under 0.5 (of those "
                + "with at least 100 expected requests)");
    }

    private static CaseResult run(
        final SimOptions system, final ScenarioOptions options, final int models, final double rate, final long sloNs,
        final Progress progress) {
        final List<Profile> profiles = kinds();
        final Kind[] kinds = new Kind[models];
        final int[] kindOf = shuffledKinds(models, profiles.size(), system.seed);
        final double[] weights = new double[models];
        for (int i = 0; i < models; i++) {
            kinds[i] = new Kind(profiles.get(kindOf[i]), system);
            weights[i] = 1.0 / (i + 1);
        }
        try (SimSystem simulated = new SimSystem(system)) {
            final List<ModelInfo> infos = register(simulated, profiles, kindOf);
            final ModelTally tally = ModelTally.ofStream(models, 0);
            final Workload workload = new Workload(List.of("all"), options.warmupNs(), options.durationNs())
                .add(0, new PoissonArrivals(rate, new Xoshiro(system.seed, "arrivals")), infos,
                    ModelChoice.weighted(weights, new Xoshiro(system.seed, "models")), sloNs)
                .observer(tally);
            final RunResult result = simulated.run(workload, progress);
            final FairShares shares = new FairShares(kinds, rates(weights, rate), system.gpus, sloNs);
            final double seconds = options.durationNs() / 1e9;
            double least = Double.POSITIVE_INFINITY;
            int below = 0;
            for (int i = 0; i < models; i++) {
                final double fair = Math.min(shares.perSecond(i) * seconds, tally.offered(i));
                if (rate * weights[i] / sum(weights) * seconds >= LEAST_EXPECTED && fair > 0) {
                    final double share = tally.inTime(i) / fair;
                    least = Math.min(least, share);
                    below += share < 0.5 ? 1 : 0;
                }
            }
            final long answers = result.recorder().count(Outcome.IN_TIME) + result.recorder().count(Outcome.LATE);
            return new CaseResult(result, result.goodputPerS(), List.of(
                Metric.rate("in time/s", result.goodputPerS()),
                Metric.rate("bound/s", shares.proportionalPerSecond()),
                Metric.percent("of bound %", result.goodputPerS() / shares.proportionalPerSecond()),
                Metric.rate("max-min/s", shares.totalPerSecond()),
                Metric.rate("most/s", shares.mostPerSecond()),
                Metric.percent("of offered %", result.attainment()),
                Metric.percent("answers in time %",
                    answers == 0 ? 1 : (double) result.recorder().count(Outcome.IN_TIME) / answers),
                Metric.ratio("fair", least),
                Metric.count("below half", below),
                Metric.percent("busy %", result.executeBusy()),
                Metric.ratio("batch", result.meanBatch()),
                Metric.rate("loads/s", result.loads() / seconds),
                Metric.count("bad actions", result.actionsFailed())));
        }
    }

    /** All kinds of the published table. */
    static List<Profile> kinds() {
        return ProfileTable.published().profiles().stream().filter(profile -> !Profile.ZERO.equals(profile.name())).toList();
    }

    /** Model i is of kind i mod kinds in an order shuffled by the seed. */
    static int[] shuffledKinds(final int models, final int kinds, final long seed) {
        final Xoshiro random = new Xoshiro(seed, "kinds");
        final int[] kindOf = new int[models];
        for (int i = 0; i < models; i++) {
            kindOf[i] = i % kinds;
        }
        for (int i = models - 1; i > 0; i--) {
            final int other = random.nextInt(i + 1);
            final int kind = kindOf[i];
            kindOf[i] = kindOf[other];
            kindOf[other] = kind;
        }
        return kindOf;
    }

    /** Registers models of several kinds; the answer is in the order of the models. */
    static List<ModelInfo> register(final SimSystem simulated, final List<Profile> profiles, final int[] kindOf) {
        final int[] counts = new int[profiles.size()];
        for (final int kind : kindOf) {
            counts[kind]++;
        }
        final List<RegisterSpec> specs = new ArrayList<>();
        final int[] specOf = new int[profiles.size()];
        for (int kind = 0; kind < counts.length; kind++) {
            if (counts[kind] > 0) {
                specOf[kind] = specs.size();
                final String name = profiles.get(kind).name();
                specs.add(RegisterSpec.profile(name, name).count(counts[kind]));
            }
        }
        final List<List<ModelInfo>> registered = simulated.register(specs);
        final int[] taken = new int[profiles.size()];
        final List<ModelInfo> models = new ArrayList<>();
        for (final int kind : kindOf) {
            models.add(registered.get(specOf[kind]).get(taken[kind]++));
        }
        return models;
    }

    private static double[] rates(final double[] weights, final double rate) {
        final double sum = sum(weights);
        final double[] rates = new double[weights.length];
        for (int i = 0; i < rates.length; i++) {
            rates[i] = rate * weights[i] / sum;
        }
        return rates;
    }

    private static double sum(final double[] weights) {
        double sum = 0;
        for (final double weight : weights) {
            sum += weight;
        }
        return sum;
    }
}
