package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;
import org.junit.jupiter.api.Test;

/** Futures over the core, with its agent driven by the test in place of a thread. */
class ClockworkClientTest {
    private static final long MS = 1_000_000;

    private final ManualClock clock = new ManualClock(7_000_000);
    private final MemoryNetwork network = new MemoryNetwork(clock);
    private final ControllerStub stub = new ControllerStub(network.listen(Bench.ENDPOINT));
    private int answeredQueries;
    private ClockworkClient client;

    private ClockworkClient launched(final UnaryOperator<ClockworkClient.Context> options) {
        client = new ClockworkClient(options.apply(new ClockworkClient.Context()
            .endpoints(Bench.ENDPOINT).clock(clock).dialer(network.dialer("client")).incarnation(1)), false);
        return client;
    }

    private ClockworkClient connected(final UnaryOperator<ClockworkClient.Context> options) {
        launched(options);
        for (int i = 0; i < 5; i++) {
            clock.advance(MS);
            settle();
        }
        assertEquals(ClientState.CONNECTED, client.state());
        return client;
    }

    private void settle() {
        for (int i = 0; i < 10; i++) {
            client.agent().doWork();
            stub.poll();
        }
    }

    /** Answers the last list with these models. */
    private void answerList(final ModelInfo... models) {
        settle();
        while (answeredQueries < stub.queries.size()) {
            final long query = stub.queries.get(answeredQueries++);
            for (final ModelInfo model : models) {
                stub.send(stub.encoder.model(stub.sessionId, query, model));
            }
            stub.send(stub.encoder.queryEnd(stub.sessionId, query, Status.OK, models.length));
        }
        settle();
    }

    private static ModelInfo model(final long id, final String name) {
        return ControllerEncoder.model(id, name, ModelState.READY, new int[] {8, 8}, new int[] {4, 8});
    }

    private static ClientException failure(final CompletableFuture<?> future) {
        assertTrue(future.isCompletedExceptionally());
        return (ClientException) assertThrows(CompletionException.class, future::join).getCause();
    }

    @Test
    void aModelIsFoundByItsNameAndAnswers() {
        connected(c -> c);
        final InferCall call = InferCall.model("m").floats(1, 2).longs(-3).slo(Duration.ofMillis(10)).priority(3);
        final CompletableFuture<Answer> first = client.infer(call);
        final CompletableFuture<Answer> second = client.infer(call);
        clock.advance(MS);
        answerList(model(5, "mm"), model(6, "m"));
        assertEquals(List.of("m"), stub.prefixes, "one list serves both");
        assertEquals(2, stub.requests.size());
        final ControllerStub.Request request = stub.requests.get(0);
        assertEquals(6, request.modelId());
        assertEquals(10 * MS, request.sloNs());
        assertEquals(MS, request.elapsedNs(), "the SLO counts from the call");
        assertEquals(3, request.priority());
        final ByteBuffer expected = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putFloat(1).putFloat(2).putLong(-3);
        assertArrayEquals(expected.array(), request.inline());
        final byte[] output = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putFloat(7.5f).putLong(-9).array();
        stub.answer(request.requestId(), output);
        stub.answer(stub.requests.get(1).requestId(), Status.SHED);
        settle();
        final Answer answer = first.join().orThrow();
        assertTrue(answer.isInTime());
        assertEquals(MS, answer.latencyNs());
        assertArrayEquals(new float[] {7.5f}, answer.floats(0));
        assertArrayEquals(new long[] {-9}, answer.longs(1));
        assertEquals(Status.SHED, second.join().status());
        assertEquals("because", assertThrows(ClientException.class, () -> second.join().orThrow()).getMessage().substring(12));
        client.infer(call);
        settle();
        assertEquals(1, stub.prefixes.size(), "it is remembered");
    }

    @Test
    void aCallThatComesAfterTheCycleHasReadTheClockHasWaitedForNoTime() {
        connected(c -> c);
        final InferCall call = InferCall.model("m").floats(1, 2).longs(-3);
        client.infer(call);
        answerList(model(6, "m"));
        final long cycleNs = clock.nanoTime();
        clock.advance(MS);
        client.infer(call);
        clock.set(cycleNs);
        settle();
        assertEquals(2, stub.requests.size());
        assertEquals(0, stub.requests.get(1).elapsedNs());
    }

    @Test
    void anInputOfAnotherSizeIsRefusedWithWhatTheModelTakes() {
        connected(c -> c);
        final CompletableFuture<Answer> answer = client.infer(InferCall.model("m").pixels(new byte[5]));
        answerList(model(6, "m"));
        stub.answer(stub.requests.get(0).requestId(), Status.WRONG_INPUT_SIZE);
        settle();
        final String detail = answer.join().detail();
        assertTrue(detail.contains("5 bytes of UINT8") && detail.contains("The model takes 16 bytes: in0 FLOAT32"), detail);
    }

    @Test
    void anUnknownModelIsAnAnswer() {
        connected(c -> c);
        final CompletableFuture<Answer> future = client.infer(InferCall.model("absent"));
        answerList(model(5, "absent-2"));
        assertEquals(Status.UNKNOWN_MODEL, future.join().status());
        assertEquals("no model 'absent' is registered", future.join().detail());
        final CompletableFuture<Answer> wrong = client.infer(InferCall.model("x".repeat(200)));
        settle();
        assertEquals(Status.UNKNOWN_MODEL, wrong.join().status());
        assertTrue(stub.requests.isEmpty());
    }

    @Test
    void aModelThatIsGoneIsLookedUpAgain() {
        connected(c -> c);
        final CompletableFuture<Answer> first = client.infer(InferCall.model("m"));
        answerList(model(6, "m"));
        stub.answer(stub.requests.get(0).requestId(), Status.MODEL_GONE);
        stub.send(stub.encoder.response(
            stub.sessionId, stub.requests.get(0).requestId(), 6, Status.MODEL_GONE, 0, new byte[0], 0, ""));
        settle();
        assertEquals(Status.MODEL_GONE, first.join().status());
        client.infer(InferCall.model("m"));
        answerList(model(7, "m"));
        assertEquals(2, stub.prefixes.size());
        assertEquals(7, stub.requests.get(1).modelId());
    }

    @Test
    void withoutASessionCallsFailAtOnceAndSayWhy() {
        stub.connectStatus = Status.AUTHENTICATION_FAILED;
        stub.connectDetail = "who are you";
        launched(c -> c);
        clock.advance(MS);
        settle();
        final CompletableFuture<Answer> call = client.infer(InferCall.model("m"));
        final CompletableFuture<ControllerStatus> status = client.status();
        settle();
        assertEquals(Status.AUTHENTICATION_FAILED, failure(call).status());
        assertTrue(failure(call).getMessage().contains("who are you"), failure(call).getMessage());
        assertEquals(Status.AUTHENTICATION_FAILED, failure(status).status());
    }

    @Test
    void aFullQueueFailsTheCall() {
        connected(c -> c.queueCapacity(4));
        final List<CompletableFuture<Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(client.infer(InferCall.model("m")));
        }
        assertFalse(calls.get(3).isDone());
        assertEquals(Status.TOO_MANY_IN_FLIGHT, failure(calls.get(4)).status());
        for (int i = 0; i < 4; i++) {
            assertFalse(client.models().isDone());
        }
        assertEquals(Status.TOO_MANY_IN_FLIGHT, failure(client.models()).status());
    }

    @Test
    void callsBeyondTheGrantedLimitWaitInOrderUntilTheirTimeout() {
        stub.grant = new ControllerStub.Grant(1, 1000, 1000, 50 * MS, 60_000 * MS);
        connected(c -> c);
        final CompletableFuture<Answer> first = client.infer(InferCall.model("m"));
        final CompletableFuture<Answer> second = client.infer(InferCall.model("m").timeout(Duration.ofMillis(30)));
        final CompletableFuture<Answer> third = client.infer(InferCall.model("m"));
        answerList(model(6, "m"));
        assertEquals(1, stub.requests.size());
        clock.advance(30 * MS - 1);
        settle();
        assertFalse(second.isDone());
        clock.advance(1);
        settle();
        assertEquals(Status.CLIENT_TIMED_OUT, second.join().status());
        stub.answer(stub.requests.get(0).requestId(), Status.OK);
        settle();
        assertTrue(first.join().isOk());
        assertEquals(2, stub.requests.size());
        assertFalse(third.isDone());
        final CompletableFuture<Answer> huge = client.infer(InferCall.model("m").bytes(ByteBuffer.allocate(1001)));
        stub.answer(stub.requests.get(1).requestId(), Status.OK);
        settle();
        assertTrue(third.join().isOk());
        assertEquals(Status.TOO_MANY_BYTES, huge.join().status(), "it could never be sent");
    }

    @Test
    void cancellingAFutureTakesTheRequestBack() {
        connected(c -> c);
        final CompletableFuture<Answer> sent = client.infer(InferCall.model("m"));
        answerList(model(6, "m"));
        assertTrue(sent.cancel(false));
        final CompletableFuture<Answer> unsent = client.infer(InferCall.model("m"));
        assertTrue(unsent.cancel(false));
        settle();
        assertEquals(List.of(stub.requests.get(0).requestId()), stub.cancels);
        assertEquals(1, stub.requests.size());
        stub.answer(stub.requests.get(0).requestId(), Status.CANCELLED);
        settle();
        assertTrue(sent.isCancelled());
        assertEquals(0, client.agent().core().inFlight());
    }

    @Test
    void aLostControllerEndsCallsAndLookups() {
        connected(c -> c);
        final CompletableFuture<Answer> sent = client.infer(InferCall.model("m"));
        answerList(model(6, "m"));
        final CompletableFuture<Answer> lookedUp = client.infer(InferCall.model("n"));
        settle();
        stub.link.close();
        settle();
        assertEquals(Status.OUTCOME_UNKNOWN, sent.join().status());
        assertEquals(Status.CLOSED_BY_PEER, failure(lookedUp).status());
    }

    @Test
    void closingEndsEverything() {
        connected(c -> c);
        final CompletableFuture<Answer> sent = client.infer(InferCall.model("m"));
        answerList(model(6, "m"));
        final CompletableFuture<Answer> lookedUp = client.infer(InferCall.model("n"));
        settle();
        final CompletableFuture<Answer> queued = client.infer(InferCall.model("m"));
        final CompletableFuture<List<ModelInfo>> models = client.models();
        client.close();
        assertEquals(Status.CANCELLED, sent.join().status());
        assertEquals(Status.CANCELLED, failure(lookedUp).status());
        assertEquals(Status.CANCELLED, failure(queued).status());
        assertEquals(Status.CANCELLED, failure(models).status());
        assertEquals(Status.CANCELLED, failure(client.infer(InferCall.model("m"))).status());
        assertEquals(Status.CANCELLED, failure(client.status()).status());
        assertEquals(ClientState.CLOSED, client.state());
    }

    @Test
    void listsRegistrationsStatusAndCountsAreFutures() {
        connected(c -> c);
        final CompletableFuture<List<ModelInfo>> models = client.models("m");
        answerList(model(6, "m"));
        assertEquals(6, models.join().get(0).modelId());
        final CompletableFuture<List<ModelInfo>> registered = client.register(RegisterSpec.profile("r", "p"));
        settle();
        final long registration = stub.registrations.get(0).correlationId();
        stub.send(stub.encoder.catalogueAck(stub.sessionId, registration, Status.OK, 0, ""));
        stub.send(stub.encoder.model(stub.sessionId, registration, model(9, "r")));
        settle();
        assertEquals(9, registered.join().get(0).modelId());
        final CompletableFuture<Void> gone = client.unregister("absent");
        settle();
        stub.send(stub.encoder.catalogueAck(stub.sessionId, stub.unregistrations.get(0), Status.UNKNOWN_MODEL, 0, "no such"));
        settle();
        assertEquals("status=UNKNOWN_MODEL no such", failure(gone).getMessage());
        final CompletableFuture<ControllerStatus> status = client.status();
        settle();
        final long query = stub.queries.get(stub.queries.size() - 1);
        stub.send(stub.encoder.report(stub.sessionId, query));
        stub.send(stub.encoder.queryEnd(stub.sessionId, query, Status.OK, 1));
        settle();
        assertEquals("baseline", status.join().policy());
        final CompletableFuture<ClientCounts> counts = client.counts();
        settle();
        assertEquals(1, counts.join().sessions());
    }

    @Test
    void callsAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> InferCall.model("m").priority(256));
        assertThrows(NullPointerException.class, () -> InferCall.model(null));
        final InferCall call = InferCall.model("m").longs(1).floats(2);
        assertEquals(12, call.inputLength);
        assertEquals(DataType.INT64, call.inputType);
    }
}
