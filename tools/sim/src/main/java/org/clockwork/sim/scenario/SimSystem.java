package org.clockwork.sim.scenario;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.controller.PathFigures;
import org.clockwork.controller.RequestPath;
import org.clockwork.controller.storage.MemoryFiles;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.device.emulated.PcieSharing;
import org.clockwork.device.emulated.ProfileTable;
import org.clockwork.loadgen.LoadDriver;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.LinkFaults;
import org.clockwork.sim.check.ActionLog;
import org.clockwork.sim.check.RequestLedger;
import org.clockwork.sim.cluster.GeneratedLoad;
import org.clockwork.sim.cluster.SimCluster;
import org.clockwork.sim.cluster.SimNode;
import org.clockwork.sim.time.NodeClock;
import org.clockwork.worker.WorkerCounters;
import org.clockwork.worker.session.SessionRefusedException;

/**
 * One simulated system: a controller, workers with emulated devices, and a client process that stands for all clients.
 * Nothing is written to a disk. Single-threaded; from the same options and calls follows the same run.
 */
public final class SimSystem implements AutoCloseable {
    private static final long MS = 1_000_000L;
    private static final long S = 1_000 * MS;
    private static final long CONNECT_LIMIT_NS = 10 * S;
    private static final long REGISTER_LIMIT_NS = 600 * S;
    private static final long DRAIN_LIMIT_NS = 120 * S;
    private static final long REQUEST_TIMEOUT_NS = 3_600 * S;
    private static final int MAX_IN_FLIGHT = 65_536;
    private static final int MAX_EXCHANGES = 256;
    private static final int MAX_WAITING_MESSAGES = 65_536;
    /** Inputs are generated and outputs left out: next to no bytes of theirs are on the way. */
    private static final long CONTROLLER_ARENA_BYTES = 4L << 20;
    /** Writing thousands of models as text costs real time: less often than by default. */
    private static final long PROFILE_SAVE_NS = 3_600 * S;
    private static final int CLIENT_ARENA_BYTES = 1 << 20;
    private static final long WORKER_ARENA_BYTES = 1 << 17;
    /** As many as the controller gives a device at most. */
    private static final int WORKER_ACTIONS = 128;
    private static final long SLICE_NS = 100 * MS;

    private final SimOptions options;
    private final Hops hops;
    private final LinkFaults faults;
    private final SimCluster cluster;
    private final MemoryFiles files = new MemoryFiles();
    private final List<Machine> machines = new ArrayList<>();
    private SimNode controller;
    private final SimNode client;
    private final GeneratedLoad load;
    private final ActionLog actionLog;
    private final RequestLedger ledger;
    private final ProfileTable profiles = ProfileTable.published();
    private boolean isControllerUp;
    private long inTime;
    private long controllerNs;
    private final List<WorkerCounters.InMemory> counters = new ArrayList<>();
    private final List<Integer> devices = new ArrayList<>();

    /** A system that is up: all workers have joined, the client is connected. */
    public SimSystem(final SimOptions options) {
        options.check();
        this.options = options;
        hops = new Hops(options);
        faults = new LinkFaults(options.seed, hops);
        cluster = new SimCluster(Path.of("simulated"), faults);
        actionLog = options.checkLog.nextLog();
        startController();
        startWorkers();
        ledger = cluster.checkers().ledger();
        load = new GeneratedLoad(cluster.time()).ledger(ledger);
        client = cluster.startClient(load, load, context -> context
            .maxInFlight(MAX_IN_FLIGHT).maxExchanges(MAX_EXCHANGES).requestTimeoutNs(REQUEST_TIMEOUT_NS)
            .outputArenaBytes(CLIENT_ARENA_BYTES)
            .registrationTimeoutNs(REGISTER_LIMIT_NS));
        check(cluster.runUntil(() -> client.client().isConnected(), CONNECT_LIMIT_NS), "the client did not connect");
    }

    /** Registers models; returns when all of them are ready, in the order of their numbers. */
    public List<ModelInfo> register(final String name, final String profile, final int count) {
        return register(List.of(RegisterSpec.profile(name, profile).count(count))).get(0);
    }

    /** Registers several kinds of models at once; returns when all of them are ready. */
    public List<List<ModelInfo>> register(final List<RegisterSpec> specs) {
        final List<List<ModelInfo>> models = new ArrayList<>();
        final int[] ended = new int[1];
        for (int i = 0; i < specs.size(); i++) {
            models.add(List.of());
        }
        for (int i = 0; i < specs.size(); i++) {
            final int index = i;
            final long id = client.client().register(specs.get(i), (status, detail, registered) -> {
                check(status == Status.OK, "a registration ended " + status + ": " + detail);
                models.set(index, List.copyOf(registered));
                ended[0]++;
            });
            check(id > 0, "a registration was refused by the client: " + id);
        }
        cluster.wake(client);
        check(cluster.runUntil(() -> ended[0] == specs.size(), REGISTER_LIMIT_NS), "registering took too long");
        return models;
    }

    /** Sends a workload and waits until each request has ended. */
    public RunResult run(final Workload workload, final Progress progress) {
        final long startNs = cluster.time().nanoTime();
        final LoadDriver driver = new LoadDriver(workload.streams(), load, workload.recorder(), MAX_IN_FLIGHT, startNs,
            workload.warmupNs(), workload.durationNs()).observer(workload.observer());
        load.start(driver, workload.models());
        cluster.wake(client);
        runUntil(startNs + workload.warmupNs(), startNs, workload, progress);
        final Counts before = new Counts();
        runUntil(startNs + workload.warmupNs() + workload.durationNs(), startNs, workload, progress);
        final Counts after = new Counts();
        controllerNs = after.controllerNs - before.controllerNs;
        cluster.runUntil(() -> driver.isDone(cluster.time().nanoTime()), DRAIN_LIMIT_NS);
        final List<Throwable> errors = cluster.errors().stream().filter(error -> !isExpected(error)).toList();
        check(errors.isEmpty(), "an agent reported an error: " + errors);
        check(driver.unknownEnds() == 0, driver.unknownEnds() + " requests ended twice");
        checkQuiet(workload);
        return new RunResult(workload.recorder(), driver.recordedNs(), options.gpus,
            after.executeBusyNs - before.executeBusyNs, after.loadBusyNs - before.loadBusyNs,
            after.infers - before.infers, after.loads - before.loads, figures().actionsFailed);
    }

    /** Measures the real time of the controller's duty cycles from now on. */
    public void meter(final LongSupplier realClock) {
        controller.meter(realClock);
    }

    /** Real time of the controller's duty cycles in the counted part of the last run, if it is measured. */
    public long controllerNs() {
        return controllerNs;
    }

    /** Duty cycles of the controller that were left out since they were interrupted. */
    public long skippedCycles() {
        return controller.skippedCycles();
    }

    /** What the controller has counted. */
    public PathFigures figures() {
        return controller.controller().agent().requestPath().figures();
    }

    /** Virtual time since the start. */
    public long elapsedNs() {
        return cluster.time().elapsedNs();
    }

    /** What the checkers found is told, once: after the last run. */
    @Override
    public void close() {
        options.checkLog.add(options, cluster.checkers(), actionLog);
        actionLog.close();
        cluster.close();
    }

    private void checkQuiet(final Workload workload) {
        final RequestPath path = controller.controller().agent().requestPath();
        cluster.runUntil(() -> cluster.checkers().isQuiet(path), DRAIN_LIMIT_NS);
        cluster.checkers().checkQuiet(path);
        inTime += workload.recorder().count(Outcome.IN_TIME);
        ledger.compare(inTime);
    }

    /** Faults of the links; none until it is told. */
    public LinkFaults faults() {
        return faults;
    }

    /** Workers that there are when all run. */
    public int workers() {
        return machines.size();
    }

    /** Kills a worker's process, or starts a new one on its machine. Repeating is harmless. */
    public void worker(final int index, final boolean mustRun) {
        final Machine machine = machines.get(index);
        if (mustRun && machine.node == null) {
            machine.start();
        } else if (!mustRun && machine.node != null) {
            cluster.kill(machine.node);
            machine.node = null;
        }
    }

    /** Kills the controller, or starts a new one over the files of the last. Repeating is harmless. */
    public void controller(final boolean mustRun) {
        if (mustRun && !isControllerUp) {
            startController();
        } else if (!mustRun && isControllerUp) {
            isControllerUp = false;
            cluster.kill(controller);
            controller.controller().close();
        }
    }

    /** Sets the clock of a worker's machine forward, or back. */
    public void stepClock(final int index, final long byNs) {
        machines.get(index).clock.step(byNs);
        if (machines.get(index).node != null) {
            cluster.wake(machines.get(index).node);
        }
    }

    /** Makes what a worker's devices begin from now on take that many times as long. */
    public void slowness(final int index, final double factor) {
        machines.get(index).slowness = factor;
    }

    /** A worker whose link broke may come back before its controller has missed it, and is told to try again. */
    private boolean isExpected(final Throwable error) {
        return faults.faults() > 0 && error instanceof SessionRefusedException;
    }

    private void startController() {
        isControllerUp = true;
        controller = cluster.startController(context -> context
            .filePort(files)
            .profileSaveNs(PROFILE_SAVE_NS)
            .maxInFlight(MAX_IN_FLIGHT)
            .maxWorkers(2 * options.gpus + 1)
            .maxDevices(2 * options.gpus + 1)
            .requestPath().observer(actionLog)
            .policy(options.policy).lookAheadNs(options.lookAheadNs).maxRequests(2 * MAX_IN_FLIGHT)
            .maxWaitingMessages(MAX_WAITING_MESSAGES).arenaBytes(CONTROLLER_ARENA_BYTES));
        final PathFigures figures = figures();
        controller.cycleCost(new SimNode.CycleCost() {
            private long seen;

            @Override
            public long costNs(final long nowNs) {
                final long before = seen;
                seen = figures.requests + figures.infers + figures.loads + figures.unloads + figures.profiles;
                return hops.cycleCostNs(seen - before, nowNs);
            }
        });
    }

    private void startWorkers() {
        final Xoshiro clocks = new Xoshiro(options.seed, "clocks");
        final Xoshiro seeds = new Xoshiro(options.seed, "devices");
        for (int first = 0; first < options.gpus; first += options.gpusPerWorker) {
            final int gpus = Math.min(options.gpusPerWorker, options.gpus - first);
            final long offsetNs = (long) ((2 * clocks.nextDouble() - 1) * options.clockOffsetNs);
            final int driftPpb = (int) ((2 * clocks.nextDouble() - 1) * options.clockDriftPpb);
            final Machine machine = new Machine(gpus, new NodeClock(cluster.time(), offsetNs, driftPpb), seeds.nextLong());
            machines.add(machine);
            machine.start();
        }
    }

    /** What a worker's process runs on: its clock and devices outlive it. */
    private final class Machine {
        private final int gpus;
        private final NodeClock clock;
        private final long seed;
        private double slowness = 1;
        private int starts;
        private SimNode node;

        Machine(final int gpus, final NodeClock clock, final long seed) {
            this.gpus = gpus;
            this.clock = clock;
            this.seed = seed;
        }

        void start() {
            final WorkerCounters.InMemory counts = new WorkerCounters.InMemory();
            node = cluster.startWorker(
                new EmulatedBackend(new EmulatedContext()
                    .devices(gpus)
                    .profiles(profiles)
                    .seed(seed + starts++)
                    .memoryBytes(options.memoryBytes)
                    .pcieBytesPerSecond(options.pcieBytesPerSecond)
                    .pcieSharing(PcieSharing.INPUTS_FIRST)
                    .executeJitter(options.jitter)
                    .loadJitter(options.jitter)
                    .outliers(options.outlierProbability, options.outlierFactor)
                    .slowness((device, operation, nowNs) -> slowness)),
                clock,
                context -> context.storeDirectory(null).counters(counts)
                    .limits().inputArenaBytes(WORKER_ARENA_BYTES).outputArenaBytes(WORKER_ARENA_BYTES)
                    .queueCapacity(WORKER_ACTIONS).resultCapacity(WORKER_ACTIONS).maxInputs(WORKER_ACTIONS));
            counters.add(counts);
            devices.add(gpus);
        }
    }

    private void runUntil(final long untilNs, final long startNs, final Workload workload, final Progress progress) {
        while (cluster.time().nanoTime() < untilNs) {
            cluster.runFor(Math.min(SLICE_NS, untilNs - cluster.time().nanoTime()));
            progress.onProgress(
                cluster.time().nanoTime() - startNs, workload.warmupNs() + workload.durationNs(), figures().requests);
        }
    }

    private static void check(final boolean holds, final String sentence) {
        if (!holds) {
            throw new IllegalStateException(sentence);
        }
    }

    /** Sums over all workers at one time. */
    private final class Counts {
        private final long infers = figures().infers;
        private final long loads = figures().loads;
        private final long controllerNs = controller.realNs();
        private long executeBusyNs;
        private long loadBusyNs;

        Counts() {
            for (int worker = 0; worker < counters.size(); worker++) {
                for (int device = 0; device < devices.get(worker); device++) {
                    executeBusyNs += counters.get(worker).busyNs(device, false);
                    loadBusyNs += counters.get(worker).busyNs(device, true);
                }
            }
        }
    }
}
