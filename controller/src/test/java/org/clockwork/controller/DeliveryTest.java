package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** Peers that do not take their messages: retried in order, up to a limit, and nobody else waits. */
class DeliveryTest {
    private static final long MS = 1_000_000L;

    private final PathRig rig = new PathRig(50_000);
    private Model model;
    private RigWorker worker;

    private void start() {
        rig.start();
        model = rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET));
        worker = rig.worker(1, 100, 5);
        worker.hold(0, model);
        worker.join();
    }

    @Test
    void actionsWaitForTheirWorkerInOrder() {
        start();
        final RigClient client = rig.client(16);
        worker.link.isRefusing = true;
        client.ask(model, 50 * MS);
        rig.cycle();
        client.ask(model, 60 * MS);
        rig.runFor(2 * MS);
        assertEquals(rig.nowNs + 10_000 - rig.nowNs % 10_000, (rig.path.nextWakeNs() + 9_999) / 10_000 * 10_000, "retried soon");
        worker.link.isRefusing = false;
        rig.runFor(20 * MS);
        assertEquals(2, client.count(Status.OK));
        assertEquals(List.of(1, 1), worker.batches);
    }

    @Test
    void anActionThatCouldNotLeaveInTimeIsTakenBack() {
        start();
        final RigClient client = rig.client(16);
        worker.link.isRefusing = true;
        final long askedNs = rig.nowNs;
        final RigClient.Sent sent = client.ask(model, 20 * MS);
        rig.runFor(100 * MS);
        assertEquals(Status.DEADLINE_UNREACHABLE, sent.status);
        assertTrue(sent.endedNs - askedNs <= 20 * MS, "in time: " + (sent.endedNs - askedNs));
        worker.link.isRefusing = false;
        rig.runFor(20 * MS);
        assertEquals(0, worker.infers);
        final RigClient.Sent next = client.ask(model, 20 * MS);
        rig.runFor(20 * MS);
        assertEquals(Status.OK, next.status);
    }

    @Test
    void anActionThatHasNotLeftIsCancelledHere() {
        start();
        final RigClient client = rig.client(16);
        worker.link.isRefusing = true;
        final RigClient.Sent sent = client.ask(model, 50 * MS);
        rig.runFor(MS);
        client.cancel(sent.id);
        rig.runFor(MS);
        assertEquals(Status.CANCELLED, sent.status);
        worker.link.isRefusing = false;
        rig.runFor(20 * MS);
        assertEquals(0, worker.infers);
    }

    @Test
    void aSlowWorkerHoldsNobodyUp() {
        start();
        final RigWorker other = rig.worker(1, 100, 6);
        final Model second = rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET));
        other.hold(0, second);
        other.join();
        rig.path.onArtifactInstalled(other.state, second.artifact, rig.nowNs);
        worker.link.isRefusing = true;
        final RigClient client = rig.client(16);
        client.ask(model, 50 * MS);
        rig.cycle();
        final RigClient.Sent sent = client.ask(second, 50 * MS);
        rig.runFor(5 * MS);
        assertEquals(Status.OK, sent.status);
    }

    @Test
    void responsesWaitForTheirClientInOrder() {
        start();
        final RigClient slow = rig.client(16);
        final RigClient other = rig.client(16);
        slow.link.isRefusing = true;
        for (int i = 0; i < 8; i++) {
            slow.ask(model, 50 * MS);
        }
        final RigClient.Sent free = other.ask(model, 50 * MS);
        rig.runFor(30 * MS);
        assertEquals(Status.OK, free.status);
        assertEquals(0, slow.count(Status.OK));
        assertEquals(0, rig.path.requestsInFlight(), "slots do not wait with them");
        slow.link.isRefusing = false;
        rig.runFor(MS);
        assertEquals(8, slow.count(Status.OK));
        assertEquals(8, rig.path.figures().responsesDelayed);
        assertEquals(Long.MAX_VALUE, rig.path.nextWakeNs());
    }

    @Test
    void aClientThatTakesNothingIsGivenUpAtTheLimit() {
        rig.context.maxWaitingMessages(4);
        start();
        final RigClient slow = rig.client(64);
        slow.link.isRefusing = true;
        for (int i = 0; i < 4; i++) {
            slow.ask(model, 1);
        }
        rig.runFor(MS);
        assertEquals(0, rig.closed.size());
        slow.ask(model, 1);
        rig.runFor(MS);
        assertEquals(List.of(Status.SLOW_CONSUMER), rig.closed);
        assertEquals(1, rig.path.figures().slowConsumers);
        assertTrue(slow.session.isClosed);
    }

    @Test
    void outputsThatAreNotTakenWaitToo() {
        rig.start();
        model = rig.register(rig.catalogue.artifact(7, 64, 150_000, rig.loadNs, PathRig.RESNET));
        worker = rig.worker(1, 100, 5);
        worker.hold(0, model);
        worker.join();
        final RigClient slow = rig.client(16);
        slow.link.isRefusing = true;
        final RigClient.Sent sent = slow.ask(model, 50 * MS);
        rig.runFor(30 * MS);
        assertEquals(0, sent.relayedOutput);
        slow.link.isRefusing = false;
        rig.runFor(MS);
        assertEquals(150_000, sent.relayedOutput);
        assertEquals(Status.OK, sent.status);
        assertEquals(1, sent.ends);
    }

    @Test
    void largeBatchesOfInlineInputsFitOneMessage() {
        rig.start();
        model = rig.register(rig.catalogue.artifact(7, 1024, 1024, rig.loadNs, 1, 1, 1, 1, 1, 1, 1));
        model.artifact.maxBatch = 64;
        rig.executeNs = new long[] {1, 1, 1, 1, 1, 1, 1};
        worker = rig.worker(1, 100, 5);
        worker.hold(0, model);
        worker.join();
        final RigClient client = rig.client(128);
        for (int i = 0; i < 64; i++) {
            client.ask(model, 50 * MS);
        }
        rig.runFor(10 * MS);
        assertEquals(64, client.count(Status.OK));
        assertEquals(List.of(16, 16, 16, 16), worker.batches, "the device's own limit");
        assertEquals(Protocol.DEFAULT_INLINE_BYTES, model.artifact.inputBytes);
    }
}
