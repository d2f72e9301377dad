package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** LOAD and UNLOAD: which copy comes, which goes, and what the mirror says of it. */
class MemoryTest {
    private static final long MS = 1_000_000L;

    private final PathRig rig = new PathRig(50_000).start();
    private final List<Model> models = new ArrayList<>();
    private RigWorker worker;
    private RigClient client;

    private void start(final int modelCount, final int pages) {
        for (int i = 0; i < modelCount; i++) {
            models.add(rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET)));
        }
        worker = rig.worker(1, pages, 42);
        worker.join();
        client = rig.client(512);
    }

    private void serve(final int index) {
        final RigClient.Sent sent = client.ask(models.get(index), 100 * MS);
        rig.runFor(40 * MS);
        assertEquals(Status.OK, sent.status);
    }

    @Test
    void theLeastRecentlyUsedGoesFirst() {
        start(4, 21);
        serve(0);
        serve(1);
        serve(2);
        serve(0);
        serve(3);
        assertTrue(worker.holds(0, models.get(0)));
        assertFalse(worker.holds(0, models.get(1)));
        assertTrue(worker.holds(0, models.get(2)));
        assertTrue(worker.holds(0, models.get(3)));
        assertEquals(1, worker.unloads);
        assertEquals(0, worker.state.devices.get(0).freePages);
        assertEquals(0, models.get(1).loadedOn);
    }

    @Test
    void whatIsInUseOrWaitedForStays() {
        start(3, 14);
        serve(0);
        serve(1);
        final List<RigClient.Sent> sent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            sent.add(client.ask(models.get(0), 200 * MS));
            sent.add(client.ask(models.get(1), 200 * MS));
        }
        final RigClient.Sent cold = client.ask(models.get(2), 200 * MS);
        rig.cycle();
        assertEquals(0, worker.unloads);
        rig.runFor(300 * MS);
        assertEquals(Status.OK, cold.status);
        sent.forEach(one -> assertEquals(Status.OK, one.status));
        assertEquals(0, rig.path.figures().actionsFailed);
    }

    @Test
    void theLargestUnmetDemandIsLoadedFirst() {
        start(3, 100);
        client.ask(models.get(0), 100 * MS);
        for (int i = 0; i < 2; i++) {
            client.ask(models.get(1), 100 * MS);
        }
        for (int i = 0; i < 8; i++) {
            client.ask(models.get(2), 100 * MS);
        }
        rig.runFor(100 * MS);
        final List<String> loads = worker.starts.stream().filter(start -> start.startsWith("LOAD")).toList();
        assertEquals(3, loads.size());
        assertEquals(models.get(2).id + "", loads.get(0).split(" ")[2]);
        assertEquals(models.get(1).id + "", loads.get(1).split(" ")[2]);
        assertEquals(11, client.count(Status.OK));
    }

    @Test
    void requestsThatNoPlaceInTheLoadQueueCanServeAreRefusedInTime() {
        start(20, 200);
        for (final Model model : models) {
            client.ask(model, 60 * MS);
        }
        rig.runFor(100 * MS);
        assertTrue(client.count(Status.OK) >= 5, "" + client.count(Status.OK));
        assertEquals(20, client.count(Status.OK) + client.count(Status.DEADLINE_UNREACHABLE));
        for (final RigClient.Sent sent : client.all) {
            assertTrue(sent.endedNs - rig.hopNs - sent.sentNs <= 60 * MS);
        }
        assertEquals(0, rig.path.figures().late);
        assertTrue(worker.loads <= client.count(Status.OK) + 1, "loads that nobody could use any more: " + worker.loads);
    }

    @Test
    void whatAWorkerHeldBeforeIsUsedAtOnceAndWhatNobodyKnowsIsUnloaded() {
        models.add(rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET)));
        final Model gone = rig.catalogue.model(rig.catalogue.artifacts.get(0));
        worker = rig.worker(1, 14, 42);
        worker.hold(0, models.get(0));
        worker.hold(0, gone);
        gone.state = ModelState.UNREGISTERED;
        rig.path.onModelGone(gone, Status.MODEL_GONE, rig.nowNs);
        worker.join();
        client = rig.client(4);
        serve(0);
        assertEquals(0, worker.loads);
        assertEquals(1, worker.unloads);
        assertEquals(7, worker.state.devices.get(0).freePages);
    }

    @Test
    void aModelThatGoesEndsItsRequestsAndItsCopies() {
        start(2, 100);
        serve(0);
        final RigClient.Sent running = client.ask(models.get(0), 100 * MS);
        rig.cycle();
        final RigClient.Sent queued = client.ask(models.get(0), 100 * MS);
        final RigClient.Sent background = client.ask(models.get(1), Protocol.NULL_NS);
        for (final Model model : models) {
            model.state = ModelState.UNREGISTERED;
            rig.path.onModelGone(model, Status.MODEL_GONE, rig.nowNs);
        }
        rig.runFor(50 * MS);
        assertEquals(Status.MODEL_GONE, queued.status);
        assertEquals(Status.MODEL_GONE, background.status);
        assertEquals(Status.OK, running.status);
        assertEquals(100, worker.freePages(0));
        assertEquals(100, worker.state.devices.get(0).freePages);
        assertEquals(Status.UNKNOWN_MODEL, endOf(client.ask(models.get(0), 100 * MS)));
    }

    private Status endOf(final RigClient.Sent sent) {
        rig.runFor(MS);
        return sent.status;
    }

    @Test
    void aLoadThatFailsIsTriedAgainLater() {
        start(1, 100);
        final int[] loads = {0};
        worker.fault = (kind, id) -> kind == ActionKind.LOAD && loads[0]++ == 0 ? Status.LOAD_FAILED : Status.OK;
        final RigClient.Sent tight = client.ask(models.get(0), 50 * MS);
        rig.runFor(60 * MS);
        assertEquals(Status.DEADLINE_UNREACHABLE, tight.status);
        assertEquals(1, loads[0]);
        final RigClient.Sent loose = client.ask(models.get(0), 300 * MS);
        rig.runFor(300 * MS);
        assertEquals(Status.OK, loose.status);
        assertEquals(2, loads[0]);
        assertEquals(93, worker.state.devices.get(0).freePages);
    }

    @Test
    void loadsThatAlwaysFailEndRequestsWithoutDeadlineToo() {
        start(1, 100);
        worker.fault = (kind, id) -> kind == ActionKind.LOAD ? Status.LOAD_FAILED : Status.OK;
        final RigClient.Sent sent = client.ask(models.get(0), Protocol.NULL_NS);
        rig.runFor(5_000 * MS);
        assertEquals(Status.EXECUTION_FAILED, sent.status);
    }

    @Test
    void theWorkersCountOfFreePagesWins() {
        start(1, 100);
        worker.state.devices.get(0).freePages = 3;
        final RigClient.Sent cold = client.ask(models.get(0), 100 * MS);
        rig.runFor(100 * MS);
        assertEquals(Status.DEADLINE_UNREACHABLE, cold.status, "the mirror saw no room");
        worker.state.devices.get(0).freePages = 50;
        final RigClient.Sent served = client.ask(models.get(0), 100 * MS);
        rig.runFor(100 * MS);
        assertEquals(Status.OK, served.status);
        assertEquals(93, worker.state.devices.get(0).freePages);
        assertEquals(1, rig.path.figures().pagesCorrected);
    }

    @Test
    void aCopyThatTheWorkerDoesNotHaveIsLoadedAgain() {
        start(1, 100);
        serve(0);
        worker.isLenient = true;
        final int[] infers = {0};
        worker.fault = (kind, id) -> kind == ActionKind.INFER && infers[0]++ == 0 ? Status.INFER_NOT_LOADED : Status.OK;
        final RigClient.Sent sent = client.ask(models.get(0), 100 * MS);
        rig.runFor(100 * MS);
        assertEquals(Status.OK, sent.status, "LOAD_ALREADY_LOADED is as good");
        assertEquals(93, worker.state.devices.get(0).freePages);
    }

    @Test
    void cyclingThroughMoreModelsThanFitKeepsTheMirrorTrue() {
        start(30, 50);
        for (int i = 0; i < 600; i++) {
            final Model model = models.get(i * 7 % 30);
            rig.at(rig.nowNs + i * 3 * MS, () -> client.ask(model, 80 * MS));
        }
        rig.runFor(2_500 * MS);
        assertEquals(worker.freePages(0), worker.state.devices.get(0).freePages);
        assertEquals(0, rig.path.figures().actionsFailed);
        assertEquals(0, rig.path.figures().pagesCorrected);
        assertEquals(600, client.count(Status.OK) + client.count(Status.DEADLINE_UNREACHABLE));
        assertTrue(client.count(Status.OK) > 180, "" + client.count(Status.OK));
    }
}
