package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.codec.Status;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** The way of a request allocates nothing in steady state. */
class ClientAllocationTest {
    private static final int REQUESTS = 100_000;
    private static final int LARGE_REQUESTS = 4_000;

    private long ends;
    private long bytes;

    private void count(final InferResult result) {
        if (result.status() == Status.OK && result.isInTime()) {
            ends++;
            bytes += result.outputCount() == 0 ? 0 : result.output(0).capacity();
        }
    }

    private ClientCore connected(final Bench bench) {
        final ClientCore core = new ClientCore(bench.context(), this::count);
        bench.stub.isEchoing = true;
        bench.stub.isRecording = false;
        for (int i = 0; i < 10 && !core.isConnected(); i++) {
            core.poll(bench.clock.advance(1_000_000));
            bench.stub.poll();
        }
        assertTrue(core.isConnected());
        return core;
    }

    private static void run(final ClientCore core, final Bench bench, final RequestSpec spec, final int requests) {
        for (int i = 0; i < requests; i++) {
            final long nowNs = bench.clock.advance(1000);
            spec.intendedSendNs(nowNs - 10).token(i);
            if (core.infer(spec, nowNs) <= 0) {
                throw new AssertionError("not sent");
            }
            bench.stub.poll();
            if (i % 1000 == 0) {
                bench.stub.send(bench.stub.encoder.keepAlive(bench.stub.sessionId, nowNs, nowNs, nowNs));
            }
            core.poll(nowNs);
            core.nextWakeNs();
        }
    }

    @Test
    void smallRequests() {
        final Bench bench = new Bench();
        final ClientCore core = connected(bench);
        final RequestSpec spec = new RequestSpec().model(1).sloNs(1_000_000).input(new UnsafeBuffer(new byte[128]), 0, 128);
        run(core, bench, spec, REQUESTS);
        final long allocated = Allocation.bytesOf(() -> run(core, bench, spec, REQUESTS));
        assertTrue(allocated < REQUESTS, allocated + " bytes");
        assertEquals(2 * REQUESTS, ends);
        assertEquals(2L * REQUESTS * 128, bytes);
    }

    @Test
    void manyInFlightWithTimeouts() {
        final Bench bench = new Bench();
        final ClientCore core = connected(bench);
        bench.stub.isEchoing = false;
        final RequestSpec spec = new RequestSpec().model(1).timeoutNs(50_000);
        final Runnable round = () -> {
            for (int i = 0; i < REQUESTS; i++) {
                final long nowNs = bench.clock.advance(1000);
                core.infer(spec, nowNs);
                bench.stub.send(bench.stub.encoder.keepAlive(bench.stub.sessionId, nowNs, nowNs, nowNs));
                core.poll(nowNs);
            }
        };
        round.run();
        final long allocated = Allocation.bytesOf(round);
        assertTrue(allocated < REQUESTS, allocated + " bytes");
        assertEquals(1024, core.abandoned());
    }

    @Test
    void largeInputsAndOutputs() {
        final Bench bench = new Bench();
        final ClientCore core = connected(bench);
        bench.stub.isEchoing = false;
        final byte[] output = RequestsTest.pattern(20_000, 1);
        final BulkEcho echo = new BulkEcho(bench, output);
        final RequestSpec spec = new RequestSpec().model(1).input(new UnsafeBuffer(RequestsTest.pattern(100_000, 1)), 0, 100_000);
        echo.run(core, spec, LARGE_REQUESTS / 4);
        final long allocated = Allocation.bytesOf(() -> echo.run(core, spec, LARGE_REQUESTS));
        assertTrue(allocated < LARGE_REQUESTS, allocated + " bytes");
        assertEquals(LARGE_REQUESTS * 5 / 4, ends);
        assertEquals(LARGE_REQUESTS * 5 / 4 * 20_000L, bytes);
        assertEquals(0, core.outputBytesInUse());
    }

    /** Drains the link without decoding and answers each request with a large output. */
    private record BulkEcho(Bench bench, byte[] output) {
        void run(final ClientCore core, final RequestSpec spec, final int requests) {
            final ControllerStub stub = bench.stub;
            for (int i = 0; i < requests; i++) {
                final long nowNs = bench.clock.advance(1000);
                final long id = core.infer(spec, nowNs);
                stub.drain();
                stub.sendBulk(stub.encoder.output(stub.sessionId, id, 0, 0, output.length, output, 0, 10_000));
                stub.answerLarge(id, output.length);
                core.poll(nowNs);
                stub.sendBulk(stub.encoder.output(stub.sessionId, id, 0, 10_000, output.length, output, 10_000, 10_000));
                core.poll(nowNs);
            }
        }
    }
}
