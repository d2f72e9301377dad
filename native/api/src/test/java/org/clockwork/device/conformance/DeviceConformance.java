package org.clockwork.device.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.agrona.MutableDirectBuffer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The device port's contract, as tests. A device's module extends this with how to open its backend and how to let its
 * engines work; nothing here looks at real time, so a device on a manual clock passes as one on real threads does.
 */
public abstract class DeviceConformance {
    /** Pages of the device under test. */
    protected static final int PAGES = 8;
    private static final int POLL_LIMIT = 1_000_000;
    private static final long FAR_NS = 3_600_000_000_000L;

    private final List<Operation> completed = new ArrayList<>();
    private final Set<Operation> completedSet = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<CompiledModel> compiled = new ArrayList<>();
    private Backend backend;
    private Device device;

    /** A backend whose first device has this many pages. */
    protected abstract Backend openBackend(int pages) throws Exception;

    /** Something that compiles to a model of this many pages (1 to 3) and of a batch of at least 2. */
    protected abstract ModelSource source(int pages) throws Exception;

    /** Now, by the device's clock. */
    protected abstract long nowNs();

    /** Lets the engines work a little: a manual clock moves on to {@link Device#nextWakeNs()}, a real thread waits. */
    protected abstract void letWork(Device device);

    /** LOADs and UNLOADs in the churn test. */
    protected int churnOperations() {
        return 10_000;
    }

    /** Called after the backend was closed: a place to assert that nothing leaked. */
    protected void onClosed() {
    }

    @BeforeEach
    void openDevice() throws Exception {
        backend = openBackend(PAGES);
        device = backend.devices().get(0);
    }

    @AfterEach
    void closeDevice() {
        device.close();
        compiled.forEach(CompiledModel::close);
        backend.close();
        onClosed();
    }

    @Test
    void loadsExecutesAndUnloads() throws Exception {
        final CompiledModel model = compile(2);
        assertEquals(PAGES, device.totalPages());
        assertEquals(PAGES, device.freePages());
        assertEquals(2, model.pages());

        final Operation load = start(load(7, model));
        assertEquals(PAGES - 2, device.freePages(), "pages of a LOAD under way count as occupied");
        finish(load);
        assertEquals(DeviceStatus.OK, load.status, load.detail);
        assertStamps(load);
        assertEquals(PAGES - 2, device.freePages());

        for (int batch = 1; batch <= Math.min(3, model.maxBatch()); batch++) {
            final Operation infer = finish(start(infer(7, model, batch, batch)));
            assertEquals(DeviceStatus.OK, infer.status, infer.detail);
            assertStamps(infer);
        }
        final Operation unload = finish(start(unload(7)));
        assertEquals(DeviceStatus.OK, unload.status, unload.detail);
        assertStamps(unload);
        assertEquals(PAGES, device.freePages());
        assertEquals(DeviceStatus.NOT_LOADED, finish(start(infer(7, model, 1, 1))).status);
    }

    @Test
    void oneCompiledModelServesUnderTwoNames() throws Exception {
        final CompiledModel model = compile(1);
        assertEquals(DeviceStatus.OK, finish(start(load(1, model))).status);
        assertEquals(DeviceStatus.OK, finish(start(load(2, model))).status);
        assertEquals(PAGES - 2, device.freePages());
        assertEquals(DeviceStatus.OK, finish(start(unload(1))).status);
        assertEquals(DeviceStatus.NOT_LOADED, finish(start(infer(1, model, 1, 1))).status);
        assertEquals(DeviceStatus.OK, finish(start(infer(2, model, 1, 1))).status);
    }

    @Test
    void paddedBatchAndOmittedOutputs() throws Exception {
        final CompiledModel model = compile(1);
        finish(start(load(1, model)));
        assertEquals(DeviceStatus.OK, finish(start(infer(1, model, 2, 1))).status);
        final Operation silent = infer(1, model, 2, 2);
        silent.outputs[0] = null;
        silent.outputs[1] = null;
        assertEquals(DeviceStatus.OK, finish(start(silent)).status);
    }

    @Test
    void wrongOperationsAreNamed() throws Exception {
        final CompiledModel model = compile(1);
        assertEquals(DeviceStatus.NOT_LOADED, finish(start(infer(1, model, 1, 1))).status);
        assertEquals(DeviceStatus.NOT_LOADED, finish(start(unload(1))).status);
        finish(start(load(1, model)));
        assertEquals(DeviceStatus.ALREADY_LOADED, finish(start(load(1, model))).status);
        assertEquals(PAGES - 1, device.freePages(), "a refused LOAD takes no pages");
        assertEquals(DeviceStatus.INVALID_BATCH, finish(start(infer(1, model, 0, 0))).status);
        final int tooMany = model.maxBatch() + 1;
        assertEquals(DeviceStatus.INVALID_BATCH, finish(start(infer(1, model, tooMany, 1))).status);
        final Operation largest = finish(start(infer(1, model, model.maxBatch(), 1)));
        assertEquals(DeviceStatus.OK, largest.status, largest.detail);
        assertEquals(DeviceStatus.OK, finish(start(infer(1, model, 1, 1))).status, "the device goes on");
    }

    @Test
    void nothingLateIsStarted() throws Exception {
        final CompiledModel model = compile(1);
        final Operation late = load(1, model);
        late.latestNs = nowNs() - 1;
        assertEquals(DeviceStatus.TOO_LATE, finish(start(late)).status);
        assertEquals(PAGES, device.freePages());

        finish(start(load(1, model)));
        final Operation lateInfer = infer(1, model, 1, 1);
        lateInfer.latestNs = nowNs() - 1;
        finish(start(lateInfer));
        assertEquals(DeviceStatus.TOO_LATE, lateInfer.status);
        assertEquals(Operation.NOT_REACHED, lateInfer.executeStartNs);

        final Operation lateUnload = unload(1);
        lateUnload.latestNs = nowNs() - 1;
        assertEquals(DeviceStatus.TOO_LATE, finish(start(lateUnload)).status);
        assertEquals(DeviceStatus.OK, finish(start(infer(1, model, 1, 1))).status, "it is still loaded");
    }

    @Test
    void fullDeviceRefusesAndRecovers() throws Exception {
        final CompiledModel three = compile(3);
        final CompiledModel one = compile(1);
        assertEquals(DeviceStatus.OK, finish(start(load(1, three))).status);
        assertEquals(DeviceStatus.OK, finish(start(load(2, three))).status);
        assertEquals(PAGES - 6, device.freePages());
        assertEquals(DeviceStatus.NO_PAGES, finish(start(load(3, three))).status);
        assertEquals(PAGES - 6, device.freePages());
        assertEquals(DeviceStatus.OK, finish(start(load(4, one))).status);
        assertEquals(DeviceStatus.OK, finish(start(load(5, one))).status);
        assertEquals(0, device.freePages());
        assertEquals(DeviceStatus.NO_PAGES, finish(start(load(6, one))).status);
        finish(start(unload(1)));
        assertEquals(DeviceStatus.OK, finish(start(load(3, three))).status);
        assertEquals(0, device.freePages());
    }

    @Test
    void whatIsInUseIsNotUnloaded() throws Exception {
        final CompiledModel model = compile(1);
        final Operation load = start(load(1, model));
        final Operation early = start(unload(1));
        finish(early);
        assertEquals(DeviceStatus.IN_USE, early.status);
        finish(load);
        final Operation infer = start(infer(1, model, 1, 1));
        final Operation unload = start(unload(1));
        finish(unload);
        finish(infer);
        assertEquals(DeviceStatus.OK, infer.status, infer.detail);
        assertEquals(DeviceStatus.IN_USE, unload.status);
        assertEquals(DeviceStatus.OK, finish(start(unload(1))).status);
    }

    @Test
    void fullEngineKeepsNothingAndOrderHolds() throws Exception {
        final CompiledModel model = compile(1);
        finish(start(load(1, model)));
        assertTrue(device.inferDepth() >= 1);
        final List<Operation> started = new ArrayList<>();
        for (int i = 0; i < device.inferDepth(); i++) {
            assertTrue(device.canStart(Operation.Kind.INFER));
            started.add(start(infer(1, model, 1, 1)));
        }
        assertFalse(device.canStart(Operation.Kind.INFER));
        final Operation refused = infer(1, model, 1, 1);
        assertFalse(device.start(refused, nowNs()));
        assertNull(refused.status);
        assertTrue(device.canStart(Operation.Kind.LOAD), "LOAD runs beside INFER");
        started.forEach(this::finish);
        assertTrue(device.canStart(Operation.Kind.INFER));
        assertEquals(DeviceStatus.OK, finish(start(refused)).status);
        started.add(refused);
        final List<Operation> inOrder = completed.subList(completed.size() - started.size(), completed.size());
        assertEquals(started, inOrder);
        for (int i = 1; i < started.size(); i++) {
            final long before = started.get(i - 1).executeStartNs + started.get(i - 1).executeNs;
            assertTrue(started.get(i).executeStartNs - before >= 0, "executions overlap");
        }
    }

    @Test
    void loadNeverFailsWhileThereAreFreePages() throws Exception {
        final long seed = 20_201_104L;
        final SplittableRandom random = new SplittableRandom(seed);
        final CompiledModel[] models = {compile(1), compile(2), compile(3)};
        final int[] pagesOf = new int[64];
        int used = 0;
        for (int i = 0; i < churnOperations(); i++) {
            final int id = random.nextInt(pagesOf.length);
            if (pagesOf[id] > 0) {
                assertEquals(DeviceStatus.OK, finish(start(unload(id))).status);
                used -= pagesOf[id];
                pagesOf[id] = 0;
            } else {
                final int pages = 1 + random.nextInt(3);
                final boolean fits = used + pages <= PAGES;
                final Operation load = finish(start(load(id, models[pages - 1])));
                final DeviceStatus expected = fits ? DeviceStatus.OK : DeviceStatus.NO_PAGES;
                assertEquals(expected, load.status, () -> "seed=" + seed + " detail=" + load.detail);
                pagesOf[id] = fits ? pages : 0;
                used += pagesOf[id];
                if (!fits) {
                    unloadOne(pagesOf);
                    used = Arrays.stream(pagesOf).sum();
                }
            }
            assertEquals(PAGES - used, device.freePages());
        }
    }

    @Test
    void unknownSourcesAreRefused() {
        final ModelSource nothing = new ModelSource("00", null, null, Map.of(), 1);
        try {
            backend.compile(nothing).close();
            throw new AssertionError("compiled nothing");
        } catch (final ModelException e) {
            assertNotNull(e.getMessage());
        }
    }

    private void unloadOne(final int[] pagesOf) {
        for (int id = 0; id < pagesOf.length; id++) {
            if (pagesOf[id] > 0) {
                assertEquals(DeviceStatus.OK, finish(start(unload(id))).status);
                pagesOf[id] = 0;
                return;
            }
        }
    }

    private CompiledModel compile(final int pages) throws Exception {
        final CompiledModel model = backend.compile(source(pages));
        compiled.add(model);
        assertEquals(pages, model.pages());
        assertTrue(model.maxBatch() >= 2);
        return model;
    }

    private Operation load(final long modelId, final CompiledModel model) {
        final Operation operation = operation(Operation.Kind.LOAD, modelId, 1);
        operation.model = model;
        return operation;
    }

    private Operation unload(final long modelId) {
        return operation(Operation.Kind.UNLOAD, modelId, 1);
    }

    private Operation infer(final long modelId, final CompiledModel model, final int batchSize, final int requests) {
        final Operation operation = operation(Operation.Kind.INFER, modelId, Math.max(1, batchSize));
        operation.batchSize = batchSize;
        operation.requestCount = requests;
        for (int i = 0; i < requests; i++) {
            operation.inputs[i] = host(model.inputs());
            operation.outputs[i] = host(model.outputs());
        }
        return operation;
    }

    private MutableDirectBuffer host(final List<TensorSpec> specs) {
        return backend.allocateHost(Math.max(1, specs.stream().mapToLong(TensorSpec::bytes).sum()));
    }

    private Operation operation(final Operation.Kind kind, final long modelId, final int room) {
        final Operation operation = new Operation(room);
        operation.kind = kind;
        operation.actionId = 1000 + modelId;
        operation.modelId = modelId;
        operation.latestNs = nowNs() + FAR_NS;
        return operation;
    }

    private Operation start(final Operation operation) {
        assertTrue(device.start(operation, nowNs()));
        return operation;
    }

    private Operation finish(final Operation operation) {
        for (int i = 0; i < POLL_LIMIT && !isCompleted(operation); i++) {
            if (device.poll(this::onCompleted, nowNs()) == 0) {
                letWork(device);
            }
        }
        assertTrue(isCompleted(operation), () -> operation.kind + " never completed");
        return operation;
    }

    private void onCompleted(final Operation operation) {
        assertFalse(isCompleted(operation), "handed back twice");
        assertNotNull(operation.status);
        completed.add(operation);
        completedSet.add(operation);
    }

    private boolean isCompleted(final Operation operation) {
        return completedSet.contains(operation);
    }

    private static void assertStamps(final Operation operation) {
        assertTrue(operation.startNs != Operation.NOT_REACHED);
        assertTrue(operation.executeStartNs - operation.startNs >= operation.copyInNs);
        assertTrue(operation.copyInNs >= 0 && operation.executeNs >= 0 && operation.copyOutNs >= 0);
        final long executed = operation.executeStartNs + operation.executeNs;
        assertTrue(operation.endNs - executed >= operation.copyOutNs);
    }
}
