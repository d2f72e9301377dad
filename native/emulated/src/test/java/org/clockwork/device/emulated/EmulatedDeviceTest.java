package org.clockwork.device.emulated;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;
import org.junit.jupiter.api.Test;

/** Times, statuses and memory of an emulated device, each edge from both sides. */
final class EmulatedDeviceTest {
    private static final long MS = Fixture.MS;
    private static final long T0 = Long.MAX_VALUE - 5 * MS;
    private static final int COPY_IN = 1000;
    private static final int COPY_OUT = 500;

    private final Fixture fixture = new Fixture(Fixture.exact());
    private final EmulatedDevice device = fixture.device;

    @Test
    void loadTakesItsTimeAndNotOneNanosecondLess() {
        final Operation load = fixture.load(7, "three", 100);
        assertEquals(7, device.freePages());
        assertFalse(device.isLoaded(7));
        assertEquals(100 + 8 * MS, device.nextWakeNs());
        assertEquals(0, fixture.poll(100 + 8 * MS - 1));
        assertEquals(1, fixture.poll(100 + 8 * MS));
        assertEquals(DeviceStatus.OK, load.status);
        assertEquals(100, load.startNs);
        assertEquals(100, load.executeStartNs);
        assertEquals(8 * MS, load.executeNs);
        assertEquals(100 + 8 * MS, load.endNs);
        assertTrue(device.isLoaded(7));
        assertEquals(Long.MAX_VALUE, device.nextWakeNs());
        assertEquals(0, fixture.poll(100 + 80 * MS));
    }

    @Test
    void inferCopiesInExecutesAndCopiesOutEvenWhenTheClockWrapsAround() {
        final long nowNs = fixture.loaded(7, "one", T0);
        final Operation infer = fixture.infer(7, 3, nowNs);
        final long endNs = nowNs + 3 * COPY_IN + 5 * MS + 3 * COPY_OUT;
        assertTrue(endNs < 0, "the test is meant to wrap");
        assertEquals(endNs, device.nextWakeNs());
        assertEquals(0, fixture.poll(endNs - 1));
        assertEquals(1, fixture.poll(endNs));
        assertEquals(DeviceStatus.OK, infer.status);
        assertEquals(nowNs, infer.startNs);
        assertEquals(3 * COPY_IN, infer.copyInNs);
        assertEquals(nowNs + 3 * COPY_IN, infer.executeStartNs);
        assertEquals(5 * MS, infer.executeNs);
        assertEquals(3 * COPY_OUT, infer.copyOutNs);
        assertEquals(endNs, infer.endNs);
    }

    @Test
    void copyInOfTheNextOverlapsExecutionAndExecutionsDoNotOverlap() {
        final long nowNs = fixture.loaded(7, "one", 0);
        final Operation first = fixture.infer(7, 1, nowNs);
        final Operation second = fixture.infer(7, 1, nowNs + 10);
        assertFalse(device.canStart(Operation.Kind.INFER));
        assertFalse(device.start(fixture.inferOperation(7, 1), nowNs + 20));
        fixture.poll(nowNs + 100 * MS);
        assertEquals(List.of(first, second), fixture.completed);
        assertEquals(nowNs + COPY_IN, second.startNs, "one copy at a time");
        assertEquals(first.executeStartNs + first.executeNs, second.executeStartNs);
        assertEquals(nowNs + COPY_IN + 4 * MS + COPY_OUT, second.endNs);
        assertTrue(device.canStart(Operation.Kind.INFER));
    }

    @Test
    void howOftenItIsPolledChangesNothing() {
        final long nowNs = fixture.loaded(7, "one", 0);
        final Operation late = fixture.infer(7, 1, nowNs);
        final Operation load = fixture.load(8, "three", nowNs + 1);
        assertEquals(2, fixture.poll(nowNs + 1000 * MS));
        assertEquals(List.of(late, load), fixture.completed);
        assertEquals(nowNs + COPY_IN + 2 * MS + COPY_OUT, late.endNs);
        assertEquals(nowNs + 1 + 8 * MS, load.endNs);
    }

    @Test
    void batchesRunAsTheNextLargerRowUpToTheLargest() {
        final long nowNs = fixture.loaded(7, "one", 0);
        assertEquals(DeviceStatus.INVALID_BATCH, statusOf(fixture.inferOperation(7, 5), nowNs));
        assertEquals(DeviceStatus.INVALID_BATCH, statusOf(fixture.inferOperation(7, 0), nowNs));
        final Operation tooManyRequests = fixture.inferOperation(7, 2);
        tooManyRequests.batchSize = 1;
        assertEquals(DeviceStatus.INVALID_BATCH, statusOf(tooManyRequests, nowNs));
        final Operation padded = fixture.inferOperation(7, 2);
        padded.batchSize = 4;
        assertEquals(DeviceStatus.OK, statusOf(padded, nowNs));
        assertEquals(2 * COPY_IN, padded.copyInNs);
        assertEquals(5 * MS, padded.executeNs);
        final Operation exact = fixture.inferOperation(7, 2);
        assertEquals(DeviceStatus.OK, statusOf(exact, nowNs));
        assertEquals(5 * MS, exact.executeNs);
        final CompiledModel model = fixture.model("one");
        assertEquals(4, model.maxBatch());
        assertEquals(2 * MS, model.knownExecuteNs(1));
        assertEquals(5 * MS, model.knownExecuteNs(2));
        assertEquals(-1, model.knownExecuteNs(5));
        assertEquals(-1, model.knownExecuteNs(0));
    }

    @Test
    void nothingStartsAfterItsWindow() {
        final long nowNs = fixture.loaded(7, "one", 0);
        assertEquals(DeviceStatus.OK, statusOf(until(fixture.inferOperation(7, 1), nowNs), nowNs));
        final long laterNs = nowNs + 100 * MS;
        final Operation late = until(fixture.inferOperation(7, 1), laterNs - 1);
        assertEquals(DeviceStatus.TOO_LATE, statusOf(late, laterNs));
        assertEquals(Operation.NOT_REACHED, late.startNs);
        assertEquals(Operation.NOT_REACHED, late.endNs);
        assertEquals(DeviceStatus.TOO_LATE, statusOf(until(fixture.loadOperation(8, "one"), laterNs - 1), laterNs));
        assertEquals(9, device.freePages());
        assertEquals(DeviceStatus.OK, statusOf(until(fixture.loadOperation(8, "one"), laterNs), laterNs));
        assertEquals(DeviceStatus.TOO_LATE,
            statusOf(until(Fixture.operation(Operation.Kind.UNLOAD, 8), laterNs - 1), laterNs));
        assertTrue(device.isLoaded(8));
        assertEquals(DeviceStatus.OK, statusOf(until(Fixture.operation(Operation.Kind.UNLOAD, 8), laterNs), laterNs));
    }

    @Test
    void anExecutionThatHadToWaitTooLongEndsTooLate() {
        final long nowNs = fixture.loaded(7, "one", 0);
        final long engineFreeNs = nowNs + COPY_IN + 2 * MS;
        fixture.infer(7, 1, nowNs);
        final Operation inTime = fixture.started(until(fixture.inferOperation(7, 1), engineFreeNs - COPY_IN), nowNs);
        fixture.poll(nowNs + 50 * MS);
        assertEquals(DeviceStatus.OK, inTime.status);

        final long againNs = nowNs + 100 * MS;
        final long againFreeNs = againNs + COPY_IN + 2 * MS;
        fixture.infer(7, 1, againNs);
        final Operation late = fixture.started(until(fixture.inferOperation(7, 1), againFreeNs - COPY_IN - 1), againNs);
        fixture.poll(againFreeNs - 1);
        assertNotSame(late, fixture.completed.get(fixture.completed.size() - 1));
        fixture.poll(againFreeNs);
        assertSame(late, fixture.completed.get(fixture.completed.size() - 1));
        assertEquals(DeviceStatus.TOO_LATE, late.status);
        fixture.poll(againNs + 50 * MS);
        assertEquals(DeviceStatus.OK, fixture.completed.get(fixture.completed.size() - 1).status);
    }

    @Test
    void pagesAreCountedAndNeverExceeded() {
        long nowNs = 0;
        for (int modelId = 1; modelId <= 3; modelId++) {
            nowNs = fixture.loaded(modelId, "three", nowNs);
        }
        assertEquals(1, device.freePages());
        assertEquals(DeviceStatus.NO_PAGES, statusOf(fixture.loadOperation(4, "three"), nowNs));
        nowNs = fixture.loaded(5, "one", nowNs);
        assertEquals(0, device.freePages());
        assertEquals(DeviceStatus.NO_PAGES, statusOf(fixture.loadOperation(6, "zero"), nowNs));
        assertEquals(DeviceStatus.OK, statusOf(Fixture.operation(Operation.Kind.UNLOAD, 2), nowNs));
        assertEquals(3, device.freePages());
        assertEquals(DeviceStatus.OK, statusOf(fixture.loadOperation(4, "three"), nowNs));
        assertEquals(0, device.freePages());
    }

    @Test
    void whatIsNotThereOrInUseIsSaidSo() {
        assertEquals(DeviceStatus.NOT_LOADED, statusOf(fixture.inferOperation(7, 1), 0));
        assertEquals(DeviceStatus.NOT_LOADED, statusOf(Fixture.operation(Operation.Kind.UNLOAD, 7), 0));
        fixture.load(7, "one", 0);
        assertFalse(device.canStart(Operation.Kind.LOAD));
        final Operation busy = fixture.unload(7, 1);
        fixture.poll(1);
        assertEquals(DeviceStatus.IN_USE, busy.status);
        assertTrue(device.canStart(Operation.Kind.INFER));
        final Operation early = fixture.infer(7, 1, 1);
        fixture.poll(1);
        assertEquals(DeviceStatus.NOT_LOADED, early.status);
        fixture.poll(MS);
        assertEquals(DeviceStatus.ALREADY_LOADED, statusOf(fixture.loadOperation(7, "one"), MS));
        fixture.infer(7, 1, MS);
        final Operation unload = fixture.unload(7, MS + 1);
        fixture.poll(MS + 1);
        assertEquals(DeviceStatus.IN_USE, unload.status);
        fixture.poll(10 * MS);
        assertEquals(DeviceStatus.OK, statusOf(Fixture.operation(Operation.Kind.UNLOAD, 7), 10 * MS));
        assertEquals(10, device.freePages());
    }

    @Test
    void outputsDependOnTheInputAndCoverWhatWasThere() {
        final long nowNs = fixture.loaded(7, "one", 0);
        final Operation operation = fixture.inferOperation(7, 3);
        operation.inputs[1].putLong(992, 5);
        operation.outputs[2] = null;
        final UnsafeBuffer dirty = new UnsafeBuffer(new byte[520]);
        dirty.setMemory(0, 520, (byte) 1);
        operation.outputs[1] = dirty;
        operation.outputOffsets[1] = 10;
        statusOf(operation, nowNs);
        assertEquals(2 * COPY_OUT, operation.copyOutNs, "only what is wanted is copied");
        assertNotEquals(operation.outputs[0].getLong(0), dirty.getLong(10));
        assertEquals(1, dirty.getByte(9));
        assertEquals(1, dirty.getByte(510));
        for (int i = 18; i < 510; i++) {
            assertEquals(0, dirty.getByte(i));
        }
        final Operation same = fixture.inferOperation(7, 1);
        statusOf(same, nowNs + 100 * MS);
        assertEquals(operation.outputs[0].getLong(0), same.outputs[0].getLong(0));
    }

    @Test
    void theZeroProfileTakesOnlyItsFewBytes() {
        final long nowNs = fixture.loaded(7, "zero", 5);
        assertEquals(5, nowNs);
        final Operation infer = fixture.inferOperation(7, 1);
        assertEquals(DeviceStatus.OK, statusOf(infer, nowNs));
        assertEquals(0, infer.executeNs);
        assertEquals(128, infer.endNs - infer.startNs);
    }

    @Test
    void modelsThatCanNotRunAreRefusedWithASentence() {
        final ModelException file = assertThrows(ModelException.class,
            () -> fixture.backend.compile(new ModelSource("k", Path.of("x.onnx"), null, Map.of(), 1)));
        assertEquals(ModelException.Reason.UNKNOWN_PROFILE, file.reason());
        final ModelException unknown = assertThrows(ModelException.class,
            () -> fixture.backend.compile(new ModelSource("k", null, "nothing", Map.of(), 1)));
        assertEquals(ModelException.Reason.UNKNOWN_PROFILE, unknown.reason());
        assertTrue(unknown.getMessage().contains("'nothing'"), unknown.getMessage());
        final ModelException large = assertThrows(ModelException.class,
            () -> fixture.backend.compile(new ModelSource("k", null, "huge", Map.of(), 1)));
        assertEquals(ModelException.Reason.TOO_LARGE, large.reason());
        assertThrows(ModelException.class, () -> fixture.backend.compile(new ModelSource("k", null, "one", Map.of(), 0)));
    }

    @Test
    void theDefaultDeviceIsTheOneOfThePaper() {
        final EmulatedBackend backend = new EmulatedBackend(new EmulatedContext().devices(3));
        assertEquals(3, backend.devices().size());
        assertEquals(2, backend.devices().get(2).index());
        assertEquals(1376, backend.devices().get(0).totalPages());
        assertEquals(23_085_449_216L, 1376L * Device.PAGE_BYTES);
        assertTrue(backend.isEmulated());
        assertEquals(100, backend.allocateHost(100).capacity());
    }

    @Test
    void optionsAreCheckedByNameAndValue() {
        final String message = assertThrows(IllegalArgumentException.class,
            () -> new EmulatedContext().inferDepth(0).conclude()).getMessage();
        assertTrue(message.contains("inferDepth=0"), message);
        assertThrows(IllegalArgumentException.class, () -> new EmulatedContext().devices(0).conclude());
        assertThrows(IllegalArgumentException.class, () -> new EmulatedContext().memoryBytes(Device.PAGE_BYTES - 1).conclude());
        final EmulatedContext context = new EmulatedContext().memoryBytes(Device.PAGE_BYTES).conclude();
        assertThrows(IllegalStateException.class, context::conclude);
        assertEquals(1, new EmulatedBackend(context).device(0).totalPages());
    }

    private static Operation until(final Operation operation, final long latestNs) {
        operation.latestNs = latestNs;
        return operation;
    }

    private DeviceStatus statusOf(final Operation operation, final long nowNs) {
        fixture.started(operation, nowNs);
        fixture.poll(nowNs + 50 * MS);
        assertSame(operation, fixture.completed.get(fixture.completed.size() - 1));
        return operation.status;
    }
}
