package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** Artifacts of which nothing is known are loaded and measured, when nobody is disturbed, and in the end in any case. */
class MeasuringTest {
    private static final long MS = 1_000_000L;

    private final PathRig rig = new PathRig(50_000).start();

    private Artifact unknown() {
        return rig.catalogue.artifact(7, 64, 32, 0);
    }

    @Test
    void allBatchSizesWhileTheThroughputGrows() {
        final Model model = rig.register(unknown());
        final RigWorker worker = rig.worker(1, 100, 4);
        worker.join();
        rig.runFor(1_000 * MS);
        assertTrue(model.artifact.isProfiled);
        assertEquals(1, rig.catalogue.profiledCalls);
        assertEquals(5, model.artifact.profile.batchSizeCount());
        assertEquals(5 * 6, worker.profiles);
        assertEquals(PathRig.RESNET[4], model.artifact.profile.executeNs(4));
        assertEquals(rig.loadNs, model.artifact.profile.loadNs());
        final RigClient.Sent sent = rig.client(4).ask(model, 50 * MS);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, sent.status);
        assertFalse(sent.isCold);
    }

    @Test
    void stopsAtTheBatchSizeThatGainsNothing() {
        rig.executeNs = new long[] {10 * MS, 15 * MS, 30 * MS, 60 * MS, 120 * MS};
        final Model model = rig.register(unknown());
        final RigWorker worker = rig.worker(1, 100, 4);
        worker.join();
        rig.runFor(2_000 * MS);
        assertEquals(2, model.artifact.profile.batchSizeCount());
        assertEquals(3 * 6, worker.profiles);
    }

    @Test
    void stopsAtTheLargestBatch() {
        final Model model = rig.register(unknown());
        model.artifact.maxBatch = 7;
        rig.worker(1, 100, 4).join();
        rig.runFor(2_000 * MS);
        assertEquals(3, model.artifact.profile.batchSizeCount());
    }

    @Test
    void theFirstExecutionDoesNotCount() {
        final Model model = rig.register(unknown());
        final RigWorker worker = rig.worker(1, 100, 4);
        rig.executeNs = new long[] {500 * MS, 500 * MS, 500 * MS, 500 * MS, 500 * MS};
        worker.fault = (kind, id) -> {
            if (kind == ActionKind.PROFILE && worker.profiles == 1) {
                rig.executeNs = PathRig.RESNET;
            }
            return Status.OK;
        };
        worker.join();
        rig.runFor(3_000 * MS);
        assertEquals(PathRig.RESNET[0], model.artifact.profile.executeNs(0));
    }

    @Test
    void knownDurationsNeedNoMeasuring() {
        final Model model = rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET));
        final RigWorker worker = rig.worker(1, 100, 4);
        worker.join();
        rig.runFor(100 * MS);
        assertTrue(model.artifact.isProfiled);
        assertEquals(0, worker.profiles + worker.loads);
        rig.worker(1, 100, 4).join();
        assertEquals(1, rig.catalogue.profiledCalls, "told once");
    }

    @Test
    void manyArtifactsOnSeveralDevices() {
        for (int i = 0; i < 10; i++) {
            rig.register(unknown());
        }
        final RigWorker worker = rig.worker(3, 22, 4);
        worker.join();
        rig.runFor(4_000 * MS);
        assertEquals(10, rig.catalogue.profiledCalls);
        assertEquals(10, worker.loads);
    }

    @Test
    void nobodyIsDisturbedWhilePatienceLasts() {
        final Model busy = rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET));
        final RigWorker worker = rig.worker(1, 100, 4);
        worker.hold(0, busy);
        worker.join();
        final RigClient client = rig.client(512);
        for (int i = 0; i < 3_000; i++) {
            rig.at(rig.nowNs + i * MS, () -> client.ask(busy, 25 * MS));
        }
        rig.runFor(100 * MS);
        final Model model = rig.register(unknown());
        rig.path.onArtifactInstalled(worker.state, model.artifact, rig.nowNs);
        rig.runFor(900 * MS);
        assertEquals(0, worker.profiles, "the device is never idle");
        rig.runFor(200 * MS);
        assertTrue(worker.profiles > 0, "patience has run out");
    }

    @Test
    void failuresAndLostDevicesStartItAgain() {
        final Model model = rig.register(unknown());
        final RigWorker first = rig.worker(1, 100, 4);
        first.fault = (kind, id) -> kind == ActionKind.PROFILE ? Status.PROFILE_TOO_LATE : Status.OK;
        first.join();
        rig.runFor(1_000 * MS);
        assertFalse(model.artifact.isProfiled);
        final RigWorker second = rig.worker(1, 100, 4);
        second.join();
        rig.lose(first);
        rig.runFor(1_500 * MS);
        assertTrue(model.artifact.isProfiled);
        assertEquals(1, rig.catalogue.profiledCalls);
    }

    @Test
    void aModelThatGoesWhileItIsMeasured() {
        final Model model = rig.register(unknown());
        final Model other = rig.register(model.artifact);
        final RigWorker worker = rig.worker(1, 100, 4);
        worker.join();
        rig.runFor(20 * MS);
        rig.path.onModelGone(model, Status.MODEL_GONE, rig.nowNs);
        rig.runFor(2_000 * MS);
        assertTrue(other.artifact.isProfiled);
        assertTrue(worker.holds(0, other));
        assertFalse(worker.holds(0, model));
    }
}
