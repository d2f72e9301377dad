package org.clockwork.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.cli.load.LiveRun;
import org.clockwork.cli.load.Phases;
import org.clockwork.cli.load.PreparedInputs;
import org.clockwork.cli.load.StreamPlan;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.Arrivals;
import org.clockwork.loadgen.ClosedLoopArrivals;
import org.clockwork.loadgen.FixedRateArrivals;
import org.clockwork.loadgen.IntervalLog;
import org.clockwork.loadgen.LoadDriver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.Recorder;
import org.clockwork.loadgen.Summary;
import org.clockwork.loadgen.SummaryText;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.schema.Protocol;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Model.CommandSpec;

/** Makes load on registered models and ends with its summary. */
@Command(
    name = "load",
    description = "Makes load on registered models; ends with a summary of what became of each request.",
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork load resnet --rate 50 --slo 100ms --seconds 30",
        "  clockwork load 'emulated/*' --rate 2000 --slo 100ms --json result.json",
        "  clockwork load resnet --clients 16 --think 10ms --input picture.f32",
        "  clockwork load zero --rate 1000          (the round trip: a profile of no execution time)",
        "",
        "Exit code: 0 if no request failed, else 1. Latencies count from the intended send time."
    })
final class LoadCommand implements Callable<Integer> {
    private static final long CLOSE_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final int MAX_GROUPS = 50;
    private static final long MAX_INPUTS_BYTES = 1L << 30;

    @Mixin
    private CommonOptions common;
    @Mixin
    private ClientOptions client;
    @Mixin
    private ProcessOptions process;
    @Spec
    private CommandSpec command;

    @Parameters(arity = "1..*", paramLabel = "MODEL", description = "Names of ready models; name* stands for all that start so.")
    private List<String> names;

    @Option(names = "--rate", paramLabel = "PER-SECOND", description = "Open loop: requests per second over all models.")
    private Double rate;

    @Option(names = "--fixed", description = "Open loop with equal gaps. Default: Poisson.")
    private boolean isFixed;

    @Option(names = "--clients", paramLabel = "N", description = "Closed loop: each of N clients waits for its answer.")
    private Integer clients;

    @Option(
        names = "--think", paramLabel = "DURATION", defaultValue = "0s", converter = DurationConverter.class,
        description = "Closed loop: mean pause before the next request. Default: ${DEFAULT-VALUE}.")
    private long thinkNs;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "10", description = "Length. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(
        names = "--warmup", paramLabel = "DURATION", defaultValue = "1s", converter = DurationConverter.class,
        description = "Load before that which is not recorded. Default: ${DEFAULT-VALUE}.")
    private long warmupNs;

    @Option(
        names = "--slo", paramLabel = "DURATION", converter = DurationConverter.class,
        description = "SLO of each request. Default: none.")
    private Long sloNs;

    @Option(
        names = "--in-flight", paramLabel = "N", defaultValue = "1024",
        description = "Most requests in flight; what is due beyond waits. Default: ${DEFAULT-VALUE}.")
    private int inFlight;

    @Option(
        names = "--input", paramLabel = "FILE",
        description = "Raw inputs, one after the other, used in turn. Default: the worker generates inputs.")
    private Path inputFile;

    @Option(names = "--generated", description = "The worker generates inputs and outputs stay there (the default).")
    private boolean isGenerated;

    @Option(names = "--outputs", description = "Returns outputs although inputs are generated.")
    private boolean isReturningOutputs;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of all randomness. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the summary for programs.")
    private Path jsonFile;

    @Option(names = "--hlog", paramLabel = "FILE", description = "Also writes an HdrHistogram interval log, a line a second.")
    private Path hlogFile;

    @Override
    public Integer call() throws IOException {
        check();
        final long wallStartNs = System.nanoTime();
        final Shutdown shutdown = new Shutdown(CLOSE_LIMIT_NS).arm();
        int exitCode = UserError.FAILED;
        final ClockworkClient.Context context = client.context("load").maxInFlight(inFlight);
        try (ClientSession session = ClientSession.open("load", client, context, process, shutdown, System.out)) {
            final List<ModelInfo> models = Models.matching(session.agent(), names);
            final PreparedInputs inputs = inputs(models);
            final List<String> groups = models.size() <= MAX_GROUPS ? models.stream().map(ModelInfo::name).toList() : names;
            final Recorder recorder = new Recorder(groups);
            final Phases phases = new Phases();
            final IntervalLog log = null == hlogFile ? null
                : new IntervalLog(hlogFile, groups, LiveRun.commandLine(command), System.currentTimeMillis());
            final LoadDriver driver;
            try (log) {
                recorder.intervalLog(log);
                final CompletableFuture<LoadDriver> ended = session.agent().run(
                    List.of(stream(models, groups)),
                    List.of(new StreamPlan(models, inputs, seed, null == inputs && !isReturningOutputs, null)),
                    recorder, phases, inFlight, warmupNs, durationNs());
                System.out.printf(
                    Locale.ROOT, "%s for %.1f s after a warm-up of %.1f s%n", describe(models), seconds, warmupNs / 1e9);
                driver = LiveRun.watch(session.agent(), ended, recorder, log, shutdown, warmupNs + durationNs());
            }
            final Summary summary = Summary.of(recorder, LiveRun.about(command, driver, seed, wallStartNs));
            System.out.println(SummaryText.of(summary));
            System.out.println();
            System.out.println(phases.text());
            write(summary, phases);
            exitCode = 0 == summary.total().failed() && 0 == summary.total().missing() ? 0 : UserError.FAILED;
            return exitCode;
        } finally {
            shutdown.finished(exitCode);
        }
    }

    private void write(final Summary summary, final Phases phases) throws IOException {
        if (null != hlogFile) {
            System.out.println("interval log: " + hlogFile.toAbsolutePath());
        }
        if (null != jsonFile) {
            final ObjectNode json = summary.toJson();
            phases.putTo(json);
            Summary.write(json, jsonFile);
        }
    }

    private void check() {
        if ((null == rate) == (null == clients)) {
            throw new UserError(UserError.USAGE, "choose an open loop with --rate or a closed loop with --clients", null);
        }
        if (null != rate && !(rate > 0) || null != clients && clients < 1 || !(seconds > 0) || inFlight < 1) {
            throw new UserError(UserError.USAGE, "--rate, --clients, --seconds and --in-flight are positive", null);
        }
        if (null != sloNs && sloNs <= 0) {
            throw new UserError(UserError.USAGE, "--slo is positive, or absent", null);
        }
        if (null != inputFile && isGenerated) {
            throw new UserError(UserError.USAGE, "choose --input or --generated", null);
        }
    }

    private long durationNs() {
        return (long) (seconds * 1e9);
    }

    private LoadStream stream(final List<ModelInfo> models, final List<String> groups) {
        final Arrivals arrivals;
        if (null != clients) {
            arrivals = new ClosedLoopArrivals(clients, thinkNs, new Xoshiro(seed, "think"));
        } else if (isFixed) {
            arrivals = new FixedRateArrivals(rate, 0.5);
        } else {
            arrivals = new PoissonArrivals(rate, new Xoshiro(seed, "arrivals"));
        }
        final long[] ids = models.stream().mapToLong(ModelInfo::modelId).toArray();
        final int[] groupOf = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            groupOf[i] = models.size() <= MAX_GROUPS ? i : patternOf(models.get(i).name(), groups);
        }
        return new LoadStream(
            0, "load", arrivals, ids, groupOf, null == sloNs ? Protocol.NULL_NS : sloNs, new Xoshiro(seed, "models"));
    }

    private static int patternOf(final String name, final List<String> patterns) {
        for (int i = 0; i < patterns.size(); i++) {
            final String pattern = patterns.get(i);
            if (pattern.endsWith("*") ? name.startsWith(pattern.substring(0, pattern.length() - 1)) : name.equals(pattern)) {
                return i;
            }
        }
        return 0;
    }

    private PreparedInputs inputs(final List<ModelInfo> models) throws IOException {
        if (null == inputFile) {
            return null;
        }
        final long wanted = models.get(0).inputBytes();
        if (models.stream().anyMatch(model -> model.inputBytes() != wanted)) {
            throw new UserError(UserError.USAGE, "with --input, all models must take inputs of the same size", null);
        }
        final long size = Files.size(inputFile);
        if (0 == size || size % wanted != 0 || size > MAX_INPUTS_BYTES) {
            throw new UserError(UserError.USAGE, "the input file " + inputFile + " has " + size
                + " bytes, which is no whole number of inputs of " + wanted + " bytes (at most 1 GiB)", null);
        }
        return new PreparedInputs(new UnsafeBuffer(Files.readAllBytes(inputFile)), Math.toIntExact(wanted));
    }

    private String describe(final List<ModelInfo> models) {
        final String what = 1 == models.size() ? models.get(0).name() : models.size() + " models";
        return what + ": " + (null != clients ? clients + " clients, closed loop"
            : String.format(Locale.ROOT, "%.1f requests/s, %s", rate, isFixed ? "fixed gaps" : "Poisson"));
    }
}
