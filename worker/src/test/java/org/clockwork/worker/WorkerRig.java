package org.clockwork.worker;

import java.util.List;
import java.util.function.Consumer;
import org.clockwork.device.Backend;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.device.emulated.Profile;
import org.clockwork.device.emulated.ProfileTable;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;

/** A worker, a scripted controller and the memory between them, on a clock that a test moves. */
final class WorkerRig implements AutoCloseable {
    static final long US = 1_000;
    static final long MS = 1_000_000;
    static final long START_NS = 7_000_000_000L;
    static final String ENDPOINT = "controller:1";
    /** Executions of 1 ms for one and 2 ms for four, a load of 5 ms, two pages, 4000 bytes in and 4 out. */
    static final String SMALL = "small";
    /** The same with 200,000 bytes out. */
    static final String WIDE = "wide";

    final ManualClock clock = new ManualClock(START_NS);
    final WorkerCounters.InMemory counters = new WorkerCounters.InMemory();
    final StringBuilder errors = new StringBuilder();
    final MemoryNetwork network;
    final Worker.Context context;
    StubController controller;
    WorkerAgent agent;

    WorkerRig() {
        this(c -> { });
    }

    WorkerRig(final Consumer<Worker.Context> options) {
        this(options, n -> { });
    }

    WorkerRig(final Consumer<Worker.Context> options, final Consumer<MemoryNetwork.Context> networkOptions) {
        final MemoryNetwork.Context networkContext = new MemoryNetwork.Context().clock(clock);
        networkOptions.accept(networkContext);
        network = new MemoryNetwork(networkContext);
        controller = new StubController(network.listen(ENDPOINT), clock);
        context = new Worker.Context()
            .name("w1")
            .controllers(List.of(ENDPOINT))
            .incarnation(42)
            .nanoClock(clock)
            .errorHandler(t -> errors.append(t).append('\n'))
            .counters(counters)
            .installExecutor(Runnable::run)
            .limits(smallLimits())
            .dialer(network.dialer("w1"));
        options.accept(context);
        if (context.backend() == null) {
            context.backend(emulated());
        }
        agent = Worker.launch(context).agent();
    }

    static WorkerLimits smallLimits() {
        return new WorkerLimits().inputArenaBytes(1 << 20).outputArenaBytes(2 << 20).queueCapacity(16).resultCapacity(64);
    }

    static Backend emulated() {
        return new EmulatedBackend(new EmulatedContext()
            .devices(1).memoryBytes(10L * 16 * 1024 * 1024).inferDepth(1).maxBatch(4).exact().profiles(profiles()));
    }

    static ProfileTable profiles() {
        final List<Profile.Execution> executions = List.of(
            new Profile.Execution(1, MS), new Profile.Execution(2, MS), new Profile.Execution(4, 2 * MS));
        return ProfileTable.zero().with(
            new Profile(SMALL, 20_000_000, 5 * MS, 4000, 4, executions),
            new Profile(WIDE, 20_000_000, 5 * MS, 4000, 200_000, executions));
    }

    /** Lets both work until neither has anything left to do at this time. */
    WorkerRig settle() {
        for (int i = 0; i < 10_000; i++) {
            final int work = agent.doWork(clock.nanoTime()) + controller.doWork();
            if (work == 0) {
                return this;
            }
        }
        throw new AssertionError("never settles");
    }

    /** Moves the clock in steps of at most {@code stepNs} and lets both work at each. */
    WorkerRig advance(final long durationNs, final long stepNs) {
        long left = durationNs;
        settle();
        while (left > 0) {
            final long step = Math.min(left, stepNs);
            clock.advance(step);
            settle();
            left -= step;
        }
        return this;
    }

    WorkerRig advance(final long durationNs) {
        return advance(durationNs, 100 * US);
    }

    /** Connects. */
    WorkerRig connect() {
        settle();
        advance(10 * MS, MS);
        if (!agent.isLive()) {
            throw new AssertionError(agent.description() + " " + errors);
        }
        return this;
    }

    /** Connects, installs SMALL as artifact 1 and loads it as model 100. */
    WorkerRig ready() {
        connect();
        controller.installProfile(1, 1, SMALL, 4);
        settle();
        controller.load(1, now(), now() + 100 * MS, 100, 1);
        advance(6 * MS);
        controller.result(1);
        return this;
    }

    long now() {
        return clock.nanoTime();
    }

    long count(final WorkerCounter counter) {
        return counters.get(counter);
    }

    @Override
    public void close() {
        agent.onClose();
        controller.close();
    }
}
