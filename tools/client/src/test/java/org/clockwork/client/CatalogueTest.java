package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists, registrations and status queries. */
class CatalogueTest {
    private static final long MS = 1_000_000;
    private static final long TRANSFER = 99;

    private final List<String> log = new ArrayList<>();
    private List<ModelInfo> models;
    private ControllerStatus status;

    @TempDir
    private Path directory;

    private static ModelInfo model(final long id, final String name, final ModelState state) {
        return ControllerEncoder.model(id, name, state, new int[] {4, 8}, new int[] {12});
    }

    private void sendModel(final Bench bench, final long correlationId, final ModelInfo model) {
        bench.stub.send(bench.stub.encoder.model(bench.stub.sessionId, correlationId, model));
        bench.settle();
    }

    private void sendAck(final Bench bench, final Status ackStatus, final String detail) {
        final long correlationId = bench.stub.registrations.get(bench.stub.registrations.size() - 1).correlationId();
        bench.stub.send(bench.stub.encoder.catalogueAck(bench.stub.sessionId, correlationId, ackStatus, TRANSFER, detail));
        bench.settle();
    }

    private void list(final Bench bench, final String prefix) {
        assertTrue(bench.core.listModels(prefix, (end, detail, found) -> {
            log.add("list " + end);
            models = found;
        }, bench.clock.nanoTime()) > 0);
        bench.settle();
    }

    private long register(final Bench bench, final RegisterSpec spec) {
        final long id = bench.core.register(spec, new RegistrationHandler() {
            @Override
            public void onEnd(final Status end, final String detail, final List<ModelInfo> found) {
                log.add("end " + end + " " + detail + " " + found.size());
            }

            @Override
            public void onProgress(final long sent, final long total) {
                log.add("sent " + sent + "/" + total);
            }

            @Override
            public void onModel(final ModelInfo model) {
                log.add(model.name() + " " + model.state());
            }
        });
        bench.settle();
        return id;
    }

    private Path file(final int length) throws IOException {
        return Files.write(directory.resolve("model-" + length), RequestsTest.pattern(length, 3));
    }

    @Test
    void listsAreRememberedByName() {
        final Bench bench = new Bench().connect();
        list(bench, "res");
        assertEquals(List.of("res"), bench.stub.prefixes);
        final ModelInfo sent = model(5, "resnet", ModelState.READY);
        sendModel(bench, bench.stub.queries.get(0), sent);
        sendModel(bench, bench.stub.queries.get(0), model(6, "resnext", ModelState.FAILED));
        assertTrue(log.isEmpty());
        bench.stub.send(bench.stub.encoder.queryEnd(bench.stub.sessionId, bench.stub.queries.get(0), Status.OK, 2));
        bench.settle();
        assertEquals(List.of("list OK"), log);
        assertEquals(sent, models.get(0));
        assertEquals("no kernel for Foo", models.get(1).detail());
        assertEquals(sent, bench.core.model("resnet"));
        assertNull(bench.core.model("other"));
        sendModel(bench, 0, model(5, "resnet", ModelState.UNREGISTERED));
        assertNull(bench.core.model("resnet"));
        bench.core.forgetModel(6);
        assertNull(bench.core.model("resnext"));
    }

    @Test
    void queriesRunOneAfterTheOtherAndTimeOut() {
        final Bench bench = new Bench(c -> c.queryTimeoutNs(1000 * MS));
        bench.stub.grant = new ControllerStub.Grant(4, 1000, 100, 50 * MS, 60_000 * MS);
        bench.connect();
        list(bench, "a");
        list(bench, "b");
        assertEquals(List.of("a"), bench.stub.prefixes);
        bench.stub.send(bench.stub.encoder.queryEnd(bench.stub.sessionId, bench.stub.queries.get(0), Status.QUERY_BUSY, 0));
        bench.settle();
        assertEquals(List.of("a", "b"), bench.stub.prefixes);
        bench.advance(1000 * MS - 1);
        assertEquals(List.of("list QUERY_BUSY"), log);
        bench.advance(1);
        assertEquals(List.of("list QUERY_BUSY", "list CLIENT_TIMED_OUT"), log);
    }

    @Test
    void tooManyQuestionsAreRefusedAndALostSessionEndsThem() {
        final Bench bench = new Bench(c -> c.maxExchanges(2)).connect();
        assertEquals(ClientCore.INVALID_SPEC, bench.core.listModels("x".repeat(129), (s, d, m) -> { }, 0));
        list(bench, "a");
        assertTrue(bench.core.unregister("m", 1, (end, detail) -> log.add("unregister " + end)) > 0);
        assertEquals(ClientCore.TOO_MANY_EXCHANGES, bench.core.queryStatus((s, d, c) -> { }, 0));
        bench.settle();
        bench.stub.link.close();
        bench.settle();
        assertEquals(List.of("list CLOSED_BY_PEER", "unregister OUTCOME_UNKNOWN"), log);
        assertEquals(ClientCore.NOT_CONNECTED, bench.core.queryStatus((s, d, c) -> { }, 0));
    }

    @Test
    void aFileIsHashedAskedForSentAndWaitedFor() throws Exception {
        final Bench bench = new Bench().connect();
        final int length = 700_000;
        final Path path = file(length);
        register(bench, RegisterSpec.file("bert", path).replace(true).count(2).defaultSloNs(9).maxBatch(8)
            .dimension("sequence", 32));
        final ControllerStub.Registration asked = bench.stub.registrations.get(0);
        assertEquals("bert", asked.name());
        assertEquals("", asked.profile());
        assertEquals(length, asked.fileLength());
        assertArrayEquals(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path)), asked.sha256());
        assertEquals(2, asked.count());
        assertEquals(9, asked.defaultSloNs());
        assertEquals(8, asked.maxBatch());
        assertTrue(asked.isReplacing());
        assertEquals(Map.of("sequence", 32), asked.dimensions());
        sendAck(bench, Status.NEED_FILE, "");
        assertArrayEquals(RequestsTest.pattern(length, 3), bench.stub.file.toByteArray());
        assertEquals("sent 700000/700000", log.get(log.size() - 1));
        log.clear();
        sendModel(bench, asked.correlationId(), model(1, "bert-0", ModelState.INSTALLING));
        sendAck(bench, Status.OK, "");
        sendModel(bench, asked.correlationId(), model(1, "bert-0", ModelState.READY));
        sendModel(bench, asked.correlationId(), model(2, "bert-1", ModelState.PROFILING));
        sendModel(bench, asked.correlationId(), model(9, "bert-2", ModelState.READY));
        sendModel(bench, asked.correlationId(), model(9, "bert", ModelState.READY));
        sendModel(bench, asked.correlationId(), model(2, "bert-1", ModelState.PROFILING));
        sendModel(bench, asked.correlationId(), model(2, "bert-1", ModelState.READY));
        assertEquals(List.of(
            "bert-0 INSTALLING", "bert-0 READY", "bert-1 PROFILING", "bert-1 READY", "end OK  2"), log);
    }

    @Test
    void aProfileNeedsNoFile() {
        final Bench bench = new Bench().connect();
        register(bench, RegisterSpec.profile("r", "resnet50_v2"));
        assertEquals("resnet50_v2", bench.stub.registrations.get(0).profile());
        assertEquals(0, bench.stub.registrations.get(0).fileLength());
        sendModel(bench, bench.stub.registrations.get(0).correlationId(), model(1, "r", ModelState.READY));
        assertEquals(List.of("r READY"), log, "not before the controller has accepted it");
        sendAck(bench, Status.OK, "");
        assertEquals(List.of("r READY", "end OK  1"), log);
    }

    @Test
    void refusalsOfEachKindEndTheRegistration() throws Exception {
        final Bench bench = new Bench().connect();
        register(bench, RegisterSpec.file("m", file(10)));
        sendAck(bench, Status.NAME_TAKEN, "another file has it");
        register(bench, RegisterSpec.file("m", file(10)));
        sendAck(bench, Status.NEED_FILE, "");
        sendAck(bench, Status.CHECKSUM_MISMATCH, "not those bytes");
        register(bench, RegisterSpec.profile("m", "p"));
        sendAck(bench, Status.NEED_FILE, "");
        register(bench, RegisterSpec.profile("m", "p"));
        sendAck(bench, Status.OK, "");
        sendModel(bench, bench.stub.registrations.get(3).correlationId(), model(1, "m", ModelState.FAILED));
        register(bench, RegisterSpec.file("m", directory.resolve("absent")));
        register(bench, RegisterSpec.file("m", file(0)));
        log.removeIf(line -> line.startsWith("sent"));
        assertEquals("end NAME_TAKEN another file has it 0", log.get(0));
        assertEquals("end CHECKSUM_MISMATCH not those bytes 0", log.get(1));
        assertTrue(log.get(2).startsWith("end MALFORMED_MESSAGE"), log.get(2));
        assertEquals("m FAILED", log.get(3));
        assertEquals("end UNSUPPORTED_OPERATOR no kernel for Foo 1", log.get(4));
        assertTrue(log.get(5).startsWith("end INVALID_REGISTRATION cannot read"), log.get(5));
        assertTrue(log.get(6).startsWith("end INVALID_MODEL_FILE"), log.get(6));
    }

    @Test
    void chunksWaitForTheBulkLane() throws Exception {
        final boolean[] isFull = {true};
        final Bench bench = new Bench(c -> c, n -> n.refusals((from, to, lane, length, now) -> lane == 1 && isFull[0]));
        bench.connect();
        register(bench, RegisterSpec.file("m", file(100_000)));
        sendAck(bench, Status.NEED_FILE, "");
        assertEquals(0, bench.stub.file.size());
        isFull[0] = false;
        bench.advance(Gate.RETRY_NS);
        assertArrayEquals(RequestsTest.pattern(100_000, 3), bench.stub.file.toByteArray());
    }

    @Test
    void aFileGetsThroughBesideInputsThatFillTheLane() throws Exception {
        final int[] taken = new int[1];
        final Bench bench = new Bench(c -> c, n -> n.refusals((from, to, lane, length, now) ->
            lane == 1 && from == 1 && taken[0]++ > 0));
        bench.connect();
        register(bench, RegisterSpec.file("m", file(300_000)));
        sendAck(bench, Status.NEED_FILE, "");
        final UnsafeBuffer input = new UnsafeBuffer(new byte[2_000_000]);
        final RequestSpec spec = new RequestSpec().model(1).input(input, 0, input.capacity());
        for (int i = 0; i < 200 && bench.stub.file.size() < 300_000; i++) {
            bench.core.infer(spec, bench.clock.nanoTime());
            taken[0] = 0;
            bench.advance(137_000);
        }
        assertEquals(300_000, bench.stub.file.size());
        assertTrue(bench.stub.inputs.size() > 10);
    }

    @Test
    void theControllerIsAskedWhenNoNewsComes() {
        final Bench bench = new Bench().connect();
        register(bench, RegisterSpec.profile("m", "p"));
        sendAck(bench, Status.OK, "");
        bench.aliveFor(RegisterOperation.LOOK_NS - 1);
        assertTrue(bench.stub.prefixes.isEmpty());
        bench.aliveFor(1);
        assertEquals(List.of("m"), bench.stub.prefixes);
        sendModel(bench, bench.stub.queries.get(0), model(1, "m", ModelState.READY));
        sendModel(bench, bench.stub.queries.get(0), model(2, "mm", ModelState.READY));
        bench.stub.send(bench.stub.encoder.queryEnd(bench.stub.sessionId, bench.stub.queries.get(0), Status.OK, 2));
        bench.settle();
        assertEquals(List.of("m READY", "end OK  1"), log);
    }

    @Test
    void registrationsTimeOutAtEachStep() throws Exception {
        final Bench bench = new Bench(c -> c.queryTimeoutNs(1000 * MS).registrationTimeoutNs(5000 * MS));
        bench.connect();
        register(bench, RegisterSpec.profile("m", "p"));
        bench.aliveFor(1000 * MS - 1);
        assertTrue(log.isEmpty());
        bench.aliveFor(1);
        assertTrue(log.get(0).startsWith("end OUTCOME_UNKNOWN"), log.get(0));
        register(bench, RegisterSpec.profile("n", "p"));
        sendAck(bench, Status.OK, "");
        bench.aliveFor(5000 * MS - 1);
        log.removeIf(line -> line.startsWith("list"));
        assertEquals(1, log.size());
        bench.aliveFor(1);
        assertEquals(2, log.size());
    }

    @Test
    void aWaitingRegistrationDoesNotHoldTheNext() {
        final Bench bench = new Bench().connect();
        register(bench, RegisterSpec.profile("a", "p"));
        register(bench, RegisterSpec.profile("b", "p"));
        assertEquals(1, bench.stub.registrations.size());
        sendAck(bench, Status.OK, "");
        assertEquals(2, bench.stub.registrations.size());
        sendAck(bench, Status.OK, "");
        sendModel(bench, bench.stub.registrations.get(1).correlationId(), model(2, "b", ModelState.READY));
        sendModel(bench, bench.stub.registrations.get(0).correlationId(), model(1, "a", ModelState.READY));
        assertEquals(List.of("b READY", "end OK  1", "a READY", "end OK  1"), log);
    }

    @Test
    void aModelIsUnregistered() {
        final Bench bench = new Bench().connect();
        bench.core.unregister("m", 3, (end, detail) -> log.add(end + " " + detail));
        bench.settle();
        bench.stub.send(bench.stub.encoder.catalogueAck(
            bench.stub.sessionId, bench.stub.unregistrations.get(0), Status.UNKNOWN_MODEL, 0, "no m-0"));
        bench.settle();
        assertEquals(List.of("UNKNOWN_MODEL no m-0"), log);
        list(bench, "");
        sendModel(bench, bench.stub.queries.get(0), model(5, "m-2", ModelState.READY));
        bench.core.unregister("m", 3, (end, detail) -> log.add(end + detail));
        bench.settle();
        assertEquals(5, bench.core.model("m-2").modelId());
        bench.stub.send(bench.stub.encoder.catalogueAck(
            bench.stub.sessionId, bench.stub.unregistrations.get(1), Status.OK, 0, ""));
        bench.settle();
        assertNull(bench.core.model("m-2"));
    }

    @Test
    void theStatusHasWorkersWithTheirDevices() {
        final Bench bench = new Bench().connect();
        bench.core.queryStatus((end, detail, controller) -> {
            log.add("status " + end);
            status = controller;
        }, bench.clock.nanoTime());
        bench.settle();
        final long session = bench.stub.sessionId;
        final long query = bench.stub.queries.get(0);
        bench.stub.send(bench.stub.encoder.report(session, query));
        bench.stub.send(bench.stub.encoder.worker(session, query, 0));
        bench.stub.send(bench.stub.encoder.worker(session, query, 1));
        bench.stub.send(bench.stub.encoder.device(session, query, 1, 0));
        bench.stub.send(bench.stub.encoder.device(session, query, 1, 1));
        bench.stub.send(bench.stub.encoder.device(session, query + 1, 0, 1));
        bench.stub.send(bench.stub.encoder.queryEnd(session, query, Status.OK, 5));
        bench.settle();
        assertEquals(List.of("status OK"), log);
        assertEquals("baseline", status.policy());
        assertEquals(90, status.responsesOk());
        assertEquals(0, status.workers().get(0).devices().size());
        assertEquals(2, status.workers().get(1).devices().size());
        assertEquals("worker-1", status.workers().get(1).name());
        assertEquals("emulated V100", status.workers().get(1).devices().get(1).description());
        assertTrue(status.workers().get(1).devices().get(1).isEmulated());
        assertEquals(1, bench.core.counts().unexpected());
    }

    @Test
    void specificationsAreChecked() {
        final RegisterSpec spec = RegisterSpec.profile("m", "p").count(12);
        assertTrue(spec.isNamed("m-0"));
        assertTrue(spec.isNamed("m-11"));
        for (final String other : List.of("m", "m-12", "m-01", "m-", "m-x", "mm-1", "m-99999999999")) {
            assertTrue(!spec.isNamed(other), other);
        }
        final List<Runnable> wrong = List.of(
            () -> RegisterSpec.profile("", "p"), () -> RegisterSpec.profile("m", ""), () -> spec.count(0),
            () -> spec.maxBatch(-1), () -> spec.maxBatch(Protocol.MAX_BATCH + 1), () -> spec.dimension("s", 0));
        for (final Runnable call : wrong) {
            assertThrows(IllegalArgumentException.class, call::run);
        }
    }
}
