package org.clockwork.sim.scenario;

import java.nio.file.Path;
import java.util.List;

/** What is asked of a scenario: plain fields; null means the scenario's own default. Filled in once by the command. */
public final class ScenarioOptions {
    /** Default length of the counted part. */
    public static final long DURATION_NS = 60_000_000_000L;
    /** Default of {@link #kindSeed}: one whose mix needs less than 80 % of 24 GPUs at 12,000 requests/s. */
    public static final long KIND_SEED = 165;
    /** Default length of the load before it. */
    public static final long WARMUP_NS = 5_000_000_000L;

    /** The simulated system; its policy, look-ahead, seed and devices are filled in for each run. */
    public SimOptions system = new SimOptions();
    /** Policies to run, one after the other. */
    public List<String> policies = List.of("slack");
    /** Look-aheads to run, of which the best is reported; null for each policy's default. */
    public List<Long> lookAheadsNs;
    /** First seed. */
    public long seed = 1;
    /** Number of seeds. */
    public int seeds = 1;
    /** Length of the counted part. */
    public Long durationNs;
    /** Length of the load before it. */
    public Long warmupNs;
    /** Devices. */
    public Integer gpus;
    /** SLOs to run. */
    public List<Long> slosNs;
    /** SLOs to run, as multiples of the time of an execution alone. */
    public List<Double> multiples;
    /** Rates to run, over all models. */
    public List<Double> rates;
    /** Numbers of models to run. */
    public List<Integer> models;
    /** Numbers of active models to run. */
    public List<Integer> active;

    /** Seed of the order of the models' kinds, and of what is drawn from a trace. */
    public long kindSeed = KIND_SEED;
    /** Trace in the format of Azure Functions 2019; null for the built-in mix. */
    public Path trace;
    /** Requests of the counted part, in place of its length. */
    public Long requests;

    long durationNs() {
        return durationNs == null ? DURATION_NS : durationNs;
    }

    long warmupNs() {
        return warmupNs == null ? WARMUP_NS : warmupNs;
    }

    int gpus(final int standard) {
        return gpus == null ? standard : gpus;
    }

    static <T> List<T> or(final List<T> asked, final List<T> standard) {
        return asked == null || asked.isEmpty() ? standard : asked;
    }

    /** Fills in length and warm-up where none was asked for. */
    void length(final long standardWarmupNs, final long standardNs) {
        warmupNs = warmupNs == null ? standardWarmupNs : warmupNs;
        durationNs = durationNs == null ? standardNs : durationNs;
    }

    /** Checks what can be wrong whatever the scenario; the message of the exception is a sentence. */
    public void check() {
        system.check();
        check(seeds >= 1 && seeds <= 1000, "--seeds is 1 to 1000");
        check(durationNs() > 0, "--duration is positive");
        check(warmupNs() >= 0, "--warm-up is not negative");
        check(requests == null || requests > 0, "--requests is positive");
        check(gpus == null || gpus >= 1 && gpus <= 4096, "--gpus is 1 to 4096");
        check(slosNs == null || slosNs.stream().allMatch(slo -> slo > 0), "--slo is positive");
        check(multiples == null || multiples.stream().allMatch(multiple -> multiple > 0), "--multiple is positive");
        check(rates == null || rates.stream().allMatch(rate -> rate > 0), "--rate is positive");
        check(models == null || models.stream().allMatch(count -> count > 0), "--models is positive");
        check(active == null || active.stream().allMatch(count -> count > 0), "--active is positive");
        check(lookAheadsNs == null || lookAheadsNs.stream().allMatch(ns -> ns >= 0), "--look-ahead is not negative");
    }

    private static void check(final boolean holds, final String sentence) {
        if (!holds) {
            throw new IllegalArgumentException(sentence);
        }
    }
}
