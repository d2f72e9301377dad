package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** The way of a request through the core, and its one end. */
class RequestsTest {
    private static final long MS = 1_000_000;

    static byte[] pattern(final int length, final int seed) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + seed + (i >> 8));
        }
        return bytes;
    }

    private static RequestSpec with(final byte[] input) {
        return new RequestSpec().model(1).input(new UnsafeBuffer(input), 0, input.length);
    }

    @Test
    void aSmallRequestGoesInlineAndComesBack() {
        final Bench bench = new Bench().connect();
        final Object attachment = new Object();
        final RequestSpec spec = new RequestSpec().model(77).sloNs(10 * MS).priority(200).token(5).attachment(attachment)
            .omitOutput(true).intendedSendNs(bench.clock.nanoTime() - 123).input(new UnsafeBuffer(pattern(20, 1)), 4, 10);
        final long id = bench.infer(spec);
        assertTrue(id > 0);
        assertFalse(bench.core.isInputPending(id));
        final ControllerStub.Request request = bench.stub.requests.get(0);
        assertEquals(bench.core.sessionId(), request.sessionId());
        assertEquals(id, request.requestId());
        assertEquals(77, request.modelId());
        assertEquals(10 * MS, request.sloNs());
        assertEquals(123, request.elapsedNs());
        assertEquals(10, request.inputBytes());
        assertEquals(200, request.priority());
        assertTrue(request.isOutputOmitted());
        assertArrayEquals(Arrays.copyOfRange(pattern(20, 1), 4, 14), request.inline());
        bench.clock.advance(1000);
        bench.stub.answer(id, new byte[] {1, 2, 3});
        bench.settle();
        final Recorder.End end = bench.recorder.last();
        assertEquals(id, end.requestId());
        assertEquals(5, end.token());
        assertSame(attachment, end.attachment());
        assertEquals(Status.OK, end.status());
        assertEquals(1123, end.latencyNs());
        assertTrue(end.isInTime());
        assertArrayEquals(new byte[] {1, 2, 3}, end.outputs().get(0));
        assertEquals(0, bench.core.inFlight());
    }

    @Test
    void thePhasesOfAnAnswerAreShown() {
        final List<String> seen = new ArrayList<>();
        final Bench bench = new Bench();
        final ClientCore core = new ClientCore(bench.context(), r -> seen.add(
            r.batchSize() + " " + r.queueNs() + " " + r.loadNs() + " " + r.copyInNs() + " " + r.executeNs() + " " +
                r.copyOutNs() + " " + r.controllerNs() + " " + r.isCold() + r.isEmulated() + r.isInTimeAtController() +
                r.isOutputOmitted() + r.isInputGenerated() + " " + r.sendLagNs() + " " + r.networkNs() + " " +
                r.earliestNs() + " " + r.modelId() + " " + r.sloNs()));
        for (int i = 0; i < 10 && !core.isConnected(); i++) {
            core.poll(bench.clock.advance(MS));
            bench.stub.poll();
        }
        final long nowNs = bench.clock.nanoTime();
        final long id = core.infer(new RequestSpec().model(1).intendedSendNs(nowNs - 50), nowNs);
        bench.stub.poll();
        bench.clock.advance(2000);
        bench.stub.answer(id, Status.OK);
        core.poll(bench.clock.nanoTime());
        assertEquals("4 100 200 300 400 500 1500 truetruetruefalsefalse 50 500 " +
            Protocol.NULL_NS + " 1 " + Protocol.NULL_NS, seen.get(0));
    }

    @Test
    void theVerdictIsTheClientsOwn() {
        final Bench bench = new Bench().connect();
        final long inTime = bench.infer(new RequestSpec().model(1).sloNs(1000));
        bench.clock.advance(1000);
        bench.stub.answer(inTime, Status.OK);
        bench.settle();
        assertTrue(bench.recorder.last().isInTime());
        final long late = bench.infer(new RequestSpec().model(1).sloNs(1000));
        bench.clock.advance(1001);
        bench.stub.answer(late, Status.OK);
        bench.settle();
        assertFalse(bench.recorder.last().isInTime());
        final long refused = bench.infer(new RequestSpec().model(1).sloNs(1000));
        bench.stub.answer(refused, Status.DEADLINE_UNREACHABLE);
        bench.settle();
        assertFalse(bench.recorder.last().isInTime());
        assertEquals("because", bench.recorder.last().detail());
        assertTrue(bench.recorder.last().isFromController());
        assertEquals(1, bench.core.counts().answeredInTime());
        assertEquals(2, bench.core.counts().answered());
        assertEquals(1, bench.core.counts().refused());
    }

    @Test
    void generatedInputsCarryOnlyTheirSeed() {
        final Bench bench = new Bench().connect();
        bench.infer(new RequestSpec().model(1).generatedInput(-9));
        assertTrue(bench.stub.requests.get(0).isGenerated());
        assertEquals(-9, bench.stub.requests.get(0).seed());
        assertEquals(0, bench.stub.requests.get(0).inputBytes());
    }

    @Test
    void theInlineLimitHasTwoSides() {
        final Bench bench = new Bench().connect();
        bench.infer(with(pattern(1024, 0)));
        assertTrue(bench.stub.inputs.isEmpty());
        assertEquals(1024, bench.stub.requests.get(0).inline().length);
        bench.infer(with(pattern(1025, 0)));
        assertEquals(0, bench.stub.requests.get(1).inline().length);
        assertEquals(1025, bench.stub.requests.get(1).inputBytes());
        assertEquals(1, bench.stub.inputs.size());
        assertArrayEquals(pattern(1025, 0), bench.stub.inputs.get(0).bytes());
    }

    @Test
    void aLongInlineInputIsOfferedWhereItCantBeClaimed() {
        final Bench bench = new Bench();
        bench.stub.grant = new ControllerStub.Grant(8, 1 << 20, 1 << 20, 50 * MS, 500 * MS);
        bench.connect();
        bench.infer(with(pattern(20_000, 3)));
        assertArrayEquals(pattern(20_000, 3), bench.stub.requests.get(0).inline());
        bench.infer(with(pattern(ControllerPublisher.MAX_INLINE_BYTES, 4)));
        assertArrayEquals(pattern(ControllerPublisher.MAX_INLINE_BYTES, 4), bench.stub.requests.get(1).inline());
        bench.infer(with(pattern(ControllerPublisher.MAX_INLINE_BYTES + 1, 5)));
        assertEquals(0, bench.stub.requests.get(2).inline().length);
        assertEquals(2, bench.stub.inputs.size());
    }

    @Test
    void severalTensorsAreCutByTheModelsEntry() {
        final Bench bench = new Bench().connect();
        final int chunk = Protocol.MAX_CHUNK_BYTES;
        final ModelInfo model = ControllerEncoder.model(8, "m", ModelState.READY, new int[] {chunk + 8, 16, 400}, new int[] {4});
        final byte[] bytes = pattern(chunk + 424, 7);
        final long id = bench.infer(new RequestSpec().model(model).input(new UnsafeBuffer(bytes), 0, bytes.length));
        final StringBuilder cut = new StringBuilder();
        int at = 0;
        for (final ControllerStub.Input input : bench.stub.inputs) {
            assertEquals(id, input.requestId());
            cut.append(input.tensor()).append('@').append(input.position()).append('/').append(input.total())
                .append('+').append(input.bytes().length).append(' ');
            assertArrayEquals(Arrays.copyOfRange(bytes, at, at + input.bytes().length), input.bytes());
            at += input.bytes().length;
        }
        assertEquals("0@0/61448+61440 0@61440/61448+8 1@0/16+16 2@0/400+400 ", cut.toString());
        bench.infer(new RequestSpec().model(model).input(new UnsafeBuffer(bytes), 0, 2000));
        assertEquals(2000, bench.stub.inputs.get(4).total(), "a wrong size is the controller's to refuse");
    }

    @Test
    void whatTheBulkLaneDoesNotTakeIsKeptForTheNextCycles() {
        final boolean[] isFull = {false};
        final Bench bench = new Bench(c -> c, n -> n.refusals((from, to, lane, length, now) -> lane == 1 && isFull[0]));
        bench.connect();
        isFull[0] = true;
        final byte[] bytes = pattern(200_000, 2);
        final long id = bench.infer(with(bytes));
        final long second = bench.infer(with(bytes));
        assertTrue(bench.core.isInputPending(id));
        assertEquals(2, bench.stub.requests.size(), "requests don't wait for inputs");
        assertEquals(0, bench.stub.inputs.size());
        isFull[0] = false;
        bench.settle();
        assertEquals(0, bench.stub.inputs.size(), "the lane is left alone for a moment");
        assertEquals(bench.clock.nanoTime() + Gate.RETRY_NS, bench.core.nextWakeNs());
        bench.advance(Gate.RETRY_NS);
        assertEquals(8, bench.stub.inputs.size());
        assertEquals(List.of(id, second), bench.recorder.released);
        assertFalse(bench.core.isInputPending(id));
        final UnsafeBuffer whole = new UnsafeBuffer(new byte[200_000]);
        bench.stub.inputs.stream().filter(i -> i.requestId() == second).forEach(i -> whole.putBytes(i.position(), i.bytes()));
        assertArrayEquals(bytes, whole.byteArray());
    }

    @Test
    void anInputWhoseRequestEndsIsNoLongerSent() {
        final boolean[] isFull = {false};
        final Bench bench = new Bench(c -> c, n -> n.refusals((from, to, lane, length, now) -> lane == 1 && isFull[0]));
        bench.connect();
        isFull[0] = true;
        final long refused = bench.infer(with(pattern(5000, 1)));
        final long cancelled = bench.infer(with(pattern(5000, 2)));
        final long kept = bench.infer(with(pattern(5000, 3)));
        bench.stub.answer(refused, Status.WRONG_INPUT_SIZE);
        bench.settle();
        assertTrue(bench.core.cancel(cancelled, bench.clock.nanoTime()));
        assertFalse(bench.core.isInputPending(refused));
        assertFalse(bench.core.isInputPending(cancelled));
        isFull[0] = false;
        bench.advance(MS);
        assertEquals(1, bench.stub.inputs.size());
        assertEquals(kept, bench.stub.inputs.get(0).requestId());
        assertEquals(List.of(kept), bench.recorder.released);
    }

    @Test
    void aFullControlLaneIsVisible() {
        final boolean[] isFull = {false};
        final Bench bench = new Bench(c -> c, n -> n.refusals((from, to, lane, length, now) -> lane == 0 && isFull[0]));
        bench.connect();
        final long id = bench.infer(new RequestSpec().model(1));
        isFull[0] = true;
        assertEquals(ClientCore.BACK_PRESSURED, bench.infer(new RequestSpec().model(1)));
        assertEquals(1, bench.core.inFlight());
        assertTrue(bench.core.cancel(id, bench.clock.nanoTime()));
        isFull[0] = false;
        bench.settle();
        assertEquals(0, bench.stub.cancels.size());
        bench.advance(Gate.RETRY_NS);
        assertEquals(List.of(id), bench.stub.cancels, "a cancellation is kept until it is out");
    }

    @Test
    void theLimitOfRequestsIsTheGrantedOne() {
        final Bench bench = new Bench();
        bench.stub.grant = new ControllerStub.Grant(3, 1 << 20, 1024, 50 * MS, 500 * MS);
        bench.connect();
        for (int i = 0; i < 3; i++) {
            final long id = bench.infer(new RequestSpec().model(1));
            assertTrue(id > 0);
            assertTrue(Ids.index(id) >= 0 && Ids.index(id) < 3);
        }
        assertEquals(ClientCore.TOO_MANY_IN_FLIGHT, bench.infer(new RequestSpec().model(1)));
        bench.stub.answer(bench.stub.requests.get(1).requestId(), Status.OK);
        bench.settle();
        final long reused = bench.infer(new RequestSpec().model(1));
        assertEquals(Ids.index(bench.stub.requests.get(1).requestId()), Ids.index(reused));
        assertNotEquals(bench.stub.requests.get(1).requestId(), reused);
    }

    @Test
    void theLimitOfBytesIsTheGrantedOne() {
        final Bench bench = new Bench();
        bench.stub.grant = new ControllerStub.Grant(10, 3000, 1024, 50 * MS, 500 * MS);
        bench.connect();
        final long id = bench.infer(with(pattern(2000, 0)));
        assertTrue(bench.infer(with(pattern(1000, 0))) > 0);
        assertEquals(ClientCore.TOO_MANY_BYTES, bench.infer(with(pattern(1, 0))));
        assertTrue(bench.infer(new RequestSpec().model(1)) > 0);
        bench.stub.answer(id, Status.OK);
        bench.settle();
        assertEquals(ClientCore.TOO_MANY_BYTES, bench.infer(with(pattern(2001, 0))));
        assertTrue(bench.infer(with(pattern(2000, 0))) > 0);
    }

    @Test
    void contradictionsAreNotSent() {
        final Bench bench = new Bench().connect();
        assertEquals(ClientCore.INVALID_SPEC, bench.infer(new RequestSpec().input(null, 0, 5)));
        assertEquals(ClientCore.INVALID_SPEC, bench.infer(new RequestSpec().input(new UnsafeBuffer(new byte[1]), 0, -1)));
        assertEquals(ClientCore.INVALID_SPEC, bench.infer(new RequestSpec().priority(256)));
        assertEquals(ClientCore.INVALID_SPEC, bench.infer(new RequestSpec().priority(-1)));
        assertTrue(bench.stub.requests.isEmpty());
    }

    @Test
    void anUnansweredRequestTimesOutAndItsSlotWaitsForTheController() {
        final Bench bench = new Bench();
        bench.stub.grant = new ControllerStub.Grant(1, 1 << 20, 1024, 50 * MS, 60_000 * MS);
        bench.connect();
        final long id = bench.infer(new RequestSpec().model(1).timeoutNs(1000).token(3));
        bench.advance(999);
        assertTrue(bench.recorder.ends.isEmpty());
        bench.advance(1);
        assertEquals(Status.CLIENT_TIMED_OUT, bench.recorder.last().status());
        assertFalse(bench.recorder.last().isFromController());
        assertEquals(List.of(id), bench.stub.cancels);
        assertEquals(0, bench.core.inFlight());
        assertEquals(1, bench.core.abandoned());
        assertEquals(ClientCore.TOO_MANY_IN_FLIGHT, bench.infer(new RequestSpec().model(1)));
        assertFalse(bench.core.cancel(id, bench.clock.nanoTime()));
        bench.stub.answer(id, new byte[] {1});
        bench.settle();
        assertEquals(1, bench.recorder.ends.size(), "a late answer is dropped");
        assertEquals(1, bench.core.counts().lateResponses());
        assertEquals(0, bench.core.abandoned());
        assertTrue(bench.infer(new RequestSpec().model(1)) > 0);
    }

    @Test
    void timesMayWrap() {
        final Bench bench = new Bench(Long.MAX_VALUE - 70 * MS, c -> c, n -> n);
        bench.connect();
        final long first = bench.infer(new RequestSpec().model(1).timeoutNs(100 * MS).sloNs(90 * MS));
        bench.infer(new RequestSpec().model(1).timeoutNs(20 * MS));
        bench.infer(new RequestSpec().model(1).timeoutNs(99 * MS));
        bench.aliveFor(85 * MS);
        assertTrue(bench.clock.nanoTime() < 0, "the clock has wrapped");
        assertEquals(1, bench.recorder.ends.size());
        bench.stub.answer(first, Status.OK);
        bench.settle();
        assertTrue(bench.recorder.last().isInTime());
        assertEquals(85 * MS, bench.recorder.last().latencyNs());
        bench.aliveFor(13 * MS);
        assertEquals(2, bench.recorder.ends.size());
        bench.aliveFor(MS);
        assertEquals(3, bench.recorder.ends.size());
        assertTrue(bench.stub.keepAlives.size() >= 2);
        bench.advance(500 * MS);
        assertEquals(Status.PEER_SILENT, bench.core.lastStatus());
    }

    @Test
    void theDefaultTimeoutComesFromTheContext() {
        final Bench bench = new Bench(c -> c.requestTimeoutNs(2 * MS));
        bench.connect();
        bench.infer(new RequestSpec().model(1));
        bench.advance(2 * MS - 1);
        assertTrue(bench.recorder.ends.isEmpty());
        bench.advance(1);
        assertEquals(Status.CLIENT_TIMED_OUT, bench.recorder.last().status());
        bench.infer(new RequestSpec().model(1).timeoutNs(Long.MAX_VALUE));
        bench.aliveFor(60_000 * MS);
        assertEquals(1, bench.recorder.ends.size());
    }

    @Test
    void givenUpRequestsAreForgottenWithTheirSession() {
        final Bench bench = new Bench();
        bench.stub.grant = new ControllerStub.Grant(1, 1 << 20, 1024, 50 * MS, 500 * MS);
        bench.connect();
        bench.infer(new RequestSpec().model(1).timeoutNs(1000));
        bench.advance(1000);
        bench.stub.link.close();
        bench.settle();
        assertEquals(1, bench.recorder.ends.size());
        assertEquals(0, bench.core.abandoned());
        bench.advance(50 * MS).connect();
        assertTrue(bench.infer(new RequestSpec().model(1)) > 0);
    }

    @Test
    void aCancelledRequestEndsWhenTheControllerSaysSo() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1));
        assertTrue(bench.core.cancel(id, bench.clock.nanoTime()));
        bench.settle();
        assertEquals(List.of(id), bench.stub.cancels);
        assertTrue(bench.recorder.ends.isEmpty());
        bench.stub.answer(id, Status.CANCELLED);
        bench.settle();
        assertEquals(Status.CANCELLED, bench.recorder.last().status());
        assertEquals(1, bench.core.counts().cancelled());
        assertFalse(bench.core.cancel(id, bench.clock.nanoTime()));
        bench.stub.answer(id, Status.UNKNOWN_REQUEST);
        bench.settle();
        assertEquals(1, bench.core.counts().staleResponses());
        assertEquals(1, bench.recorder.ends.size());
    }

    @Test
    void aResponseForAnEarlierUseOfTheSlotIsRecognised() {
        final Bench bench = new Bench();
        bench.stub.grant = new ControllerStub.Grant(1, 1 << 20, 1024, 50 * MS, 500 * MS);
        bench.connect();
        final long first = bench.infer(new RequestSpec().model(1));
        bench.stub.answer(first, Status.OK);
        bench.settle();
        final long second = bench.infer(new RequestSpec().model(1));
        bench.stub.answer(first, Status.EXECUTION_FAILED);
        bench.stub.answer(Ids.id(1, -1), Status.OK);
        bench.stub.answer(Ids.id(1, 5_000_000), Status.OK);
        bench.settle();
        assertEquals(1, bench.recorder.ends.size());
        assertEquals(3, bench.core.counts().staleResponses());
        bench.stub.answer(second, Status.OK);
        bench.settle();
        assertEquals(second, bench.recorder.last().requestId());
    }

    @Test
    void aHandlerMaySendTheNextRequestAndCloseTheCore() {
        final Bench bench = new Bench();
        final ClientCore[] core = new ClientCore[1];
        final List<Status> ends = new ArrayList<>();
        core[0] = new ClientCore(bench.context(), result -> {
            ends.add(result.status());
            if (ends.size() < 4) {
                core[0].infer(new RequestSpec().model(1), bench.clock.nanoTime());
            } else if (ends.size() == 4) {
                core[0].infer(new RequestSpec().model(1), bench.clock.nanoTime());
                core[0].close(bench.clock.nanoTime());
            }
        });
        bench.stub.isEchoing = true;
        for (int i = 0; i < 10 && !core[0].isConnected(); i++) {
            core[0].poll(bench.clock.advance(MS));
            bench.stub.poll();
        }
        core[0].infer(new RequestSpec().model(1), bench.clock.nanoTime());
        for (int i = 0; i < 20; i++) {
            bench.stub.poll();
            core[0].poll(bench.clock.nanoTime());
        }
        assertEquals(List.of(Status.OK, Status.OK, Status.OK, Status.OK, Status.CANCELLED), ends);
        assertEquals(ClientState.CLOSED, core[0].state());
    }

    @Test
    void aHandlerThatThrowsIsReportedAndHarmless() {
        final Bench bench = new Bench();
        final List<Throwable> errors = new ArrayList<>();
        final ClientCore core = new ClientCore(bench.context().errorHandler(errors::add), result -> {
            throw new IllegalStateException("mine");
        });
        bench.stub.isEchoing = true;
        for (int i = 0; i < 10 && !core.isConnected(); i++) {
            core.poll(bench.clock.advance(MS));
            bench.stub.poll();
        }
        core.infer(new RequestSpec().model(1), bench.clock.nanoTime());
        core.infer(new RequestSpec().model(1), bench.clock.nanoTime());
        bench.stub.poll();
        core.poll(bench.clock.nanoTime());
        assertEquals(2, errors.size());
        assertEquals(0, core.inFlight());
        assertEquals(2, core.counts().handlerErrors());
    }

    @Test
    void aModelsDefaultSloCountsForTheVerdict() {
        final Bench bench = new Bench().connect();
        final ModelInfo model = ControllerEncoder.model(8, "m", ModelState.READY, new int[] {4}, new int[] {4});
        final long id = bench.infer(new RequestSpec().model(model));
        assertEquals(Protocol.NULL_NS, bench.stub.requests.get(0).sloNs());
        bench.aliveFor(model.defaultSloNs() + 1);
        bench.stub.answer(id, Status.OK);
        bench.settle();
        assertFalse(bench.recorder.last().isInTime());
    }
}
