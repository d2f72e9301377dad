package org.clockwork.worker;

import static org.clockwork.worker.WorkerRig.MS;
import static org.clockwork.worker.WorkerRig.US;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.StubController.Request;
import org.clockwork.worker.StubController.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an action has to pass on arrival and in its window, each edge from both sides. */
class ActionChecksTest {
    private static final long HORIZON_NS = 10_000 * MS;
    private final WorkerRig rig = new WorkerRig().ready();
    private final StubController controller = rig.controller;

    @AfterEach
    void close() {
        assertEquals("", rig.errors.toString());
        assertEquals(0, rig.count(WorkerCounter.MALFORMED));
        rig.close();
    }

    @Test
    void windowThatClosesBeforeItOpens() {
        final long now = rig.now();
        infer(10, now + 2, now + 1);
        assertStatus(Status.ACTION_INVALID_WINDOW, 10);
        infer(11, now + 2, now + 2);
        assertFalse(controller.hasResult(11));
        rig.advance(2, 1);
        rig.advance(2 * MS);
        assertStatus(Status.OK, 11);
        infer(12, Long.MIN_VALUE, Long.MAX_VALUE);
        assertStatus(Status.ACTION_INVALID_WINDOW, 12);
    }

    @Test
    void windowThatHasClosed() {
        infer(10, rig.now() - 5, rig.now() - 1);
        assertStatus(Status.INFER_TOO_LATE, 10);
        assertEquals(Protocol.NULL_NS, controller.result(10).startNs());
        infer(11, rig.now() - 5, rig.now());
        rig.advance(2 * MS);
        assertStatus(Status.OK, 11);
        controller.load(12, rig.now() - 5, rig.now() - 1, 101, 1);
        controller.unload(13, rig.now() - 5, rig.now() - 1, 100);
        controller.profile(14, rig.now() - 5, rig.now() - 1, 100, 1);
        rig.settle();
        assertStatus(Status.LOAD_TOO_LATE, 12);
        assertStatus(Status.UNLOAD_TOO_LATE, 13);
        assertStatus(Status.PROFILE_TOO_LATE, 14);
    }

    @Test
    void windowBeyondTheHorizon() {
        final long edge = rig.now() + HORIZON_NS;
        infer(10, edge, edge);
        assertFalse(controller.hasResult(10));
        infer(11, edge + 1, edge + 1);
        assertStatus(Status.INFER_TOO_EARLY, 11);
        controller.load(12, edge + 1, edge + 1, 101, 1);
        controller.unload(13, edge + 1, edge + 1, 100);
        controller.profile(14, edge + 1, edge + 1, 100, 1);
        rig.settle();
        assertStatus(Status.LOAD_TOO_EARLY, 12);
        assertStatus(Status.UNLOAD_TOO_EARLY, 13);
        assertStatus(Status.PROFILE_TOO_EARLY, 14);
    }

    @Test
    void farEndOfAWindowMayBeAnywhere() {
        infer(10, rig.now(), Long.MAX_VALUE);
        rig.advance(2 * MS);
        assertStatus(Status.OK, 10);
    }

    @Test
    void windowThatClosesWhileTheEngineIsBusy() {
        final long now = rig.now();
        infer(10, now, now + MS);
        infer(11, now, now + MS - 1);
        infer(12, now, now + 2 * MS);
        rig.advance(MS - 1, MS);
        assertFalse(controller.hasResult(11));
        rig.advance(1);
        assertStatus(Status.INFER_TOO_LATE, 11);
        rig.advance(2 * MS);
        assertStatus(Status.OK, 12);
    }

    @Test
    void unknownDeviceArtifactModel() {
        controller.load(1, 10, rig.now(), rig.now() + MS, 101, 1, 1);
        controller.load(11, rig.now(), rig.now() + MS, 101, 2);
        controller.infer(12, rig.now(), rig.now() + MS, 101, 1, Request.generated(1, 1));
        controller.unload(13, rig.now(), rig.now() + MS, 101);
        controller.profile(14, rig.now(), rig.now() + MS, 101, 1);
        rig.advance(MS);
        assertStatus(Status.ACTION_UNKNOWN_DEVICE, 10);
        assertStatus(Status.LOAD_UNKNOWN_ARTIFACT, 11);
        assertStatus(Status.INFER_NOT_LOADED, 12);
        assertStatus(Status.UNLOAD_NOT_LOADED, 13);
        assertStatus(Status.INFER_NOT_LOADED, 14);
    }

    @Test
    void loadsThatTheDeviceRefuses() {
        controller.load(10, rig.now(), rig.now() + MS, 100, 1);
        rig.advance(MS);
        assertStatus(Status.LOAD_ALREADY_LOADED, 10);
        for (int i = 0; i < 5; i++) {
            controller.load(20 + i, rig.now(), rig.now() + MS, 200 + i, 1);
            rig.advance(6 * MS);
        }
        assertStatus(Status.OK, 23);
        assertEquals(0, controller.result(23).freePages());
        assertStatus(Status.LOAD_NO_PAGES, 24);
        controller.infer(30, rig.now(), rig.now() + MS, 203, 1, Request.generated(1, 1));
        controller.infer(31, rig.now(), rig.now() + MS, 204, 1, Request.generated(1, 1));
        rig.advance(2 * MS);
        assertStatus(Status.OK, 30);
        assertStatus(Status.INFER_NOT_LOADED, 31);
    }

    @Test
    void unloadOfWhatIsInUse() {
        infer(10, rig.now(), rig.now() + MS);
        controller.unload(11, rig.now(), rig.now() + MS, 100);
        rig.advance(2 * MS);
        assertStatus(Status.UNLOAD_IN_USE, 11);
        assertStatus(Status.OK, 10);
        infer(12, rig.now(), rig.now() + MS);
        rig.advance(2 * MS);
        assertStatus(Status.OK, 12);
    }

    @Test
    void batchesThatCannotRun() {
        controller.infer(10, rig.now(), rig.now() + MS, 100, 0);
        controller.infer(11, rig.now(), rig.now() + MS, 100, 1);
        controller.infer(12, rig.now(), rig.now() + MS, 100, 1, Request.generated(1, 1), Request.generated(2, 2));
        controller.infer(13, rig.now(), rig.now() + MS, 100, 5, Request.generated(1, 1));
        controller.infer(14, rig.now(), rig.now() + MS, 100, 65_534, Request.generated(1, 1));
        controller.profile(15, rig.now(), rig.now() + MS, 100, 5);
        controller.profile(16, rig.now(), rig.now() + MS, 100, 0);
        controller.infer(17, rig.now(), rig.now() + MS, 100, 4, Request.generated(1, 1));
        rig.advance(3 * MS);
        for (int id = 10; id <= 16; id++) {
            assertStatus(Status.INFER_INVALID_BATCH, id);
        }
        assertStatus(Status.OK, 17);
        assertEquals(4, controller.result(17).batchSize());
    }

    @Test
    void wrongInputSizes() {
        controller.infer(10, rig.now(), rig.now() + MS, 100, 1, Request.inline(1, new byte[3999]));
        controller.infer(11, rig.now(), rig.now() + MS, 100, 2, Request.generated(1, 1), Request.bulk(2, 4004));
        controller.infer(12, rig.now(), rig.now() + MS, 100, 1, new Request(3, 0, 4000, false, false, new byte[4]));
        controller.infer(13, rig.now(), rig.now() + MS, 100, 1, Request.inline(4, new byte[4000]));
        rig.advance(2 * MS);
        assertStatus(Status.WRONG_INPUT_SIZE, 10);
        assertStatus(Status.WRONG_INPUT_SIZE, 11);
        assertStatus(Status.WRONG_INPUT_SIZE, 12);
        assertStatus(Status.OK, 13);
    }

    @Test
    void duplicateIds() {
        final long later = rig.now() + 5 * MS;
        infer(10, later, later + MS);
        controller.unload(10, rig.now(), rig.now() + MS, 100);
        rig.settle();
        final Result duplicate = controller.result(10);
        assertEquals(Status.ACTION_DUPLICATE_ID, duplicate.status());
        assertEquals(ActionKind.UNLOAD, duplicate.kind());
        controller.heard.clear();
        rig.advance(7 * MS);
        assertStatus(Status.OK, 10);
        controller.heard.clear();
        infer(10, rig.now(), rig.now() + MS);
        rig.advance(2 * MS);
        assertStatus(Status.OK, 10);
    }

    @Test
    void fullQueue() {
        final long later = rig.now() + 5 * MS;
        for (int i = 0; i < 17; i++) {
            infer(10 + i, later, later + 100 * MS);
        }
        for (int i = 0; i < 16; i++) {
            assertFalse(controller.hasResult(10 + i));
        }
        assertStatus(Status.ACTION_QUEUE_FULL, 26);
        controller.load(40, rig.now(), rig.now() + MS, 101, 1);
        rig.advance(6 * MS);
        assertStatus(Status.OK, 40);
    }

    @Test
    void cancel() {
        final long later = rig.now() + 5 * MS;
        infer(10, later, later + MS);
        infer(11, later, later + MS);
        controller.load(12, later, later + MS, 101, 1);
        controller.cancel(10);
        controller.cancel(12);
        controller.cancel(999);
        rig.settle();
        assertStatus(Status.ACTION_CANCELLED, 10);
        assertStatus(Status.ACTION_CANCELLED, 12);
        rig.advance(5 * MS);
        controller.cancel(11);
        rig.advance(2 * MS);
        assertStatus(Status.OK, 11);
        controller.forget(1);
        controller.unload(13, rig.now(), rig.now() + MS, 100);
        rig.settle();
        assertStatus(Status.OK, 13);
    }

    @Test
    void lostDevice() {
        final EmulatedBackend backend = (EmulatedBackend) rig.context.backend();
        final long now = rig.now();
        infer(10, now, now + MS);
        infer(11, now, now + 10 * MS);
        rig.advance(100 * US);
        backend.device(0).lose(rig.now());
        rig.advance(100 * US);
        assertStatus(Status.DEVICE_LOST, 10);
        assertStatus(Status.DEVICE_LOST, 11);
        infer(12, rig.now(), rig.now() + MS);
        assertStatus(Status.DEVICE_LOST, 12);
    }

    @Test
    void busyTimeIsCountedByEngine() {
        final long loadBusy = rig.counters.busyNs(0, true);
        assertEquals(5 * MS, loadBusy);
        infer(10, rig.now(), rig.now() + MS);
        rig.advance(2 * MS);
        assertEquals(MS, rig.counters.busyNs(0, false));
        assertTrue(rig.count(WorkerCounter.ACTIONS_OK) >= 2);
    }

    private void infer(final long actionId, final long earliestNs, final long latestNs) {
        controller.infer(actionId, earliestNs, latestNs, 100, 1, Request.generated(actionId, 1));
        rig.settle();
    }

    private void assertStatus(final Status expected, final long actionId) {
        final Result result = controller.result(actionId);
        assertEquals(expected, result.status(), () -> actionId + " " + result);
        assertEquals(expected == Status.OK, result.detail().isEmpty(), () -> "detail: " + result);
    }
}
