package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.controller.model.Model;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** What is refused at the door, why, and the edges of each check. */
class IntakeTest {
    private static final long MS = 1_000_000L;

    private final PathRig rig = new PathRig(50_000);
    private Model model;
    private RigClient client;

    private void start() {
        rig.start();
        model = rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET));
        final RigWorker worker = rig.worker(1, 100, 1);
        worker.hold(0, model);
        worker.join();
        client = rig.client(8);
    }

    private Status ends(final RigClient.Ask ask) {
        final RigClient.Sent sent = client.ask(model, ask);
        rig.runFor(200 * MS);
        assertEquals(1, sent.ends);
        assertEquals(0, rig.path.requestsInFlight());
        assertEquals(0, client.session.inFlight);
        assertEquals(0, client.session.bytesInFlight);
        return sent.status;
    }

    @Test
    void sloAndElapsed() {
        start();
        final RigClient.Ask ask = new RigClient.Ask();
        ask.sloNs = 0;
        assertEquals(Status.INVALID_SLO, ends(ask));
        ask.sloNs = -1;
        assertEquals(Status.INVALID_SLO, ends(ask));
        ask.sloNs = 1;
        assertEquals(Status.DEADLINE_UNREACHABLE, ends(ask));
        ask.sloNs = Long.MAX_VALUE;
        assertEquals(Status.OK, ends(ask));
        ask.elapsedNs = -1;
        assertEquals(Status.INVALID_ELAPSED, ends(ask));
        ask.elapsedNs = Long.MAX_VALUE;
        assertEquals(Status.DEADLINE_PASSED, ends(ask));
        ask.sloNs = 50 * MS;
        ask.elapsedNs = 50 * MS;
        assertEquals(Status.DEADLINE_PASSED, ends(ask));
        ask.elapsedNs = 50 * MS - 1;
        assertEquals(Status.DEADLINE_UNREACHABLE, ends(ask));
        ask.sloNs = Protocol.NULL_NS;
        assertEquals(Status.OK, ends(ask));
    }

    @Test
    void hopsOfTheClientCountAgainstItsDeadline() {
        start();
        client.session.hopInNs = 3 * MS;
        client.session.hopOutNs = 2 * MS;
        final RigClient.Ask ask = new RigClient.Ask();
        ask.sloNs = 2 * rig.hopNs + PathRig.RESNET[0] + 5 * MS;
        assertEquals(Status.OK, ends(ask));
        ask.sloNs--;
        final RigClient.Sent refused = client.ask(model, ask);
        rig.runFor(MS);
        assertEquals(Status.DEADLINE_UNREACHABLE, refused.status);
        assertEquals(2 * rig.hopNs + PathRig.RESNET[0] + 2 * MS, refused.earliestNs, "from arrival here to arrival there");
    }

    @Test
    void theModelsDefaultSloHoldsForRequestsWithoutOne() {
        start();
        model.defaultSloNs = MS;
        final RigClient.Ask ask = new RigClient.Ask();
        ask.sloNs = Protocol.NULL_NS;
        assertEquals(Status.DEADLINE_UNREACHABLE, ends(ask));
        ask.sloNs = 50 * MS;
        assertEquals(Status.OK, ends(ask));
    }

    @Test
    void models() {
        start();
        final RigClient.Ask ask = new RigClient.Ask();
        ask.modelId = Ids.id(1, 99);
        assertEquals(Status.UNKNOWN_MODEL, ends(ask));
        ask.modelId = Ids.id(2, 0);
        assertEquals(Status.UNKNOWN_MODEL, ends(ask), "another generation");
        ask.modelId = -1L << 31;
        assertEquals(Status.UNKNOWN_MODEL, ends(ask));
        ask.modelId = -1;
        model.state = ModelState.PROFILING;
        assertEquals(Status.NOT_READY, ends(ask));
    }

    @Test
    void inputs() {
        start();
        final RigClient.Ask ask = new RigClient.Ask();
        ask.inputBytes = 63;
        assertEquals(Status.WRONG_INPUT_SIZE, ends(ask));
        ask.inputBytes = 65;
        assertEquals(Status.WRONG_INPUT_SIZE, ends(ask));
        ask.inputBytes = 64;
        assertEquals(Status.OK, ends(ask));
        ask.inlineBytes = 63;
        assertEquals(Status.MALFORMED_MESSAGE, ends(ask));
        ask.inlineBytes = 64;
        ask.type = DataType.INT64;
        assertEquals(Status.WRONG_INPUT_TYPE, ends(ask));
        ask.type = DataType.UNSPECIFIED;
        assertEquals(Status.OK, ends(ask));
        ask.isGenerated = true;
        assertEquals(Status.OK, ends(ask));
    }

    @Test
    void generatedInputsCanBeRefused() {
        rig.context.acceptsGeneratedInputs(false);
        start();
        final RigClient.Ask ask = new RigClient.Ask();
        ask.isGenerated = true;
        assertEquals(Status.GENERATED_INPUT_REFUSED, ends(ask));
    }

    @Test
    void idsAndLimits() {
        start();
        final RigClient.Ask ask = new RigClient.Ask();
        ask.clientId = Ids.id(1, 8);
        assertEquals(Status.INVALID_REQUEST_ID, ends(ask));
        ask.clientId = Ids.id(1, Integer.MIN_VALUE);
        assertEquals(Status.INVALID_REQUEST_ID, ends(ask));
        ask.clientId = Ids.id(1, 7);
        final RigClient.Sent first = client.ask(model, ask);
        final RigClient.Sent again = client.ask(model, ask);
        ask.clientId = Ids.id(2, 7);
        final RigClient.Sent reused = client.ask(model, ask);
        rig.runFor(100 * MS);
        assertEquals(0, first.ends, "the test's table names the second of the two");
        assertEquals(2, again.ends);
        assertEquals(Status.DUPLICATE_REQUEST_ID, reused.status);
        assertEquals(1, rig.path.figures().endsWith(Status.OK));
        assertEquals(2, rig.path.figures().endsWith(Status.DUPLICATE_REQUEST_ID));
    }

    @Test
    void tablesThatAreFull() {
        rig.context.maxRequests(2).arenaBytes(3 * 1024);
        start();
        final RigClient.Sent first = client.ask(model, 50 * MS);
        final RigClient.Sent second = client.ask(model, 50 * MS);
        final RigClient.Sent third = client.ask(model, 50 * MS);
        rig.runFor(100 * MS);
        assertEquals(Status.OK, first.status);
        assertEquals(Status.OK, second.status);
        assertEquals(Status.REQUEST_TABLE_FULL, third.status);
        assertEquals(0, client.session.bytesInFlight);
    }

    @Test
    void arenaThatIsFull() {
        rig.context.arenaBytes(2 * 1024);
        start();
        client.ask(model, 50 * MS);
        client.ask(model, 50 * MS);
        final RigClient.Sent third = client.ask(model, 50 * MS);
        final RigClient.Ask generated = new RigClient.Ask();
        generated.isGenerated = true;
        final RigClient.Sent fourth = client.ask(model, generated);
        rig.runFor(100 * MS);
        assertEquals(Status.INPUT_ARENA_FULL, third.status);
        assertEquals(Status.OK, fourth.status, "needs no room");
    }

    @Test
    void bytesOfAClient() {
        start();
        client = new RigClient(rig, 1, 8, 128);
        client.ask(model, 50 * MS);
        client.ask(model, 50 * MS);
        final RigClient.Sent third = client.ask(model, 50 * MS);
        rig.runFor(100 * MS);
        assertEquals(Status.TOO_MANY_BYTES, third.status);
        final RigClient.Sent fourth = client.ask(model, 50 * MS);
        rig.runFor(100 * MS);
        assertEquals(Status.OK, fourth.status);
    }

    @Test
    void draining() {
        start();
        final RigClient.Sent before = client.ask(model, 50 * MS);
        rig.path.drain();
        assertEquals(Status.CONTROLLER_DRAINING, client.ask(model, 50 * MS).ends == 0 ? lastEnd() : null);
        rig.runFor(100 * MS);
        assertEquals(Status.OK, before.status);
    }

    private Status lastEnd() {
        rig.runFor(MS);
        return client.all.get(client.all.size() - 1).status;
    }

    @Test
    void unknownTemplatesAreCounted() {
        start();
        rig.path.onClientMessage(client.session, 99, null, 0, 0, rig.nowNs);
        rig.path.onWorkerMessage(rig.workers.get(0).state, 99, null, 0, 0, rig.nowNs);
        assertEquals(2, rig.path.figures().malformed);
    }

    @Test
    void cancelWhileQueuedInActionAndAfter() {
        start();
        rig.executeNs = new long[] {20 * MS, 30 * MS, 40 * MS, 50 * MS, 60 * MS};
        for (int i = 0; i < 5; i++) {
            for (int n = 0; n < 10; n++) {
                model.artifact.profile.recordExecute(i, rig.executeNs[i]);
            }
        }
        final RigClient.Sent running = client.ask(model, 500 * MS);
        rig.runFor(MS);
        final RigClient.Sent queued = client.ask(model, 500 * MS);
        rig.runFor(MS);
        client.cancel(queued.id);
        client.cancel(running.id);
        client.cancel(Ids.id(9, 3));
        client.cancel(Ids.id(9, -3));
        rig.runFor(MS);
        assertEquals(Status.CANCELLED, queued.status);
        assertEquals(0, running.ends);
        rig.runFor(100 * MS);
        assertEquals(Status.OK, running.status, "it had started: the answer came first");
        client.cancel(running.id);
        rig.runFor(10 * MS);
        assertEquals(1, running.ends);
        assertEquals(1, rig.workers.get(0).infers);
    }

    @Test
    void aClosedSessionIsToldNothingAndLeavesNothing() {
        start();
        final RigClient.Sent running = client.ask(model, 500 * MS);
        rig.runFor(MS);
        final RigClient.Sent queued = client.ask(model, 500 * MS);
        rig.close(client.session);
        assertEquals(1, rig.path.requestsInFlight());
        rig.runFor(100 * MS);
        assertEquals(0, running.ends + queued.ends);
        assertEquals(0, rig.path.requestsInFlight());
        assertEquals(0, client.session.inFlight);
        assertTrue(client.session.isClosed);
    }
}
