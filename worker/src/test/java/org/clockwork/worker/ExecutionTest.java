package org.clockwork.worker;

import static org.clockwork.worker.WorkerRig.MS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.TensorSpec;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.worker.StubController.Output;
import org.clockwork.worker.StubController.Request;
import org.clockwork.worker.StubController.Result;
import org.clockwork.worker.input.GeneratedInput;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Order on the engines, inputs and outputs, on a device that a test moves by hand. */
class ExecutionTest {
    private final ScriptedBackend backend = new ScriptedBackend();
    private int refusedBulkOffers;
    private int refusedControlOffers;
    private WorkerRig rig;
    private StubController controller;

    @AfterEach
    void close() {
        assertEquals("", rig.errors.toString());
        rig.close();
        assertEquals(0, backend.openModels);
        assertTrue(backend.isClosed);
    }

    @Test
    void oneAtATimeByEarliestThenArrival() {
        start();
        load(100, 101, 102);
        final long now = rig.now();
        infer(10, now + 2, 100);
        infer(11, now + 1, 101);
        infer(12, now + 1, 102);
        rig.advance(2, 2);
        assertEquals(List.of("INFER 101"), backend.device.started);
        finish();
        assertEquals(List.of("INFER 101", "INFER 102"), backend.device.started);
        finish();
        finish();
        assertEquals(List.of("INFER 101", "INFER 102", "INFER 100"), backend.device.started);
        assertEquals(List.of(11L, 12L, 10L), results());
    }

    @Test
    void depthLetsTheNextOverlap() {
        backend.device.depth = 2;
        start();
        load(100);
        for (int i = 0; i < 3; i++) {
            infer(10 + i, rig.now(), 100);
        }
        rig.settle();
        assertEquals(2, backend.device.running.size());
        finish();
        assertEquals(2, backend.device.running.size());
    }

    @Test
    void loadRunsBesideInferAndOneAtATime() {
        start();
        load(100);
        infer(10, rig.now(), 100);
        controller.load(11, rig.now(), rig.now() + MS, 101, 1);
        controller.load(12, rig.now(), rig.now() + MS, 102, 1);
        rig.settle();
        assertEquals(List.of("INFER 100", "LOAD 101"), backend.device.started);
    }

    @Test
    void deviceThatTakesNothingIsAskedAgain() {
        start();
        load(100);
        backend.device.isStarting = false;
        infer(10, rig.now(), 100);
        controller.load(11, rig.now(), rig.now() + MS, 101, 1);
        rig.settle();
        assertTrue(backend.device.started.isEmpty());
        backend.device.isStarting = true;
        rig.settle();
        assertEquals(List.of("LOAD 101", "INFER 100"), backend.device.started);
    }

    @Test
    void inferWaitsForItsLoad() {
        start();
        load(100);
        controller.load(10, rig.now(), rig.now() + 5 * MS, 101, 1);
        infer(11, rig.now(), 101);
        infer(12, rig.now(), 100);
        rig.settle();
        assertEquals(List.of("LOAD 101", "INFER 100"), backend.device.started);
        finish();
        finish();
        assertEquals(List.of("LOAD 101", "INFER 100", "INFER 101"), backend.device.started);
    }

    @Test
    void inferWhoseLoadFailsIsRefused() {
        start();
        load(100);
        controller.load(10, rig.now(), rig.now() + 5 * MS, 101, 1);
        infer(11, rig.now(), 101);
        rig.settle();
        backend.device.finish(DeviceStatus.FAILED, rig.now());
        rig.settle();
        assertEquals(Status.LOAD_FAILED, controller.result(10).status());
        assertEquals("as the test says", controller.result(10).detail());
        assertEquals(Status.INFER_NOT_LOADED, controller.result(11).status());
    }

    @Test
    void failuresOfTheDeviceHaveTheirNames() {
        start();
        load(100);
        infer(10, rig.now(), 100);
        rig.settle();
        backend.device.finish(DeviceStatus.FAILED, rig.now());
        controller.profile(11, rig.now(), rig.now() + MS, 100, 1);
        rig.settle();
        backend.device.finish(DeviceStatus.FAILED, rig.now());
        controller.unload(12, rig.now(), rig.now() + MS, 100);
        rig.settle();
        backend.device.finish(DeviceStatus.FAILED, rig.now());
        rig.settle();
        assertEquals(Status.INFER_FAILED, controller.result(10).status());
        assertEquals(Status.INFER_FAILED, controller.result(11).status());
        assertEquals(Status.EXECUTION_FAILED, controller.result(12).status());
        infer(13, rig.now(), 100);
        rig.settle();
        finish();
        assertEquals(Status.OK, controller.result(13).status());
    }

    @Test
    void inputsMayComeBeforeOrAfter() {
        start();
        load(100);
        controller.input(1, 0, 0, 8, bytes(1, 4));
        controller.input(1, 0, 4, 8, bytes(5, 4));
        controller.input(2, 0, 0, 8, bytes(11, 3));
        rig.settle();
        controller.infer(10, rig.now(), rig.now() + MS, 100, 2, Request.bulk(1, 8), Request.bulk(2, 8));
        rig.settle();
        assertTrue(backend.device.started.isEmpty());
        controller.input(2, 0, 3, 8, bytes(14, 5));
        rig.settle();
        finish();
        assertEquals(Status.OK, controller.result(10).status());
        assertArrayEquals(bytes(2, 8), controller.inlineOutputs.get(0));
        assertArrayEquals(bytes(12, 8), controller.inlineOutputs.get(1));
        assertEquals(1 << 20, freeInputBytes());
    }

    @Test
    void severalTensorsAreJoined() {
        backend.inputs = List.of(
            new TensorSpec("a", ElementType.UINT8, List.of(3)),
            new TensorSpec("b", ElementType.UINT8, List.of(5)));
        start();
        load(100);
        controller.input(1, 1, 0, 5, bytes(4, 5));
        controller.infer(10, rig.now(), rig.now() + MS, 100, 1, Request.bulk(1, 8));
        controller.input(1, 0, 0, 3, bytes(1, 3));
        rig.settle();
        finish();
        assertArrayEquals(bytes(2, 8), controller.inlineOutputs.get(0));
        assertEquals(1 << 20, freeInputBytes());
    }

    @Test
    void missingInputLetsOthersPass() {
        start();
        load(100, 101);
        controller.infer(10, rig.now(), rig.now() + MS, 100, 1, Request.bulk(1, 8));
        infer(11, rig.now() + 1, 101);
        rig.advance(1);
        assertEquals(List.of("INFER 101"), backend.device.started);
        finish();
        rig.advance(MS - 1, MS);
        assertFalse(controller.hasResult(10));
        rig.advance(1);
        assertEquals(Status.INFER_INPUT_MISSING, controller.result(10).status());
        assertEquals(1 << 20, freeInputBytes());
        controller.input(1, 0, 4, 8, bytes(5, 4));
        rig.settle();
        assertEquals(1, rig.count(WorkerCounter.INPUTS_DROPPED));
    }

    @Test
    void wrongTensorSizeIsNamed() {
        start();
        load(100);
        controller.input(1, 0, 0, 9, bytes(1, 9));
        controller.input(2, 1, 0, 8, bytes(1, 8));
        rig.settle();
        controller.infer(10, rig.now(), rig.now() + MS, 100, 1, Request.bulk(1, 8));
        controller.infer(11, rig.now(), rig.now() + MS, 100, 1, Request.bulk(2, 8));
        controller.infer(12, rig.now(), rig.now() + MS, 100, 1, Request.bulk(3, 8));
        rig.settle();
        controller.input(3, 0, 0, 7, bytes(1, 7));
        rig.settle();
        for (int id = 10; id <= 12; id++) {
            assertEquals(Status.WRONG_INPUT_SIZE, controller.result(id).status());
        }
        assertEquals(1 << 20, freeInputBytes());
    }

    @Test
    void orphansAreFreedInTime() {
        start();
        load(100);
        final long came = rig.now();
        controller.input(1, 0, 0, 8, bytes(1, 8));
        rig.settle();
        assertTrue(freeInputBytes() < 1 << 20);
        rig.advance(came + 2_000 * MS - 1 - rig.now(), 20 * MS);
        assertEquals(0, rig.count(WorkerCounter.INPUT_ORPHANS));
        rig.advance(1);
        assertEquals(1, rig.count(WorkerCounter.INPUT_ORPHANS));
        assertEquals(1 << 20, freeInputBytes());
    }

    @Test
    void fullArenaIsNamed() {
        backend.inputs = List.of(new TensorSpec("x", ElementType.UINT8, List.of(600_000)));
        start();
        load(100);
        controller.infer(10, rig.now() + MS, rig.now() + 9 * MS, 100, 1, Request.generated(1, 1));
        controller.infer(11, rig.now() + MS, rig.now() + 9 * MS, 100, 1, Request.generated(2, 1));
        controller.input(3, 0, 0, 600_000, bytes(1, 100));
        controller.infer(12, rig.now() + MS, rig.now() + 9 * MS, 100, 1, Request.bulk(3, 600_000));
        controller.infer(13, rig.now() + MS, rig.now() + 9 * MS, 100, 1, Request.bulk(4, 600_000));
        controller.input(4, 0, 0, 600_000, bytes(1, 100));
        rig.advance(2 * MS);
        for (int id = 11; id <= 13; id++) {
            assertEquals(Status.INFER_INPUT_MISSING, controller.result(id).status(), "action " + id);
            assertTrue(controller.result(id).detail().contains("room"), controller.result(id).detail());
        }
        assertEquals(3, rig.count(WorkerCounter.INPUT_ARENA_FULL));
        finish();
        assertEquals(Status.OK, controller.result(10).status());
        assertEquals(1 << 20, freeInputBytes());
    }

    @Test
    void inputsOfRefusedInfersTakeNoRoom() {
        start();
        load(100);
        controller.input(1, 0, 0, 8, bytes(1, 8));
        rig.settle();
        controller.infer(10, rig.now(), rig.now() - 1, 100, 2, Request.bulk(1, 8), Request.bulk(2, 8));
        controller.infer(11, rig.now(), rig.now() + MS, 999, 1, Request.bulk(3, 8));
        controller.infer(12, rig.now(), rig.now() + MS, 100, 2, Request.bulk(4, 9), Request.bulk(5, 8));
        controller.infer(13, rig.now() + MS, rig.now() + 2 * MS, 100, 1, Request.bulk(6, 8));
        controller.cancel(13);
        rig.settle();
        assertEquals(1 << 20, freeInputBytes());
        for (int request = 1; request <= 6; request++) {
            controller.input(request, 0, 0, 8, bytes(1, 8));
        }
        rig.settle();
        assertEquals(6, rig.count(WorkerCounter.INPUTS_DROPPED));
        assertEquals(1 << 20, freeInputBytes());
        assertEquals(0, rig.agent.inputsWaiting());
        controller.infer(14, rig.now(), rig.now() + MS, 100, 1, Request.bulk(2, 8));
        controller.input(2, 0, 0, 8, bytes(1, 8));
        rig.settle();
        finish();
        assertEquals(Status.OK, controller.result(14).status());
    }

    @Test
    void duplicateInferDoesNotHarmTheFirst() {
        start();
        load(100);
        controller.infer(10, rig.now(), rig.now() + MS, 100, 1, Request.bulk(1, 8));
        controller.infer(10, rig.now(), rig.now() + MS, 100, 1, Request.bulk(1, 8));
        controller.input(1, 0, 0, 8, bytes(1, 8));
        rig.settle();
        assertEquals(Status.ACTION_DUPLICATE_ID, controller.result(10).status());
        controller.heard.clear();
        finish();
        assertEquals(Status.OK, controller.result(10).status());
    }

    @Test
    void oneRequestInTwoInfers() {
        start();
        load(100);
        controller.infer(10, rig.now(), rig.now() + MS, 100, 1, Request.bulk(1, 8));
        controller.infer(11, rig.now(), rig.now() + MS, 100, 1, Request.bulk(1, 8));
        controller.input(1, 0, 0, 8, bytes(1, 8));
        rig.settle();
        assertEquals(Status.MALFORMED_MESSAGE, controller.result(11).status());
        finish();
        assertEquals(Status.OK, controller.result(10).status());
    }

    @Test
    void generatedInputsAreThoseOfTheDefinition() {
        final TensorSpec spec = new TensorSpec("x", ElementType.FLOAT32, List.of(50_000));
        backend.inputs = List.of(spec);
        backend.outputs = List.of(new TensorSpec("y", ElementType.UINT8, List.of(200_000)));
        start();
        load(100);
        controller.infer(10, rig.now(), rig.now() + MS, 100, 2, Request.generated(1, 77), Request.generated(2, 78));
        rig.settle();
        finish();
        final UnsafeBuffer expected = new UnsafeBuffer(new byte[200_000]);
        for (final int request : new int[] {1, 2}) {
            GeneratedInput.fill(76 + request, List.of(spec), expected, 0);
            final byte[] output = output(request, 0, 200_000);
            for (int i = 0; i < output.length; i++) {
                assertEquals((byte) (expected.getByte(i) + 1), output[i], "byte " + i);
            }
        }
        assertEquals(List.of("1:200000:0", "2:200000:0"), controller.result(10).outputs());
    }

    @Test
    void profileRunsGeneratedInputsAndSendsNoOutput() {
        start();
        load(100);
        controller.profile(10, rig.now(), rig.now() + MS, 100, 3);
        rig.settle();
        assertEquals(3, backend.device.running.peek().requestCount);
        assertEquals(3, backend.device.running.peek().batchSize);
        assertTrue(backend.device.running.peek().isProfile);
        rig.advance(MS);
        finish();
        final Result result = controller.result(10);
        assertEquals(Status.OK, result.status());
        assertEquals(MS, result.executeNs());
        assertEquals(List.of(), result.outputs());
        assertTrue(controller.all(Output.class).isEmpty());
    }

    @Test
    void outputsByTheirSize() {
        backend.outputs = List.of(
            new TensorSpec("y", ElementType.UINT8, List.of(70_000)), new TensorSpec("z", ElementType.UINT8, List.of(5)));
        start();
        load(100);
        controller.infer(10, rig.now(), rig.now() + MS, 100, 2, Request.inline(1, bytes(1, 8)), Request.omitted(2));
        rig.settle();
        finish();
        assertEquals(List.of("1:70005:0", "2:0:0"), controller.result(10).outputs());
        assertEquals(List.of(1L), controller.all(Output.class).stream().map(Output::requestId).distinct().toList());
        assertEquals(bytes(2, 8)[3], output(1, 0, 70_000)[3]);
        assertEquals((byte) (1 + (70_000 + 4) % 8 + 1), output(1, 1, 5)[4]);
    }

    @Test
    void inlineEdge() {
        backend.outputs = List.of(new TensorSpec("y", ElementType.UINT8, List.of(1024)));
        start();
        load(100);
        infer(10, rig.now(), 100);
        finish();
        assertEquals(List.of("10:1024:1024"), controller.result(10).outputs());
        assertTrue(controller.all(Output.class).isEmpty());
        backend.outputs = List.of(new TensorSpec("y", ElementType.UINT8, List.of(1025)));
        controller.installProfile(2, 2, "any", 4);
        rig.settle();
        controller.load(20, rig.now(), rig.now() + MS, 102, 2);
        rig.settle();
        finish();
        infer(11, rig.now(), 102);
        finish();
        assertEquals(List.of("11:1025:0"), controller.result(11).outputs());
        assertEquals(1, controller.all(Output.class).size());
    }

    @Test
    void manyInlineOutputsFitOneMessage() {
        backend.outputs = List.of(new TensorSpec("y", ElementType.UINT8, List.of(16_000)));
        start(c -> c.inlineBytes = 16 * 1024);
        load(100);
        final Request[] requests = new Request[8];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = Request.inline(i, bytes(i, 8));
        }
        controller.infer(10, rig.now(), rig.now() + MS, 100, 8, requests);
        rig.settle();
        finish();
        final List<String> outputs = controller.result(10).outputs();
        assertEquals("0:16000:16000", outputs.get(0));
        assertEquals("2:16000:16000", outputs.get(2));
        assertEquals("3:16000:0", outputs.get(3));
        assertEquals("7:16000:0", outputs.get(7));
        assertEquals((byte) 8, output(7, 0, 16_000)[0]);
    }

    @Test
    void backPressureOnBulkHoldsOnlyItsResult() {
        backend.outputs = List.of(new TensorSpec("y", ElementType.UINT8, List.of(200_000)));
        start();
        load(100);
        infer(10, rig.now(), 100);
        rig.settle();
        refusedBulkOffers = Integer.MAX_VALUE;
        finish();
        controller.unload(11, rig.now(), rig.now() + MS, 100);
        rig.settle();
        finish();
        assertTrue(controller.hasResult(11));
        assertFalse(controller.hasResult(10));
        assertTrue(rig.count(WorkerCounter.BULK_BACK_PRESSURE) > 0);
        assertEquals(rig.now(), rig.agent.nextWakeNs(rig.now()));
        refusedBulkOffers = 0;
        rig.settle();
        assertEquals(Status.OK, controller.result(10).status());
        assertEquals((byte) 1, (byte) (output(10, 0, 200_000)[0] - inputByte(10)));
    }

    @Test
    void backPressureOnControlKeepsEveryResult() {
        start();
        load(100);
        for (int i = 0; i < 5; i++) {
            infer(10 + i, rig.now(), 100);
        }
        refusedControlOffers = Integer.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            finish();
        }
        assertFalse(controller.hasResult(10));
        refusedControlOffers = 0;
        rig.settle();
        assertEquals(List.of(10L, 11L, 12L, 13L, 14L), results());
    }

    @Test
    void outputArenaThatIsFullDelaysButLosesNothing() {
        backend.outputs = List.of(new TensorSpec("y", ElementType.UINT8, List.of(1_500_000)));
        start();
        load(100);
        infer(10, rig.now(), 100);
        infer(11, rig.now(), 100);
        rig.settle();
        refusedBulkOffers = Integer.MAX_VALUE;
        finish();
        assertEquals(1, backend.device.started.size());
        assertTrue(rig.count(WorkerCounter.OUTPUT_ARENA_FULL) > 0);
        refusedBulkOffers = 0;
        rig.settle();
        finish();
        assertEquals(Status.OK, controller.result(10).status());
        assertEquals(Status.OK, controller.result(11).status());
    }

    @Test
    void resultPoolThatIsUsedUpStopsReading() {
        start();
        load(100);
        refusedControlOffers = Integer.MAX_VALUE;
        final int pool = 2 * 16 + 64;
        for (int i = 0; i < pool + 10; i++) {
            controller.unload(1000 + i, rig.now(), rig.now() - 1, 100);
        }
        rig.settle();
        assertEquals(pool, rig.count(WorkerCounter.ACTIONS) - 1);
        refusedControlOffers = 0;
        rig.settle();
        assertEquals(pool + 10, rig.count(WorkerCounter.ACTIONS) - 1);
        assertEquals(pool + 10, controller.all(Result.class).size());
    }

    private void start() {
        start(c -> { });
    }

    private void start(final java.util.function.Consumer<StubController> options) {
        rig = new WorkerRig(c -> c.backend(backend), this::refusals);
        controller = rig.controller;
        options.accept(controller);
        rig.connect();
        controller.installProfile(1, 1, "any", 8);
        rig.settle();
    }

    /** Refuses the worker's offers, endpoint 1, while told so. */
    private void refusals(final MemoryNetwork.Context context) {
        context.refusals((from, to, lane, length, nowNs) -> {
            if (from == 0) {
                return false;
            }
            return lane == 1 ? refusedBulkOffers-- > 0 : refusedControlOffers-- > 0;
        });
    }

    private void load(final long... models) {
        for (final long model : models) {
            controller.load(model, rig.now(), rig.now() + MS, model, 1);
            rig.settle();
            finish();
            assertEquals(Status.OK, controller.result(model).status());
        }
        controller.heard.clear();
        backend.device.started.clear();
    }

    private void infer(final long actionId, final long earliestNs, final long modelId) {
        controller.infer(
            actionId, earliestNs, rig.now() + 5 * MS, modelId, 1, Request.inline(actionId, bytes(inputByte(actionId), 8)));
        rig.settle();
    }

    private static int inputByte(final long actionId) {
        return (int) actionId;
    }

    private void finish() {
        backend.device.finish(DeviceStatus.OK, rig.now());
        rig.settle();
    }

    private List<Long> results() {
        return controller.all(Result.class).stream().map(Result::actionId).toList();
    }

    private long freeInputBytes() {
        return rig.agent.freeInputBytes();
    }

    private byte[] output(final long requestId, final int tensor, final int total) {
        final byte[] bytes = new byte[total];
        int received = 0;
        for (final Output part : controller.all(Output.class)) {
            if (part.requestId() == requestId && part.tensor() == tensor) {
                assertEquals(received, part.position());
                assertEquals(total, part.total());
                System.arraycopy(part.bytes(), 0, bytes, received, part.bytes().length);
                received += part.bytes().length;
            }
        }
        assertEquals(total, received);
        return bytes;
    }

    private static byte[] bytes(final int first, final int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (first + i);
        }
        return Arrays.copyOf(bytes, length);
    }
}
