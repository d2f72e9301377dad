package org.clockwork.worker;

import static org.clockwork.worker.WorkerRig.MS;
import static org.clockwork.worker.WorkerRig.US;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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

/** Who the controller is: refusals, silence, restarts, epochs. */
class SessionTest {
    private WorkerRig rig = new WorkerRig();
    private StubController controller = rig.controller;

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void silenceOfTheControllerEdge() {
        rig.connect();
        controller.isBeating = false;
        rig.advance(20 * MS, MS);
        controller.beat(1, 0, 0);
        rig.settle();
        rig.advance(500 * MS, MS);
        assertEquals(1, controller.all(Hello.class).size());
        rig.advance(1);
        assertEquals(1, rig.count(WorkerCounter.SESSIONS_LOST));
        rig.advance(10 * MS, MS);
        assertEquals(2, controller.all(Hello.class).size());
        assertTrue(rig.agent.isLive());
        assertNotEquals(
            controller.all(Hello.class).get(0).correlationId(), controller.all(Hello.class).get(1).correlationId());
    }

    @Test
    void anyMessageIsASignOfLife() {
        rig.connect();
        controller.isBeating = false;
        for (int i = 0; i < 10; i++) {
            rig.advance(400 * MS, MS);
            controller.cancel(77);
            rig.settle();
        }
        assertEquals(0, rig.count(WorkerCounter.SESSIONS_LOST));
    }

    @Test
    void intervalsAreThoseOfTheController() {
        controller.heartbeatNs = 10 * MS;
        controller.timeoutNs = 100 * MS;
        rig.connect();
        controller.heard.clear();
        rig.advance(100 * MS, MS);
        assertEquals(10, controller.all(Heartbeat.class).size());
        controller.isBeating = false;
        rig.advance(101 * MS, MS);
        assertEquals(1, rig.count(WorkerCounter.SESSIONS_LOST));
    }

    @Test
    void absurdIntervalsAreClamped() {
        controller.heartbeatNs = -5;
        controller.timeoutNs = Long.MIN_VALUE;
        controller.isBeating = false;
        controller.inlineBytes = Integer.MAX_VALUE;
        rig.settle();
        rig.advance(MS, 100 * US);
        controller.heard.clear();
        rig.advance(2 * MS, 100 * US);
        assertEquals(2, controller.all(Heartbeat.class).size());
        rig.advance(MS, 100 * US);
        assertEquals(1, rig.count(WorkerCounter.SESSIONS_LOST));
    }

    @Test
    void refusalIsShownAndTriedAgainWithPauses() {
        controller.answer = Status.AUTHENTICATION_FAILED;
        controller.answerDetail = "no such worker";
        rig.settle();
        rig.advance(10 * MS, MS);
        assertEquals(1, rig.count(WorkerCounter.HELLO_REFUSED));
        assertTrue(rig.agent.description().contains("AUTHENTICATION_FAILED: no such worker"), rig.agent.description());
        assertTrue(rig.errors.toString().contains("AUTHENTICATION_FAILED"));
        rig.advance(5_000 * MS, MS);
        final long refused = rig.count(WorkerCounter.HELLO_REFUSED);
        assertTrue(refused >= 14 && refused <= 25, "20, 40, 80 ... 500 ms, shortened by up to a half: " + refused);
        controller.answer = Status.OK;
        rig.advance(510 * MS, MS);
        assertTrue(rig.agent.isLive());
        assertTrue(rig.agent.description().contains("connected"), rig.agent.description());
    }

    @Test
    void nextEndpointIsTriedWhenOneIsDead() {
        rig.close();
        rig = new WorkerRig(c -> c.controllers(List.of("nobody:1", WorkerRig.ENDPOINT)));
        rig.settle();
        rig.advance(499 * MS, MS);
        assertFalse(rig.agent.isLive());
        rig.advance(5 * MS, MS);
        assertTrue(rig.agent.isLive());
        assertEquals(1, rig.count(WorkerCounter.DIALS_FAILED));
    }

    @Test
    void attemptsThatNobodyAnswersLastLongerEachTime() {
        rig.close();
        rig = new WorkerRig(c -> c.controllers(List.of("nobody:1")));
        rig.settle();
        long failed = 0;
        for (final long patienceMs : new long[] {500, 1_000, 2_000, 4_000, 4_000}) {
            rig.advance((patienceMs - 1) * MS, MS);
            assertEquals(failed, rig.count(WorkerCounter.DIALS_FAILED), "patience of " + patienceMs + " ms");
            rig.advance(2 * MS, MS);
            failed++;
            assertEquals(failed, rig.count(WorkerCounter.DIALS_FAILED), "patience of " + patienceMs + " ms");
            while (rig.agent.description().contains("no answer")) {
                rig.advance(MS, MS);
            }
        }
    }

    @Test
    void redirectIsFollowedAndLimited() {
        final StubController other = new StubController(rig.network.listen("other:2"), rig.clock);
        controller.answer = Status.REDIRECT;
        controller.answerDetail = "not an endpoint, other:2 ,third:3";
        for (int i = 0; i < 20; i++) {
            rig.settle();
            other.doWork();
            rig.clock.advance(MS);
        }
        assertTrue(rig.agent.isLive());
        assertEquals(1, other.all(Hello.class).size());
        assertEquals(0, rig.count(WorkerCounter.HELLO_REFUSED));
        other.close();
    }

    @Test
    void redirectInACircleEndsInAPause() {
        controller.answer = Status.REDIRECT;
        controller.answerDetail = WorkerRig.ENDPOINT;
        rig.settle();
        rig.advance(10 * MS, MS);
        assertEquals(6, controller.all(Hello.class).size(), "one, four redirects, and the configured one again");
        assertEquals(2, rig.count(WorkerCounter.HELLO_REFUSED));
    }

    @Test
    void redirectWithoutEndpointsIsARefusal() {
        controller.answer = Status.REDIRECT;
        controller.answerDetail = "/etc/passwd";
        rig.settle();
        rig.advance(10 * MS, MS);
        assertEquals(1, rig.count(WorkerCounter.HELLO_REFUSED));
    }

    @Test
    void answersThatDoNotFitAreIgnored() {
        controller.isAnswering = false;
        rig.settle();
        rig.advance(5 * MS, MS);
        final long correlationId = controller.last(Hello.class).correlationId();
        controller.helloAck(correlationId + 1, 1, Status.OK, "");
        rig.settle();
        assertFalse(rig.agent.isLive());
        assertEquals(1, rig.count(WorkerCounter.UNEXPECTED));
        controller.helloAck(correlationId, 1, Status.OK, "");
        controller.helloAck(correlationId, 9, Status.OK, "");
        rig.settle();
        assertTrue(rig.agent.isLive());
        assertEquals(2, rig.count(WorkerCounter.UNEXPECTED));
    }

    @Test
    void nothingIsDoneBeforeHelloAck() {
        controller.isAnswering = false;
        rig.settle();
        rig.advance(5 * MS, MS);
        controller.installProfile(1, 1, WorkerRig.SMALL, 4);
        controller.load(5, rig.now(), rig.now() + MS, 100, 1);
        rig.advance(10 * MS);
        assertTrue(controller.all(Result.class).isEmpty());
        assertTrue(controller.all(ArtifactState.class).isEmpty());
        assertEquals(2, rig.count(WorkerCounter.UNEXPECTED));
    }

    @Test
    void controllerThatRestartsFindsWhatIsLoaded() {
        rig.ready();
        restart(2);
        assertEquals(1, controller.last(Hello.class).epochSeen());
        assertEquals(List.of("10 pages 8 free batch 4"), controller.last(Hello.class).devices());
        assertEquals(new Inventory(true, List.of("0:100:2:0001")), controller.last(Inventory.class));
        controller.infer(10, rig.now(), rig.now() + MS, 100, 1, Request.generated(1, 1));
        rig.advance(2 * MS);
        assertEquals(Status.OK, controller.result(10).status());
        controller.load(11, rig.now(), rig.now() + MS, 101, 1);
        rig.settle();
        assertEquals(Status.LOAD_UNKNOWN_ARTIFACT, controller.result(11).status());
        controller.installProfile(7, 1, WorkerRig.SMALL, 4);
        rig.settle();
        assertEquals(ArtifactPhase.READY, controller.last(ArtifactState.class).phase());
        controller.load(12, rig.now(), rig.now() + MS, 101, 7);
        rig.advance(6 * MS);
        assertEquals(Status.OK, controller.result(12).status());
    }

    @Test
    void inventoryComesInParts() {
        rig.close();
        rig = new WorkerRig(c -> c.limits().inventoryPart(2));
        controller = rig.controller;
        rig.ready();
        for (int i = 1; i <= 4; i++) {
            controller.load(10 + i, rig.now(), rig.now() + MS, 100 + i, 1);
            rig.advance(6 * MS);
        }
        controller.heard.clear();
        restart(2);
        final List<Inventory> parts = controller.all(Inventory.class);
        assertEquals(List.of(false, false, true), parts.stream().map(Inventory::isLast).toList());
        assertEquals(5, parts.stream().mapToInt(p -> p.loaded().size()).sum());
        assertEquals(5, parts.stream().flatMap(p -> p.loaded().stream()).distinct().count());
    }

    @Test
    void helloWaitsUntilTheMemoryIsSettled() {
        rig.ready();
        controller.load(10, rig.now(), rig.now() + MS, 101, 1);
        controller.load(11, rig.now(), rig.now() + 50 * MS, 102, 1);
        rig.advance(MS);
        controller.close();
        controller = new StubController(rig.network.listen(WorkerRig.ENDPOINT), rig.clock);
        rig.controller = controller;
        controller.epoch = 2;
        rig.advance(3 * MS);
        assertTrue(controller.all(Hello.class).isEmpty());
        rig.advance(2 * MS);
        assertEquals(new Inventory(true, List.of("0:100:2:0001", "0:101:2:0001")), controller.last(Inventory.class));
        rig.advance(10 * MS);
        assertTrue(controller.all(Result.class).isEmpty(), "results of a session that is over");
        assertEquals(1, rig.count(WorkerCounter.ACTIONS_DROPPED));
        assertEquals(1, rig.count(WorkerCounter.RESULTS_DROPPED));
    }

    @Test
    void controllerOfALowerEpochIsRefused() {
        rig.ready();
        controller.epoch = 5;
        controller.beat(5, 0, 0);
        rig.settle();
        restart(4);
        assertFalse(rig.agent.isLive());
        assertEquals(1, rig.count(WorkerCounter.HELLO_REFUSED));
        controller.epoch = 5;
        rig.advance(100 * MS, MS);
        assertTrue(rig.agent.isLive());
    }

    @Test
    void higherEpochDropsWhatWaitsAndLetsWhatRunsEnd() {
        rig.ready();
        final long now = rig.now();
        controller.infer(10, now, now + MS, 100, 1, Request.generated(1, 1));
        controller.infer(11, now, now + 9 * MS, 100, 1, Request.generated(2, 1));
        rig.settle();
        controller.beat(2, 0, 0);
        controller.epoch = 2;
        controller.infer(10, now, now + 9 * MS, 100, 1, Request.generated(3, 1));
        rig.advance(5 * MS);
        assertEquals(1, controller.all(Result.class).stream().filter(r -> r.epoch() == 2).count());
        assertEquals(Status.OK, controller.result(10).status());
        assertFalse(controller.hasResult(11));
        assertEquals(1, rig.count(WorkerCounter.ACTIONS_DROPPED));
        assertEquals(1, rig.count(WorkerCounter.RESULTS_DROPPED));
        assertEquals(2, rig.counters.busyNs(0, false) / MS);
    }

    @Test
    void lowerEpochIsAnsweredStale() {
        rig.ready();
        controller.load(0, 20, rig.now(), rig.now() + MS, 101, 1, 0);
        controller.epoch = 0;
        controller.infer(21, rig.now(), rig.now() + MS, 100, 1, Request.generated(1, 1));
        controller.profile(22, rig.now(), rig.now() + MS, 100, 1);
        controller.unload(23, rig.now(), rig.now() + MS, 100);
        controller.installProfile(9, 9, WorkerRig.SMALL, 4);
        controller.cancel(21);
        controller.forget(1);
        controller.epoch = 1;
        rig.advance(10 * MS);
        for (int id = 20; id <= 23; id++) {
            assertEquals(Status.STALE_EPOCH, controller.result(id).status());
            assertEquals(0, controller.result(id).epoch());
        }
        controller.infer(24, rig.now(), rig.now() + MS, 100, 1, Request.generated(1, 1));
        rig.advance(10 * MS);
        assertEquals(Status.OK, controller.result(24).status());
        assertEquals(7, rig.count(WorkerCounter.STALE_EPOCH));
    }

    private void restart(final long epoch) {
        controller.close();
        controller = new StubController(rig.network.listen(WorkerRig.ENDPOINT), rig.clock);
        rig.controller = controller;
        controller.epoch = epoch;
        rig.advance(10 * MS, MS);
    }
}
