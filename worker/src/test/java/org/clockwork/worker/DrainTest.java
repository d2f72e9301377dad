package org.clockwork.worker;

import static org.clockwork.worker.WorkerRig.MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.schema.codec.Status;
import org.clockwork.worker.StubController.Draining;
import org.clockwork.worker.StubController.Hello;
import org.clockwork.worker.StubController.Request;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Leaving in good order. */
class DrainTest {
    private final WorkerRig rig = new WorkerRig();
    private final StubController controller = rig.controller;

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void finishesWhatItHasAndTakesNothingNew() {
        rig.ready();
        final long now = rig.now();
        controller.infer(10, now, now + MS, 100, 1, Request.generated(1, 1));
        controller.infer(11, now + 20 * MS, now + 30 * MS, 100, 1, Request.generated(2, 1));
        rig.settle();
        rig.agent.drain();
        rig.settle();
        assertEquals(5_000 * MS, controller.last(Draining.class).limitNs());
        controller.infer(12, now, now + MS, 100, 1, Request.generated(3, 1));
        controller.unload(13, now, now + MS, 100);
        rig.advance(20 * MS);
        assertEquals(Status.WORKER_DRAINING, controller.result(12).status());
        assertEquals(Status.WORKER_DRAINING, controller.result(13).status());
        assertEquals(Status.OK, controller.result(10).status());
        rig.advance(2 * MS);
        assertEquals(Status.OK, controller.result(11).status());
        assertFalse(rig.agent.isDrained());
        rig.advance(50 * MS);
        assertTrue(rig.agent.isDrained());
        assertEquals(1, controller.all(Draining.class).size());
    }

    @Test
    void idleWorkerLingersSoThatItsWordsArrive() {
        rig.ready();
        rig.agent.drain();
        rig.settle();
        final long idleNs = rig.now();
        rig.advance(50 * MS - 1, 50 * MS);
        assertFalse(rig.agent.isDrained());
        assertEquals(idleNs + 50 * MS, rig.agent.nextWakeNs(rig.now()));
        rig.advance(1);
        assertTrue(rig.agent.isDrained());
    }

    @Test
    void leavesAtTheLimit() {
        rig.ready();
        final long now = rig.now();
        controller.infer(10, now + 8_000 * MS, now + 9_000 * MS, 100, 1, Request.generated(1, 1));
        rig.settle();
        rig.agent.drain();
        rig.settle();
        rig.advance(5_000 * MS - 1, 20 * MS);
        assertFalse(rig.agent.isDrained());
        rig.advance(1);
        assertTrue(rig.agent.isDrained());
    }

    @Test
    void leavesWithoutAControllerToo() {
        controller.isAnswering = false;
        rig.settle();
        rig.agent.drain();
        rig.advance(60 * MS, MS);
        assertTrue(rig.agent.isDrained());
    }

    @Test
    void doesNotDialAgainWhenItsControllerIsLost() {
        rig.ready();
        final long now = rig.now();
        controller.infer(10, now, now + MS, 100, 1, Request.generated(1, 1));
        rig.settle();
        rig.agent.drain();
        rig.settle();
        controller.link.close();
        rig.advance(100 * MS, MS);
        assertTrue(rig.agent.isDrained());
        assertEquals(1, controller.all(Hello.class).size());
    }
}
