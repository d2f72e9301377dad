package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.MemoryDialer;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A core that is run only when it says so, or when a message comes, does what one does that is run every microsecond. */
class WakeTest {
    private static final long US = 1_000;
    private static final long MS = 1_000_000;
    private static final int MICROSECONDS = 120_000;

    @TempDir
    private Path directory;

    private int cycles;

    @Test
    void runningAtEveryMicrosecondIsRunningOnlyThen() throws Exception {
        final Path file = Files.write(directory.resolve("model"), RequestsTest.pattern(200_000, 1));
        for (int seed = 0; seed < 3; seed++) {
            cycles = 0;
            final List<String> always = run(seed, file, false);
            final int allCycles = cycles;
            cycles = 0;
            final List<String> onlyThen = run(seed, file, true);
            for (int i = 0; i < Math.min(always.size(), onlyThen.size()); i++) {
                assertEquals(always.get(i), onlyThen.get(i), "seed " + seed + " event " + i);
            }
            assertEquals(always.size(), onlyThen.size(), "seed " + seed);
            assertTrue(cycles < allCycles / 10, cycles + " of " + allCycles);
            assertTrue(always.stream().anyMatch(line -> line.contains("OUTCOME_UNKNOWN")));
            assertTrue(always.stream().anyMatch(line -> line.contains("CLIENT_TIMED_OUT")));
            assertTrue(always.stream().anyMatch(line -> line.contains("OK")));
            assertTrue(always.stream().anyMatch(line -> line.contains("registered")));
        }
    }

    private List<String> run(final int seed, final Path file, final boolean isLazy) {
        final List<String> log = new ArrayList<>();
        final ManualClock clock = new ManualClock(5_000_000);
        // Refusals and delays depend on the time alone, so that they are the same however often the core runs.
        final MemoryNetwork network = new MemoryNetwork(new MemoryNetwork.Context().clock(clock)
            .refusals((from, to, lane, length, now) -> from == 1 && now / (70 * US) % 5 == 0)
            .latency((from, to, lane, length, now) -> 20 * US + now / US % 7));
        final ControllerStub stub = new ControllerStub(network.listen(Bench.ENDPOINT));
        stub.grant = new ControllerStub.Grant(200, 1 << 24, 1024, 2 * MS, 10 * MS);
        final MemoryDialer dialer = network.dialer("client");
        final ClientCore core = new ClientCore(
            new ClockworkClient.Context().endpoints(Bench.ENDPOINT).clock(clock).dialer(dialer).incarnation(3)
                .minBackOffNs(2 * MS).maxBackOffNs(8 * MS).requestTimeoutNs(7 * MS).connectTimeoutNs(5 * MS)
                .connectionHandler((from, to, endpoint, status, reason) -> log.add(clock.nanoTime() + " " + to + " " + status)),
            result -> log.add(clock.nanoTime() + " end " + result.requestId() + " " + result.status()));
        final Random random = new Random(seed);
        final Script script = new Script(stub, clock, log);
        for (int us = 0; us < MICROSECONDS; us++) {
            final long nowNs = clock.advance(US);
            if (random.nextInt(400) == 0) {
                final int length = random.nextInt(3) == 0 ? 100_000 : 10;
                log.add(nowNs + " infer " + core.infer(new RequestSpec().model(1)
                    .input(new UnsafeBuffer(new byte[length]), 0, length), nowNs));
            }
            if (us == 5000) {
                core.register(RegisterSpec.file("m", file), (status, detail, models) ->
                    log.add(clock.nanoTime() + " registered " + status));
                core.listModels("x", (status, detail, models) -> log.add(clock.nanoTime() + " listed " + status), nowNs);
            }
            if (!isLazy || nowNs - core.nextWakeNs() >= 0 || dialer.nextDeliveryNs() - nowNs <= 0) {
                core.poll(nowNs);
                cycles++;
            }
            script.run(us);
        }
        return log;
    }

    /** What the controller does at which time. */
    private static final class Script {
        private final ControllerStub stub;
        private final ManualClock clock;
        private final List<String> log;
        private int requests;
        private int answered;
        private int inputs;
        private boolean isRegistered;

        Script(final ControllerStub stub, final ManualClock clock, final List<String> log) {
            this.stub = stub;
            this.clock = clock;
            this.log = log;
        }

        void run(final int us) {
            stub.poll();
            while (inputs < stub.inputs.size()) {
                final ControllerStub.Input input = stub.inputs.get(inputs++);
                log.add(clock.nanoTime() + " input " + input.requestId() + " " + input.position());
            }
            for (; requests < stub.requests.size(); requests++) {
                final ControllerStub.Request request = stub.requests.get(requests);
                log.add(clock.nanoTime() + " request " + request.requestId() + " " + request.elapsedNs());
            }
            final boolean isSilent = us > 60_000 && us < 75_000;
            if (!isSilent && us % 200 == 0 && answered < requests) {
                final long id = stub.requests.get(answered).requestId();
                if (answered % 5 != 0) {
                    stub.answer(id, Status.OK);
                }
                answered++;
            }
            if (!isSilent && us % 3000 == 0) {
                stub.send(stub.encoder.keepAlive(stub.sessionId, clock.nanoTime(), Long.MIN_VALUE, Long.MIN_VALUE));
            }
            if (us % 100 == 0 && !stub.registrations.isEmpty() && !isRegistered) {
                final long id = stub.registrations.get(0).correlationId();
                if (stub.file.size() == 200_000) {
                    isRegistered = true;
                    stub.send(stub.encoder.catalogueAck(stub.sessionId, id, Status.OK, 99, ""));
                    stub.send(stub.encoder.model(stub.sessionId, id, ControllerEncoder.model(
                        1, "m", ModelState.READY, new int[] {4}, new int[] {4})));
                } else if (stub.file.size() == 0) {
                    stub.send(stub.encoder.catalogueAck(stub.sessionId, id, Status.NEED_FILE, 99, ""));
                }
            }
        }
    }
}
