package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** The way of single requests through all stations. */
class RequestPathTest {
    private static final long MS = 1_000_000L;
    private static final long HOP = 50_000L;

    private final PathRig rig = new PathRig(HOP).start();

    private Model resnet() {
        return rig.register(rig.catalogue.artifact(7, 64, 32, 8_320_000, PathRig.RESNET));
    }

    @Test
    void warmModelAnswersAfterTwoHopsAndItsExecution() {
        final Model model = resnet();
        final RigWorker worker = rig.worker(1, 100, 123_456_789);
        worker.hold(0, model);
        worker.join();
        final RigClient.Sent sent = rig.client(16).ask(model, 100 * MS);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, sent.status);
        assertEquals(1, sent.ends);
        assertEquals(2 * HOP + PathRig.RESNET[0], sent.totalNs);
        assertEquals(HOP, sent.queueNs);
        assertEquals(PathRig.RESNET[0], sent.executeNs);
        assertEquals(32, sent.inlineOutput);
        assertFalse(sent.isCold);
        assertTrue(sent.isInTime);
        assertEquals(0, rig.path.requestsInFlight());
    }

    @Test
    void coldModelIsLoadedFirst() {
        final Model model = resnet();
        final RigWorker worker = rig.worker(1, 100, -5);
        worker.join();
        final RigClient.Sent sent = rig.client(16).ask(model, 100 * MS);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, sent.status);
        assertTrue(sent.isCold);
        assertEquals(8_320_000, sent.loadNs);
        assertEquals(4 * HOP + 8_320_000 + PathRig.RESNET[0], sent.totalNs);
        assertEquals(1, worker.loads);
        assertEquals(93, worker.state.devices.get(0).freePages);
        assertEquals(1, model.loadedOn);
        assertEquals(1, rig.path.figures().coldStarts);
    }

    @Test
    void deadlineIsMetToTheNanosecondOrRefusedAtOnce() {
        final Model model = resnet();
        final RigWorker worker = rig.worker(1, 100, 7);
        worker.hold(0, model);
        worker.join();
        final RigClient client = rig.client(16);
        final long leastNs = 2 * HOP + PathRig.RESNET[0];
        final RigClient.Sent met = client.ask(model, leastNs);
        rig.runFor(50 * MS);
        final long askedNs = rig.nowNs;
        final RigClient.Sent refused = client.ask(model, leastNs - 1);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, met.status);
        assertTrue(met.isInTime);
        assertEquals(Status.DEADLINE_UNREACHABLE, refused.status);
        assertEquals(askedNs + HOP, refused.endedNs);
        assertEquals(leastNs, refused.earliestNs);
        assertEquals("No start that keeps the promises already made meets the deadline.", refused.detail);
    }

    @Test
    void coldDeadlineThatNoLoadMeetsIsRefusedAtOnceWithWhatWouldDo() {
        final Model model = resnet();
        rig.worker(1, 100, 7).join();
        final RigClient client = rig.client(16);
        final long leastNs = 4 * HOP + 8_320_000 + PathRig.RESNET[0];
        final RigClient.Sent refused = client.ask(model, leastNs - 1);
        rig.runFor(HOP);
        assertEquals(Status.DEADLINE_UNREACHABLE, refused.status);
        assertEquals(leastNs, refused.earliestNs);
        final RigClient.Sent met = client.ask(model, leastNs);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, met.status);
        assertTrue(met.isInTime);
    }

    @Test
    void noDeviceIsNoCapacity() {
        final Model model = resnet();
        final RigClient.Sent sent = rig.client(16).ask(model, 100 * MS);
        rig.runFor(MS);
        assertEquals(Status.NO_CAPACITY, sent.status);
        assertEquals(Protocol.NULL_NS, sent.earliestNs);
    }
}
