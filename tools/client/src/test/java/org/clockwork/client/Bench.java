package org.clockwork.client;

import java.util.function.UnaryOperator;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;

/** A core and a stub of a controller, joined by memory and moved by a manual clock. */
final class Bench {
    static final String ENDPOINT = "controller:1";

    final ManualClock clock;
    final MemoryNetwork network;
    final ControllerStub stub;
    final Recorder recorder = new Recorder();
    final StringBuilder states = new StringBuilder();
    final ClientCore core;

    Bench() {
        this(context -> context, network -> network);
    }

    Bench(final UnaryOperator<ClockworkClient.Context> options) {
        this(options, network -> network);
    }

    Bench(final UnaryOperator<ClockworkClient.Context> options, final UnaryOperator<MemoryNetwork.Context> networkOptions) {
        this(1_000_000_000L, options, networkOptions);
    }

    Bench(
        final long startNs, final UnaryOperator<ClockworkClient.Context> options,
        final UnaryOperator<MemoryNetwork.Context> networkOptions) {
        clock = new ManualClock(startNs);
        network = new MemoryNetwork(networkOptions.apply(new MemoryNetwork.Context().clock(clock)));
        stub = new ControllerStub(network.listen(ENDPOINT));
        core = new ClientCore(options.apply(context()), recorder);
    }

    ClockworkClient.Context context() {
        return new ClockworkClient.Context()
            .endpoints(ENDPOINT).clock(clock).dialer(network.dialer("client")).incarnation(42).clientName("bench")
            .errorHandler(ex -> {
                throw new AssertionError(ex);
            })
            .connectionHandler((from, to, endpoint, status, reason) -> states.append(to.name()).append(' '));
    }

    /** Cycles at this time until nobody has anything to do. */
    Bench settle() {
        int idle = 0;
        for (int i = 0; i < 100_000 && idle < 2; i++) {
            final int work = core.poll(clock.nanoTime()) + stub.poll();
            idle = work == 0 ? idle + 1 : 0;
        }
        return this;
    }

    Bench advance(final long ns) {
        clock.advance(ns);
        return settle();
    }

    /** Lets time pass while the controller shows that it is alive. */
    Bench aliveFor(final long ns) {
        final long endNs = clock.nanoTime() + ns;
        while (clock.nanoTime() - endNs < 0) {
            stub.send(stub.encoder.keepAlive(stub.sessionId, clock.nanoTime(), Long.MIN_VALUE, Long.MIN_VALUE));
            advance(Math.min(50_000_000, endNs - clock.nanoTime()));
        }
        return this;
    }

    Bench connect() {
        settle();
        for (int i = 0; i < 10 && !core.isConnected(); i++) {
            advance(1_000_000);
        }
        if (!core.isConnected()) {
            throw new AssertionError("not connected: " + core.lastReason());
        }
        return this;
    }

    long infer(final RequestSpec spec) {
        final long id = core.infer(spec, clock.nanoTime());
        settle();
        return id;
    }
}
