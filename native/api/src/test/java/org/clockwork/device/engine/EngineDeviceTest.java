package org.clockwork.device.engine;

import static org.clockwork.device.engine.TestDevice.infer;
import static org.clockwork.device.engine.TestDevice.load;
import static org.clockwork.device.engine.TestDevice.unload;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is refused before an engine sees it, and the books of pages, copies and operations under way. */
final class EngineDeviceTest {
    private static final int PAGES = 4;
    private TestDevice device;

    @BeforeEach
    void open() {
        device = TestDevice.open(PAGES);
    }

    @AfterEach
    void close() {
        device.loads.isHeld = false;
        device.infers.isHeld = false;
        device.close();
    }

    @Test
    void pagesAreCountedFromTheStartOfALoadToTheEndOfAnUnload() {
        final Operation first = load(1, 3);
        device.loads.isHeld = true;
        device.begin(first);
        assertEquals(1, device.freePages(), "a LOAD under way has its pages");
        assertEquals(DeviceStatus.NO_PAGES, device.run(load(2, 2)), "one page too few");
        device.loads.isHeld = false;
        device.await(first);
        assertEquals(DeviceStatus.OK, device.run(load(2, 1)), "just enough");
        assertEquals(0, device.freePages());
        final Operation unload = unload(1);
        device.loads.isHeld = true;
        device.begin(unload);
        assertEquals(0, device.freePages(), "an UNLOAD under way has its pages still");
        device.loads.isHeld = false;
        device.await(unload);
        assertEquals(3, device.freePages());
        assertEquals(PAGES, device.totalPages());
    }

    @Test
    void aNameIsKnownFromItsLoadToItsUnload() {
        assertEquals(DeviceStatus.NOT_LOADED, device.run(unload(1)));
        final Operation load = load(1, 1);
        device.loads.isHeld = true;
        device.begin(load);
        assertEquals(DeviceStatus.ALREADY_LOADED, device.run(load(1, 1)));
        assertEquals(DeviceStatus.IN_USE, device.run(unload(1)));
        assertEquals(DeviceStatus.NOT_LOADED, device.run(infer(1)));
        device.loads.isHeld = false;
        device.await(load);
        assertEquals(DeviceStatus.OK, device.run(infer(1)));
        assertEquals(DeviceStatus.NOT_LOADED, device.run(infer(1L << 32 | 1)), "the same slot of another generation");

        final Operation unload = unload(1);
        device.loads.isHeld = true;
        device.begin(unload);
        assertEquals(DeviceStatus.NOT_LOADED, device.run(infer(1)));
        assertEquals(DeviceStatus.NOT_LOADED, device.run(unload(1)));
        assertEquals(DeviceStatus.ALREADY_LOADED, device.run(load(1, 1)));
        device.loads.isHeld = false;
        device.await(unload);
        assertEquals(DeviceStatus.NOT_LOADED, device.run(unload(1)), "given back once");
        assertEquals(PAGES, device.freePages());
    }

    @Test
    void whatExecutesIsNotUnloaded() {
        device.run(load(1, 1));
        final Operation infer = infer(1);
        device.infers.isHeld = true;
        device.begin(infer);
        assertEquals(DeviceStatus.IN_USE, device.run(unload(1)));
        device.infers.isHeld = false;
        device.await(infer);
        assertEquals(DeviceStatus.OK, device.run(unload(1)));
    }

    @Test
    void anEngineThatIsFullKeepsNothing() {
        device.run(load(1, 1));
        device.run(load(2, 1));
        device.infers.isHeld = true;
        for (int i = 0; i < TestDevice.DEPTH; i++) {
            device.begin(infer(1));
        }
        final Operation tooMany = infer(1);
        assertFalse(device.canStart(Operation.Kind.INFER));
        assertFalse(device.start(tooMany, 0));
        assertNull(tooMany.status);
        assertTrue(device.canStart(Operation.Kind.LOAD), "the other engine has room");
        device.infers.isHeld = false;
        while (device.poll(operation -> { }, 0) == 0) {
            Thread.onSpinWait();
        }
        assertTrue(device.start(tooMany, 0), "one was handed back");

        device.loads.isHeld = true;
        for (int i = 0; i < TestDevice.DEPTH; i++) {
            device.begin(load(10 + i, 1));
        }
        assertFalse(device.canStart(Operation.Kind.UNLOAD));
        assertFalse(device.start(unload(2), 0));
    }

    @Test
    void refusalsWaitUntilPolledAndAreLimited() {
        for (int i = 0; i < EngineDevice.REFUSALS; i++) {
            assertTrue(device.start(infer(i), 5));
        }
        assertFalse(device.canStart(Operation.Kind.INFER));
        assertFalse(device.canStart(Operation.Kind.LOAD));
        assertFalse(device.start(load(1, 1), 5));
        assertEquals(EngineDevice.REFUSALS, device.poll(operation -> {
            assertEquals(DeviceStatus.NOT_LOADED, operation.status);
            assertEquals(5, operation.endNs);
        }, 5));
        assertTrue(device.canStart(Operation.Kind.LOAD));
    }

    @Test
    void batchesAndBuffersAreChecked() {
        device.run(load(1, 1));
        for (final int[] wrong : new int[][] {{0, 0}, {TestDevice.MAX_BATCH + 1, 1}, {1, 2}, {1, -1}}) {
            final Operation operation = infer(1);
            operation.batchSize = wrong[0];
            operation.requestCount = wrong[1];
            assertEquals(DeviceStatus.INVALID_BATCH, device.run(operation));
            operation.requestCount = 1;
        }
        final Operation most = infer(1);
        most.batchSize = TestDevice.MAX_BATCH;
        assertEquals(DeviceStatus.OK, device.run(most));

        final Operation noInput = infer(1);
        noInput.inputs[0] = null;
        assertTooShort(noInput);
        final Operation shortInput = infer(1);
        shortInput.inputs[0] = new UnsafeBuffer(new byte[TestDevice.INPUT_BYTES - 1]);
        assertTooShort(shortInput);
        final Operation early = infer(1);
        early.inputOffsets[0] = -1;
        assertTooShort(early);
        final Operation late = infer(1);
        late.outputOffsets[0] = 1;
        assertTooShort(late);
        final Operation far = infer(1);
        far.inputOffsets[0] = Integer.MAX_VALUE;
        assertTooShort(far);
        final Operation noOutput = infer(1);
        noOutput.outputs[0] = null;
        assertEquals(DeviceStatus.OK, device.run(noOutput));
    }

    private void assertTooShort(final Operation operation) {
        assertEquals(DeviceStatus.FAILED, device.run(operation));
        assertTrue(operation.detail.contains("too short"), operation.detail);
    }

    @Test
    void aModelOfAnotherBackendIsRefused() {
        final Operation operation = TestDevice.operation(Operation.Kind.LOAD, 1);
        assertEquals(DeviceStatus.FAILED, device.run(operation));
        assertEquals("the model was not compiled for this device", operation.detail);
        assertEquals(PAGES, device.freePages());
    }

    @Test
    void aLoadThatFailsLeavesNothingAndALateUnloadTakesNothing() {
        device.loads.ends = DeviceStatus.FAILED;
        assertEquals(DeviceStatus.FAILED, device.run(load(1, 2)));
        assertEquals(PAGES, device.freePages());
        device.loads.ends = DeviceStatus.TOO_LATE;
        assertEquals(DeviceStatus.TOO_LATE, device.run(load(1, 2)));
        assertEquals(PAGES, device.freePages());
        device.loads.ends = DeviceStatus.OK;
        assertEquals(DeviceStatus.OK, device.run(load(1, 2)));
        device.loads.ends = DeviceStatus.TOO_LATE;
        assertEquals(DeviceStatus.TOO_LATE, device.run(unload(1)));
        assertEquals(PAGES - 2, device.freePages());
        assertEquals(DeviceStatus.OK, device.run(infer(1)));
    }

    @Test
    void aLostDeviceEndsEverythingAndSaysWhy() {
        device.run(load(1, 1));
        final Operation infer = infer(1);
        device.infers.isHeld = true;
        device.begin(infer);
        device.loads.failure = new IllegalStateException("it broke");
        assertEquals(DeviceStatus.DEVICE_LOST, device.run(load(2, 1)));
        assertTrue(device.isLost());
        device.infers.isHeld = false;
        device.await(infer);
        assertEquals(DeviceStatus.DEVICE_LOST, infer.status);
        final Operation later = infer(1);
        assertEquals(DeviceStatus.DEVICE_LOST, device.run(later));
        assertTrue(later.detail.contains("it broke"), later.detail);
        assertEquals(PAGES - 2, device.freePages(), "what is behind the pages of a lost LOAD is not known");
    }

    @Test
    void aClosedDeviceTakesNothingAndFreesWhatIsLoadedOnce() {
        device.run(load(1, 1));
        device.run(load(2, 1));
        device.run(unload(1));
        device.close();
        assertEquals(List.of(device.loaded(2)), device.freed);
        assertFalse(device.canStart(Operation.Kind.LOAD));
        assertFalse(device.start(infer(2), 0));
        device.freed = null;
        device.close();
        assertNull(device.freed);
    }

    @Test
    void closingLetsTheEnginesFinish() {
        device.run(load(1, 1));
        final Operation load = load(2, 1);
        device.begin(load);
        device.close();
        assertEquals(DeviceStatus.OK, load.status);
        assertEquals(2, device.freed.size());
    }

    @Test
    void enginesMaySpin() {
        final TestDevice spinning = TestDevice.open(1, BusySpinIdleStrategy::new);
        assertEquals(DeviceStatus.OK, spinning.run(load(1, 1)));
        assertEquals(DeviceStatus.OK, spinning.run(infer(1)));
        spinning.close();
        assertEquals(1, spinning.freed.size());
    }

    @Test
    void nothingIsAllocated() {
        final Operation load = load(1, 2);
        final Operation infer = infer(1);
        final Operation wrong = infer(2);
        final Operation unload = unload(1);
        final Operation[] all = {load, infer, wrong, unload};
        final Runnable work = () -> {
            for (int i = 0; i < 1_000; i++) {
                for (final Operation operation : all) {
                    operation.clearResults();
                    device.run(operation);
                }
            }
        };
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            least = Math.min(least, Allocation.bytesOf(work));
        }
        final long bytes = least;
        assertTrue(bytes < 1_000, () -> "bytes=" + bytes);
    }
}
