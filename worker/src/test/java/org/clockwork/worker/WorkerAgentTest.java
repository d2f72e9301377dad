package org.clockwork.worker;

import static org.clockwork.worker.WorkerRig.MS;
import static org.clockwork.worker.WorkerRig.US;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.StubController.ArtifactState;
import org.clockwork.worker.StubController.Heartbeat;
import org.clockwork.worker.StubController.Hello;
import org.clockwork.worker.StubController.Inventory;
import org.clockwork.worker.StubController.Request;
import org.clockwork.worker.StubController.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The way of an action through the whole agent. */
class WorkerAgentTest {
    private final WorkerRig rig = new WorkerRig();
    private final StubController controller = rig.controller;

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void saysHelloAndBeats() {
        rig.connect();
        final Hello hello = controller.last(Hello.class);
        assertEquals(42, hello.incarnation());
        assertEquals("w1", hello.name());
        assertEquals("emulated", hello.backend());
        assertEquals(List.of("10 pages 10 free batch 4"), hello.devices());
        assertEquals(new Inventory(true, List.of()), controller.last(Inventory.class));
        controller.heard.clear();
        rig.advance(500 * MS, MS);
        assertEquals(10, controller.all(Heartbeat.class).size());
        final Heartbeat beat = controller.last(Heartbeat.class);
        assertEquals(1, beat.epoch());
        assertTrue(beat.echoReceivedNs() >= beat.echoSentNs() && beat.echoSentNs() > WorkerRig.START_NS);
    }

    @Test
    void installsLoadsInfersUnloads() {
        rig.connect();
        controller.installProfile(1, 1, WorkerRig.SMALL, 4);
        rig.settle();
        final ArtifactState state = controller.last(ArtifactState.class);
        assertEquals(ArtifactPhase.READY, state.phase(), state.detail());
        assertEquals(2, state.pages());
        assertEquals(4, state.maxBatch());
        assertEquals(5 * MS, state.loadNs());
        assertEquals(List.of("1=1000000", "2=1000000", "4=2000000"), state.profile());
        assertEquals(List.of("in FLOAT32 4000 input 1000", "out FLOAT32 4 output 1"), state.tensors());

        final long loadAt = rig.now();
        controller.load(1, loadAt, loadAt + MS, 100, 1);
        rig.advance(6 * MS);
        final Result load = controller.result(1);
        assertEquals(Status.OK, load.status());
        assertEquals(8, load.freePages());
        assertEquals(loadAt, load.startNs());
        assertEquals(5 * MS, load.executeNs());

        final long inferAt = rig.now() + MS;
        controller.infer(2, inferAt, inferAt + MS, 100, 2, Request.generated(1, 1), Request.inline(2, new byte[4000]));
        rig.advance(MS - 1, MS);
        assertFalse(controller.hasResult(2));
        rig.advance(1);
        rig.advance(2 * MS, 10 * US);
        final Result infer = controller.result(2);
        assertEquals(Status.OK, infer.status(), infer.detail());
        assertEquals(inferAt, infer.startNs());
        assertEquals(2, infer.batchSize());
        assertEquals(List.of("1:4:4", "2:4:4"), infer.outputs());

        controller.unload(3, rig.now(), rig.now() + MS, 100);
        rig.settle();
        assertEquals(Status.OK, controller.result(3).status());
        assertEquals(10, controller.result(3).freePages());
        assertEquals(0, rig.count(WorkerCounter.MALFORMED));
        assertEquals("", rig.errors.toString());
    }
}
