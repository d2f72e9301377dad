package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Large inputs in parts, in any order around their request; large outputs on their way back. */
class InputTest {
    private static final long MS = 1_000_000L;
    private static final int FIRST = 100_000;
    private static final int SECOND = 300;

    private final PathRig rig = new PathRig(50_000);
    private Model model;
    private RigClient client;
    private RigWorker worker;

    @BeforeEach
    void start() {
        rig.context.earlyTimeoutNs(100 * MS).inputTimeoutNs(300 * MS).maxEarlyParts(4);
        rig.start();
        final Artifact artifact = rig.catalogue.artifact(7, FIRST + SECOND, 200_000, rig.loadNs, PathRig.RESNET);
        artifact.tensors = List.of(
            new Artifact.Tensor(false, DataType.FLOAT32, FIRST, "a", ""),
            new Artifact.Tensor(false, DataType.FLOAT32, SECOND, "b", ""),
            new Artifact.Tensor(true, DataType.FLOAT32, 200_000, "out", ""));
        model = rig.register(artifact);
        worker = rig.worker(1, 100, 1);
        worker.hold(0, model);
        worker.join();
        client = rig.client(8);
    }

    private void parts(final long id, final boolean isSecondFirst) {
        if (isSecondFirst) {
            client.input(id, 1, 0, SECOND, SECOND);
        }
        client.input(id, 0, 60_000, FIRST, 40_000);
        client.input(id, 0, 0, FIRST, 60_000);
        if (!isSecondFirst) {
            client.input(id, 1, 0, SECOND, SECOND);
        }
    }

    @Test
    void afterTheRequest() {
        final RigClient.Sent sent = client.ask(model, 100 * MS);
        rig.runFor(5 * MS);
        parts(sent.id, false);
        rig.runFor(50 * MS);
        checkAnswered(sent);
    }

    @Test
    void beforeTheRequest() {
        final RigClient.Ask ask = new RigClient.Ask();
        ask.clientId = Ids.id(1, 3);
        parts(ask.clientId, true);
        assertEquals(FIRST + SECOND, client.session.bytesInFlight);
        final RigClient.Sent sent = client.ask(model, ask);
        rig.runFor(50 * MS);
        checkAnswered(sent);
    }

    @Test
    void aroundTheRequest() {
        final RigClient.Ask ask = new RigClient.Ask();
        ask.clientId = Ids.id(1, 3);
        client.input(ask.clientId, 1, 0, SECOND, SECOND);
        final RigClient.Sent sent = client.ask(model, ask);
        client.input(ask.clientId, 0, 60_000, FIRST, 40_000);
        client.input(ask.clientId, 0, 0, FIRST, 60_000);
        rig.runFor(50 * MS);
        checkAnswered(sent);
    }

    private void checkAnswered(final RigClient.Sent sent) {
        assertEquals(Status.OK, sent.status);
        assertEquals(1, sent.ends);
        assertEquals(200_000, sent.outputBytes);
        assertEquals(200_000, sent.relayedOutput);
        assertEquals(0, sent.inlineOutput);
        assertEquals(FIRST + SECOND, worker.inputs.values().iterator().next());
        assertEquals(0, client.session.bytesInFlight);
        assertEquals(0, rig.path.requestsInFlight());
        assertEquals(0, rig.path.figures().malformed);
    }

    @Test
    void neverWithADeadlineEndsWhenItCanNoLongerBeMet() {
        final long askedNs = rig.nowNs;
        final RigClient.Sent sent = client.ask(model, 40 * MS);
        client.input(sent.id, 1, 0, SECOND, SECOND);
        rig.runFor(200 * MS);
        assertEquals(Status.DEADLINE_UNREACHABLE, sent.status);
        assertEquals(askedNs + 40 * MS - model.artifact.profile.leastExecuteNs(0) + rig.hopNs, sent.endedNs);
    }

    @Test
    void partsOfARequestThatWasRefusedTakeNoRoom() {
        final RigClient.Sent refused = client.ask(model, -1);
        rig.runFor(MS);
        assertEquals(Status.INVALID_SLO, refused.status);
        final long droppedBefore = rig.path.figures().inputPartsDropped;
        client.input(refused.id, 1, 0, SECOND, SECOND);
        rig.cycle();
        assertEquals(droppedBefore + 1, rig.path.figures().inputPartsDropped);
        assertEquals(0, client.session.bytesInFlight);
    }

    @Test
    void neverWithoutADeadlineEndsAtTheTimeLimit() {
        final long askedNs = rig.nowNs;
        final RigClient.Sent sent = client.ask(model, Protocol.NULL_NS);
        rig.runFor(1_000 * MS);
        assertEquals(Status.INPUT_NEVER_CAME, sent.status);
        assertEquals(askedNs + 300 * MS + rig.hopNs, sent.endedNs);
    }

    @Test
    void partsThatNobodyClaimsAreForgotten() {
        parts(Ids.id(1, 3), true);
        rig.cycle();
        assertEquals(rig.nowNs + 100 * MS, rig.path.nextWakeNs());
        rig.runFor(100 * MS - 1);
        assertEquals(FIRST + SECOND, client.session.bytesInFlight);
        rig.runFor(1);
        assertEquals(0, client.session.bytesInFlight);
        assertEquals(3, rig.path.figures().inputPartsDropped);
    }

    @Test
    void earlyPartsAreBounded() {
        for (int i = 0; i < 5; i++) {
            client.input(Ids.id(1, 2), 0, i, FIRST, 1);
        }
        assertEquals(1, rig.path.figures().inputPartsDropped);
        assertEquals(4, client.session.bytesInFlight);
        rig.close(client.session);
        assertEquals(0, client.session.bytesInFlight);
    }

    @Test
    void wrongPartsAreCountedAndDropped() {
        final RigClient.Sent sent = client.ask(model, 100 * MS);
        client.input(sent.id, 2, 0, 200_000, 10);
        client.input(sent.id, 9, 0, FIRST, 10);
        client.input(sent.id, 0, -1, FIRST, 10);
        client.input(sent.id, 0, FIRST - 9, FIRST, 10);
        client.input(sent.id, 0, 0, FIRST + 1, 10);
        client.input(sent.id, 0, 0, FIRST, 0);
        client.input(Ids.id(1, 8), 0, 0, FIRST, 10);
        assertEquals(7, rig.path.figures().malformed);
        parts(sent.id, false);
        client.input(sent.id, 0, 0, FIRST, 10);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, sent.status);
        assertEquals(8, rig.path.figures().malformed);
    }

    @Test
    void outputsThatDoNotComeFailTheRequest() {
        worker.outputChunkBytes = 1 << 20;
        rig.context.outputTimeoutNs();
        final RigClient.Ask ask = new RigClient.Ask();
        ask.isGenerated = true;
        model.artifact.tensors = List.of(
            model.artifact.tensors.get(0), model.artifact.tensors.get(1),
            new Artifact.Tensor(true, DataType.FLOAT32, 200_001, "out", ""));
        final RigClient.Sent sent = client.ask(model, ask);
        rig.runFor(900 * MS);
        assertNull(sent.status);
        rig.runFor(200 * MS);
        assertEquals(Status.EXECUTION_FAILED, sent.status);
        assertEquals(0, sent.relayedOutput);
    }

    @Test
    void omittedOutputsAreNotRelayed() {
        final RigClient.Ask ask = new RigClient.Ask();
        ask.isGenerated = true;
        ask.omitsOutput = true;
        final RigClient.Sent sent = client.ask(model, ask);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, sent.status);
        assertEquals(0, sent.relayedOutput + sent.outputBytes);
    }
}
