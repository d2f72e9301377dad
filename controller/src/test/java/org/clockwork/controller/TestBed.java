package org.clockwork.controller;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.storage.MemoryFiles;
import org.clockwork.schema.link.memory.MemoryEndpoint;
import org.clockwork.schema.link.memory.MemoryListener;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;

/** A controller with real listeners, codecs and files, all in memory and in one thread, and peers that tests script. */
public final class TestBed {
    public static final Path DIRECTORY = Path.of("/controller");
    public static final long MS = 1_000_000L;

    public final ManualClock clock = new ManualClock(5_000_000_000L);
    public final MemoryNetwork network;
    public final MemoryFiles files;
    public final List<Throwable> errors = new ArrayList<>();
    public final List<ScriptedPeer> peers = new ArrayList<>();
    public Controller controller;
    public ControllerAgent agent;
    private final Consumer<Controller.Context> options;
    private MemoryListener clients;
    private MemoryListener workers;
    private long nextIncarnation = 100;

    public TestBed() {
        this(context -> { });
    }

    public TestBed(final Consumer<Controller.Context> options) {
        this(options, new MemoryFiles(), new MemoryNetwork.Context());
    }

    public TestBed(
        final Consumer<Controller.Context> options, final MemoryFiles files, final MemoryNetwork.Context networkContext) {
        this.options = options;
        this.files = files;
        network = new MemoryNetwork(networkContext.clock(clock));
        start();
    }

    /** Starts a controller on what its predecessor left. */
    public void start() {
        clients = network.listen("clients");
        workers = network.listen("workers");
        final Controller.Context context = new Controller.Context()
            .directory(DIRECTORY)
            .filePort(files)
            .isStorageInline(true)
            .requestPath(new RequestPathContext().maxRequests(256).maxActions(256).arenaBytes(1 << 20))
            .clock(clock)
            .errorHandler(errors::add)
            .clientListener(clients)
            .workerListener(workers);
        options.accept(context);
        controller = Controller.launch(context);
        agent = controller.agent();
    }

    /** Ends the controller in order. */
    public void stop() {
        controller.close();
        clients.close();
        workers.close();
    }

    public ScriptedClient client() {
        final ScriptedClient client = new ScriptedClient(network.dialer("client"), nextIncarnation++);
        client.dial("clients");
        peers.add(client);
        return client;
    }

    public ScriptedWorker worker(final String name) {
        final ScriptedWorker worker = new ScriptedWorker(network.dialer(name), name, nextIncarnation++);
        worker.dial("workers");
        peers.add(worker);
        return worker;
    }

    public ScriptedClient connected() {
        final ScriptedClient client = client();
        run(0);
        client.connect();
        run(0);
        return client;
    }

    /** A worker of so many emulated devices that is live. */
    public ScriptedWorker live(final String name, final int devices) {
        return joined(worker(name).emulated(devices));
    }

    /** A worker of one real device that is live. */
    public ScriptedWorker liveCpu(final String name) {
        return joined(worker(name).cpu());
    }

    public ScriptedWorker joined(final ScriptedWorker worker) {
        run(0);
        worker.join();
        run(1);
        return worker;
    }

    /** Lets everything happen that happens by now, then by a millisecond later, and so on. */
    public void run(final long durationMs) {
        settle();
        for (long i = 0; i < durationMs; i++) {
            clock.advance(MS);
            settle();
        }
    }

    /** Lets everything happen that happens now. */
    public void settle() {
        for (int i = 0; i < 50; i++) {
            int work = agent.doWork();
            for (final ScriptedPeer peer : peers) {
                work += peer.poll(clock.nanoTime());
            }
            if (work == 0 && i > 1) {
                return;
            }
        }
    }

    /** Whether something is to be delivered to the controller by this time. */
    public boolean deliversBy(final long nowNs) {
        return isDue(clients.nextDeliveryNs(), nowNs) || isDue(workers.nextDeliveryNs(), nowNs);
    }

    private static boolean isDue(final long timeNs, final long nowNs) {
        return timeNs != MemoryEndpoint.NEVER && timeNs - nowNs <= 0;
    }

    /** The controller's side of a client's session. */
    public ClientSession session(final ScriptedClient client) {
        return agent.session(client.sessionId);
    }

    public long count(final ControllerCounter counter) {
        return agent.counters().get(counter);
    }
}
