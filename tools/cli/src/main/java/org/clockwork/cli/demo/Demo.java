package org.clockwork.cli.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.clockwork.cli.load.ClientAgent;
import org.clockwork.cli.load.LiveRun;
import org.clockwork.cli.load.Phases;
import org.clockwork.cli.load.StreamPlan;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ControllerStatus;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.ClosedLoopArrivals;
import org.clockwork.loadgen.IntervalLog;
import org.clockwork.loadgen.LoadDriver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.Recorder;
import org.clockwork.loadgen.Summary;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.schema.Protocol;

/**
 * Serves real models to real inputs for some seconds and tells what became of each request: start, register, warm up,
 * serve, check. Run by the command's thread; the system itself runs on the threads of its plan.
 */
public final class Demo {
    /** Answers compared for each model, at least. */
    static final int SAMPLES = 20;

    private static final int INPUTS = 32;
    private static final int MAX_BATCH = 8;
    private static final int IN_FLIGHT = 4096;
    private static final long WARMUP_NS = TimeUnit.SECONDS.toNanos(3);
    private static final long SETTLE_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long START_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long TOP_UP_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final DemoOptions options;
    private final PrintStream out;
    private final Shutdown shutdown;
    private final long wallStartNs = System.nanoTime();

    /** A demonstration that prints to {@code out} and ends early when asked to shut down. */
    public Demo(final DemoOptions options, final PrintStream out, final Shutdown shutdown) {
        this.options = options;
        this.out = out;
        this.shutdown = shutdown;
    }

    /** Runs it; what came out is null if it was ended before it had begun to serve. */
    public DemoReport run() throws IOException {
        final Path directory = null != options.directory()
            ? Files.createDirectories(options.directory()) : Files.createTempDirectory("clockwork-demo");
        try (DemoSystem system = new DemoSystem(options, directory, out)) {
            final List<DemoModel> models = step("models",
                () -> DemoModels.create(directory.resolve("models"), options.seed(),
                    options.device() == DemoOptions.Device.CUDA_EMULATED));
            system.start();
            awaitReady(system.client());
            final List<DemoRow> rows = register(system.client(), models);
            return shutdown.isRequested() ? null : serve(system, rows);
        } finally {
            if (null == options.directory()) {
                DemoSystem.delete(directory);
            }
        }
    }

    private void awaitReady(final ClientAgent client) {
        final long limitNs = System.nanoTime() + START_LIMIT_NS;
        boolean isReady = false;
        while (!isReady && !shutdown.isRequested()) {
            isReady = client.isConnected() && !ClientAgent.await(client.status()).workers().isEmpty();
            if (System.nanoTime() - limitNs > 0) {
                throw new UserError("client and worker have not joined the controller within a minute: "
                    + ClientAgent.await(client.lastReason()));
            }
            LockSupport.parkNanos(POLL_NS);
        }
        out.printf(Locale.ROOT, "%5.1f s  client and worker have joined the controller%n", sinceStart());
    }

    private List<DemoRow> register(final ClientAgent client, final List<DemoModel> models) {
        final List<DemoRow> rows = new ArrayList<>();
        for (final DemoModel model : models) {
            if (shutdown.isRequested()) {
                break;
            }
            out.printf(Locale.ROOT, "%5.1f s  registering %s%s (%s)%n", sinceStart(), model.name(),
                model.count() > 1 ? "-0 to " + model.name() + '-' + (model.count() - 1) : "", model.about());
            final CompletableFuture<List<ModelInfo>> registered = client.register(
                model.registration(Protocol.NULL_NS, MAX_BATCH), new DemoProgress(out, model.name(), wallStartNs));
            while (!shutdown.isRequested() && !shutdown.awaitOr(registered, TimeUnit.SECONDS.toNanos(1))) {
                continue;
            }
            if (!registered.isDone()) {
                break;
            }
            ClientAgent.await(registered);
            final List<ModelInfo> infos = ClientAgent.await(client.models(model.name())).stream()
                .filter(ModelInfo::isReady)
                .filter(info -> model.isNamed(info.name()))
                .toList();
            if (infos.size() != model.count()) {
                throw new UserError("of " + model.count() + " models " + model.name() + ", " + infos.size() + " are ready");
            }
            rows.add(new DemoRow(model, infos, INPUTS, options.seed()));
            out.println(DemoText.ready(infos.get(0)));
        }
        return rows;
    }

    private DemoReport serve(final DemoSystem system, final List<DemoRow> rows) throws IOException {
        final ClientAgent client = system.client();
        warmUp(client, rows);
        if (shutdown.isRequested()) {
            return null;
        }
        final DemoLoad load = new DemoLoad(rows, options);
        out.println();
        out.println(load.text());
        final Recorder recorder = new Recorder(rows.stream().map(row -> row.model().name()).toList());
        final Phases phases = new Phases();
        final long durationNs = (long) (options.seconds() * 1e9);
        final LoadDriver driver;
        final ControllerStatus before;
        try (IntervalLog log = openLog(rows)) {
            recorder.intervalLog(log);
            final CompletableFuture<LoadDriver> ended = client.run(
                load.streams(), load.plans(), recorder, phases, IN_FLIGHT, SETTLE_NS, durationNs);
            out.printf(Locale.ROOT, "%5.1f s  serving for %.1f s%n", sinceStart(), options.seconds());
            shutdown.await(SETTLE_NS);
            before = ClientAgent.await(client.status());
            system.host().resetLongestCycle();
            driver = LiveRun.watch(client, ended, recorder, log, shutdown, durationNs);
        }
        final long longestCycleNs = system.host().longestCycleNs();
        final ControllerStatus after = ClientAgent.await(client.status());
        final Summary summary = Summary.of(recorder, new Summary.Run(
            driver.recordedNs(), System.nanoTime() - wallStartNs, options.seed(), options.commandLine(),
            org.clockwork.loadgen.Environment.capture(), true));
        topUpSamples(client, rows);
        out.printf(
            Locale.ROOT, "%5.1f s  comparing answers with ONNX Runtime run directly on the original files%n", sinceStart());
        final List<AnswerCheck> checks = rows.stream().map(AnswerCheck::of).toList();
        return new DemoReport(summary, load, phases, EngineBusy.between(before, after), checks,
            longestCycleNs, options, shutdown.isRequested());
    }

    /** Serves by the profiles, which are conservative; what the answers took then scales the load. */
    private void warmUp(final ClientAgent client, final List<DemoRow> rows) {
        out.printf(Locale.ROOT, "%5.1f s  warming up for %.0f s%n", sinceStart(), WARMUP_NS / 1e9);
        final DemoLoad load = new DemoLoad(rows, options.withRate(null));
        final CompletableFuture<LoadDriver> ended = client.run(load.streams(), load.plans(),
            new Recorder(rows.stream().map(row -> row.model().name()).toList()), null, IN_FLIGHT, 0, WARMUP_NS);
        if (shutdown.awaitOr(ended, START_LIMIT_NS) && shutdown.isRequested()) {
            ClientAgent.await(client.stop());
        }
        ClientAgent.await(ended);
    }

    /** Models that were asked too seldom for a sample get more requests, after the load and outside its summary. */
    private void topUpSamples(final ClientAgent client, final List<DemoRow> rows) {
        final long limitNs = System.nanoTime() + TOP_UP_LIMIT_NS;
        for (final DemoRow row : rows) {
            if (row.samples().count() < SAMPLES && !shutdown.isRequested()) {
                final int before = row.samples().count();
                final LoadStream stream = new LoadStream(
                    0, "sample", new ClosedLoopArrivals(1, 0, new Xoshiro(options.seed(), "sample")), DemoLoad.ids(row),
                    new int[row.infos().size()], Protocol.NULL_NS, new Xoshiro(options.seed(), "sample models"));
                final CompletableFuture<LoadDriver> ended = client.run(
                    List.of(stream), List.of(new StreamPlan(row.infos(), row.inputs(), 0, false, row)),
                    new Recorder(List.of("sample")), null, 1, 0, TOP_UP_LIMIT_NS);
                while (row.samples().count() < SAMPLES && !ended.isDone() && !shutdown.isRequested()
                    && System.nanoTime() - limitNs < 0) {
                    LockSupport.parkNanos(POLL_NS);
                }
                ClientAgent.await(client.stop());
                ClientAgent.await(ended);
                out.printf(Locale.ROOT, "%5.1f s  %s was asked %d times; sampled %d more answers after the load%n",
                    sinceStart(), row.model().name(), before, row.samples().count() - before);
            }
        }
    }

    private IntervalLog openLog(final List<DemoRow> rows) {
        return null == options.hlog() ? null : new IntervalLog(
            options.hlog(), rows.stream().map(row -> row.model().name()).toList(), options.commandLine(),
            System.currentTimeMillis() + TimeUnit.NANOSECONDS.toMillis(SETTLE_NS));
    }

    private <T> T step(final String what, final Step<T> step) throws IOException {
        out.printf(Locale.ROOT, "%5.1f s  preparing %s%n", sinceStart(), what);
        return step.run();
    }

    private double sinceStart() {
        return (System.nanoTime() - wallStartNs) / 1e9;
    }

    /** Something that may fail for want of a file. */
    @FunctionalInterface
    private interface Step<T> {
        T run() throws IOException;
    }
}
