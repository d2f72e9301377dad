package org.clockwork.sim.cluster;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.clockwork.client.ClientCore;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.ResponseHandler;
import org.clockwork.controller.Controller;
import org.clockwork.device.Backend;
import org.clockwork.schema.link.memory.LatencyModel;
import org.clockwork.schema.link.memory.LinkFaults;
import org.clockwork.schema.link.memory.MemoryDialer;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.sim.check.Checkers;
import org.clockwork.sim.check.ObserverChain;
import org.clockwork.sim.time.NodeClock;
import org.clockwork.sim.time.VirtualTime;
import org.clockwork.worker.Worker;

/**
 * Builds and runs a system under virtual time: the production agents and codecs, each on a clock of its own, joined by
 * an in-memory network. Nodes run only when they have something to do. Single-threaded; from the same calls and seeds
 * follows the same run.
 */
public final class SimCluster implements AutoCloseable {
    /** Where clients dial. */
    public static final String CLIENT_ENDPOINT = "controller:7100";
    /** Where workers dial. */
    public static final String WORKER_ENDPOINT = "controller:7200";
    /** Host memory of a worker for inputs and for outputs: most simulations generate the ones and leave out the others. */
    private static final long ARENA_BYTES = 4L << 20;
    private static final long START_NS = 1_000_000_000L;

    private final VirtualTime time = new VirtualTime(START_NS);
    private final MemoryNetwork network;
    private final Path directory;
    private final List<SimNode> nodes = new ArrayList<>();
    private final List<Throwable> errors = new ArrayList<>();
    private final Checkers checkers = new Checkers(time);
    /** Node of each endpoint of the network. */
    private SimNode[] nodeOfEndpoint = new SimNode[16];
    private int nextWorker;
    private int nextClient;

    /** A system whose messages are visible at once. */
    public SimCluster(final Path directory) {
        this(directory, LatencyModel.NONE);
    }

    /**
     * An empty system.
     *
     * @param directory for the controller's catalogue and the workers' stores.
     * @param latency   of messages.
     */
    public SimCluster(final Path directory, final LatencyModel latency) {
        this(directory, new MemoryNetwork.Context().latency(latency));
    }

    /** An empty system whose links have these faults. */
    public SimCluster(final Path directory, final LinkFaults faults) {
        this(directory, new MemoryNetwork.Context().latency(faults).cuts(faults).refusals(faults).tails(faults));
    }

    private SimCluster(final Path directory, final MemoryNetwork.Context context) {
        this.directory = directory;
        network = new MemoryNetwork(context
            .clock(time)
            .tap(checkers.tap())
            .observer(this::onNextDelivery));
    }

    /** Virtual time, which is also the controller's. */
    public VirtualTime time() {
        return time;
    }

    /** What joins the nodes. */
    public MemoryNetwork network() {
        return network;
    }

    /** Errors that agents handed to their error handlers; none in a run without faults. */
    public List<Throwable> errors() {
        return errors;
    }

    /** What watches this system from outside, from its start. */
    public Checkers checkers() {
        return checkers;
    }

    /** Starts a controller on virtual time itself. */
    public SimNode startController(final Consumer<Controller.Context> options) {
        final var clients = network.listen(CLIENT_ENDPOINT);
        final var workers = network.listen(WORKER_ENDPOINT);
        final Controller.Context context = new Controller.Context()
            .directory(directory.resolve("controller"))
            .clientListener(clients)
            .workerListener(workers)
            .clock(time)
            .isStorageInline(true)
            .errorHandler(errors::add);
        options.accept(context);
        context.requestPath().observer(
            ObserverChain.of(checkers.onController(context.requestPath()), context.requestPath().observer()));
        final Controller made = Controller.launch(context);
        final NodeClock clock = new NodeClock(time, 0, 0);
        final SimNode node = add(
            new SimNode("controller", time, clock, made.agent(), made.agent()::nextWakeNs, clients, workers));
        own(clients.endpointId(), node);
        own(workers.endpointId(), node);
        node.controller(made);
        return node;
    }

    /** Starts a worker over these devices. */
    public SimNode startWorker(final Backend backend, final NodeClock clock, final Consumer<Worker.Context> options) {
        final int number = nextWorker++;
        final MemoryDialer dialer = network.dialer("worker-" + number);
        final Worker.Context context = new Worker.Context()
            .name("worker-" + number)
            .controllers(List.of(WORKER_ENDPOINT))
            .incarnation(0x1000_0000L + number)
            .storeDirectory(directory.resolve("worker-" + number))
            .dialer(dialer)
            .backend(backend)
            .nanoClock(clock)
            .installExecutor(Runnable::run)
            .errorHandler(errors::add);
        context.limits().inputArenaBytes(ARENA_BYTES).outputArenaBytes(ARENA_BYTES);
        options.accept(context);
        context.backend(checkers.onWorker(context.name(), backend, clock));
        final Worker made = Worker.launch(context);
        final SimNode node = add(
            new SimNode(context.name(), time, clock, made.agent(), made.agent()::nextWakeNs, dialer));
        own(dialer.endpointId(), node);
        node.worker(made);
        return node;
    }

    /** Starts a client core on virtual time, driven by a load if {@code load} is not null. */
    public SimNode startClient(
        final ResponseHandler handler, final SimLoad load, final Consumer<ClockworkClient.Context> options) {
        final int number = nextClient++;
        final MemoryDialer dialer = network.dialer("client-" + number);
        final NodeClock clock = new NodeClock(time, 0, 0);
        final ClockworkClient.Context context = new ClockworkClient.Context()
            .endpoints(CLIENT_ENDPOINT)
            .clientName("client-" + number)
            .incarnation(0x2000_0000L + number)
            .dialer(dialer)
            .clock(clock)
            .errorHandler(errors::add);
        options.accept(context);
        final ClientCore core = new ClientCore(context, handler);
        final SimNode node = add(new SimNode("client-" + number, time, clock, core, core::nextWakeNs, dialer));
        own(dialer.endpointId(), node);
        node.client(core, load);
        return node;
    }

    /** Runs for so long. */
    public void runFor(final long durationNs) {
        time.runUntil(time.nanoTime() + durationNs);
    }

    /**
     * Runs until something holds.
     *
     * @return false if it did not within {@code limitNs}.
     */
    public boolean runUntil(final BooleanSupplier condition, final long limitNs) {
        final long endNs = time.nanoTime() + limitNs;
        while (!condition.getAsBoolean()) {
            if (time.nanoTime() - endNs >= 0 || !time.step()) {
                return false;
            }
        }
        return true;
    }

    /** Makes a node run now, because a test or a load has given it something to do. */
    public void wake(final SimNode node) {
        time.wake(node.index(), time.nanoTime());
    }

    /** Kills a node as {@code kill -9} would: it runs no more, and its links die without a word. */
    public void kill(final SimNode node) {
        time.remove(node.index());
        if (node.worker() != null) {
            checkers.onWorkerGone(node.name(), node.endpointId());
        }
        node.crash();
    }

    @Override
    public void close() {
        for (int i = nodes.size() - 1; i >= 0; i--) {
            nodes.get(i).close();
            // What outlives the system, such as what its checkers found, knows the time: not the nodes through it.
            time.remove(nodes.get(i).index());
        }
    }

    private SimNode add(final SimNode node) {
        nodes.add(node);
        node.index(time.add(node));
        return node;
    }

    private void own(final int endpointId, final SimNode node) {
        if (endpointId >= nodeOfEndpoint.length) {
            nodeOfEndpoint = Arrays.copyOf(nodeOfEndpoint, Math.max(endpointId + 1, nodeOfEndpoint.length * 2));
        }
        nodeOfEndpoint[endpointId] = node;
    }

    private void onNextDelivery(final int endpointId, final long timeNs) {
        final SimNode node = endpointId < nodeOfEndpoint.length ? nodeOfEndpoint[endpointId] : null;
        if (node != null) {
            time.wake(node.index(), timeNs);
        }
    }
}
