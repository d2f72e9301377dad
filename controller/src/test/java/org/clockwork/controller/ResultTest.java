package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** Results that fail, come twice, come late or never, and workers that go. */
class ResultTest {
    private static final long MS = 1_000_000L;

    private final PathRig rig = new PathRig(50_000).start();
    private final Model model = rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET));
    private final RigClient client = rig.client(64);

    private RigWorker worker() {
        final RigWorker worker = rig.worker(1, 100, 1_000 * rig.workers.size());
        worker.hold(0, model);
        worker.join();
        return worker;
    }

    @Test
    void profilesFollowWhatIsMeasured() {
        worker();
        rig.executeNs = new long[] {5 * MS, 6 * MS, 7 * MS, 8 * MS, 9 * MS};
        for (int i = 0; i < 3; i++) {
            client.ask(model, 100 * MS);
            rig.runFor(20 * MS);
        }
        assertEquals(5 * MS, model.artifact.profile.executeNs(0));
    }

    @Test
    void aResultThatComesTwiceCountsOnce() {
        worker().repeatsResults = true;
        final RigClient.Sent sent = client.ask(model, 100 * MS);
        rig.runFor(20 * MS);
        assertEquals(1, sent.ends);
        assertEquals(1, rig.path.figures().lateResults);
        assertEquals(1, rig.path.figures().responsesOk);
    }

    @Test
    void aFailureIsTriedOnceMore() {
        final int[] count = {0};
        worker().fault = (kind, id) -> kind == ActionKind.INFER && count[0]++ == 0 ? Status.INFER_FAILED : Status.OK;
        final RigClient.Sent sent = client.ask(model, 100 * MS);
        rig.runFor(20 * MS);
        assertEquals(Status.OK, sent.status);
        assertEquals(1, rig.path.figures().rescheduled);
    }

    @Test
    void twoFailuresEndIt() {
        worker().fault = (kind, id) -> Status.INFER_FAILED;
        final RigClient.Sent sent = client.ask(model, Protocol.NULL_NS);
        rig.runFor(20 * MS);
        assertEquals(Status.EXECUTION_FAILED, sent.status);
        assertEquals(2, rig.path.figures().actionsFailed);
    }

    @Test
    void aFailureWithNoTimeLeftEndsIt() {
        worker().fault = (kind, id) -> Status.INFER_FAILED;
        final RigClient.Sent sent = client.ask(model, 2 * rig.hopNs + PathRig.RESNET[0]);
        rig.runFor(20 * MS);
        assertEquals(Status.EXECUTION_FAILED, sent.status);
        assertEquals(1, rig.path.figures().actionsFailed);
    }

    @Test
    void whatTheWorkerRefusesIsScheduledAgainButNotForever() {
        worker().fault = (kind, id) -> Status.ACTION_QUEUE_FULL;
        final RigClient.Sent sent = client.ask(model, Protocol.NULL_NS);
        rig.runFor(20 * MS);
        assertEquals(Status.EXECUTION_FAILED, sent.status);
        assertEquals(4, rig.path.figures().rescheduled);
    }

    @Test
    void silenceEndsAnActionAtItsTimeLimit() {
        worker().fault = (kind, id) -> null;
        final long askedNs = rig.nowNs;
        final RigClient.Sent sent = client.ask(model, 100 * MS);
        rig.runFor(2_000 * MS);
        assertEquals(Status.ACTION_TIMED_OUT, sent.status);
        final long limitNs = askedNs + 100 * MS - rig.hopNs - PathRig.RESNET[0] + 2 * PathRig.RESNET[0] + 500 * MS;
        assertTrue(sent.endedNs > limitNs && sent.endedNs <= limitNs + 2 * PathRig.TICK_NS, "" + (sent.endedNs - limitNs));
        assertEquals(1, rig.path.figures().actionsTimedOut);
    }

    @Test
    void aResultAfterTheTimeLimitIsLate() {
        final RigWorker worker = worker();
        rig.executeNs = new long[] {900 * MS};
        final RigClient.Sent sent = client.ask(model, 100 * MS);
        rig.runFor(2_000 * MS);
        assertEquals(Status.ACTION_TIMED_OUT, sent.status);
        assertEquals(1, sent.ends);
        assertEquals(1, rig.path.figures().lateResults);
        assertEquals(1, worker.infers);
    }

    @Test
    void aLostWorkersRequestsRunElsewhereIfTimeIsLeft() {
        worker();
        final List<RigClient.Sent> loose = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            loose.add(client.ask(model, 100 * MS));
        }
        final RigClient.Sent tight = client.ask(model, 2 * rig.hopNs + PathRig.RESNET[3] + PathRig.RESNET[0] + MS);
        rig.runFor(MS);
        worker();
        rig.runFor(6 * MS);
        rig.lose(rig.workers.get(0));
        rig.runFor(100 * MS);
        loose.forEach(sent -> assertEquals(Status.OK, sent.status));
        assertEquals(1, tight.ends);
        assertEquals(0, rig.path.requestsInFlight());
        assertEquals(1, model.loadedOn);
    }

    @Test
    void aLostWorkerWithoutAnotherEndsThem() {
        worker();
        final RigClient.Sent running = client.ask(model, 100 * MS);
        rig.runFor(MS);
        final RigClient.Sent queued = client.ask(model, Protocol.NULL_NS);
        rig.lose(rig.workers.get(0));
        rig.runFor(MS);
        assertEquals(Status.WORKER_LOST, running.status);
        assertEquals(Status.NO_CAPACITY, queued.status);
        assertEquals(0, model.loadedOn);
    }

    @Test
    void resultsOfALostWorkerAreNotTaken() {
        final RigWorker worker = worker();
        client.ask(model, 100 * MS);
        rig.runFor(MS);
        rig.path.onWorkerLost(worker.state, rig.nowNs);
        rig.runFor(20 * MS);
        assertEquals(1, rig.path.figures().lateResults);
        assertEquals(1, rig.path.figures().endsWith(Status.WORKER_LOST));
    }

    @Test
    void aDrainingWorkerFinishesAndGetsNothingNew() {
        final RigWorker first = worker();
        final RigClient.Sent running = client.ask(model, 100 * MS);
        rig.cycle();
        first.state.phase = org.clockwork.schema.codec.WorkerPhase.DRAINING;
        rig.path.onWorkerDraining(first.state, rig.nowNs);
        final RigWorker second = worker();
        final RigClient.Sent next = client.ask(model, 100 * MS);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, running.status);
        assertEquals(Status.OK, next.status);
        assertEquals(1, first.infers);
        assertEquals(1, second.infers);
    }

    @Test
    void aLostDeviceIsNotUsedAgain() {
        final RigWorker worker = rig.worker(2, 100, 3);
        worker.hold(0, model);
        worker.join();
        worker.fault = (kind, id) -> kind == ActionKind.INFER && worker.loads == 0 ? Status.DEVICE_LOST : Status.OK;
        final RigClient.Sent sent = client.ask(model, 100 * MS);
        rig.runFor(100 * MS);
        assertTrue(worker.state.devices.get(0).isLost);
        assertEquals(Status.OK, sent.status, "loaded on the other");
        assertTrue(worker.holds(1, model));
    }

    @Test
    void figuresOfADevice() {
        final RigWorker worker = worker();
        final long joinedNs = rig.nowNs;
        client.ask(model, 100 * MS);
        rig.runFor(MS);
        final DeviceFigures figures = new DeviceFigures();
        rig.path.figuresOf(worker.state.devices.get(0), figures, rig.nowNs);
        assertEquals(1, figures.actionsOutstanding);
        assertEquals(1, figures.modelsLoaded);
        rig.runFor(10 * MS);
        rig.path.figuresOf(worker.state.devices.get(0), figures, rig.nowNs);
        assertEquals(0, figures.actionsOutstanding);
        assertEquals(PathRig.RESNET[0], figures.executeBusyNs);
        assertEquals(0, figures.loadBusyNs);
        assertEquals(rig.nowNs - joinedNs, figures.observedNs);
    }
}
