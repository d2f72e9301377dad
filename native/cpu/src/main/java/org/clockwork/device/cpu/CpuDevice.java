package org.clockwork.device.cpu;

import ai.onnxruntime.OrtException;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * This machine's processor as a device. The agent that owns it keeps the table of what is loaded and counts pages; two
 * engines with a thread each do the work. Everything that can be refused is refused here, before an engine sees it.
 */
final class CpuDevice implements Device {
    private static final int REFUSALS = 16;
    private static final long CLOSE_LIMIT_MS = 60_000;

    private final CpuBackend.Context context;
    private final PageMemory pageMemory;
    private final PagePool pool;
    private final LoadEngine loadEngine;
    private final ExecuteEngine executeEngine;
    private final Long2ObjectHashMap<LoadedModel> table;
    private final LoadedModel[] slots;
    private final Work[] idleWork;
    private final OneToOneConcurrentArrayQueue<Operation> refused = new OneToOneConcurrentArrayQueue<>(REFUSALS);
    private int idleWorkCount;
    private int loadsUnderWay;
    private int infersUnderWay;
    private boolean isClosed;

    CpuDevice(final CpuBackend.Context context, final PageMemory pageMemory, final OrtRuntime runtime) {
        this.context = context;
        this.pageMemory = pageMemory;
        pool = new PagePool(pageMemory.pages());
        loadEngine = new LoadEngine("cpu-0-load", context.clock(), context.newIdleStrategy(), pageMemory, runtime);
        executeEngine = new ExecuteEngine("cpu-0-execute", context.clock(), context.newIdleStrategy());
        table = new Long2ObjectHashMap<>(pageMemory.pages() * 4, 0.5f, true);
        slots = new LoadedModel[pageMemory.pages()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = new LoadedModel();
        }
        idleWork = new Work[loadEngine.depth() + executeEngine.depth()];
        for (int i = 0; i < idleWork.length; i++) {
            idleWork[i] = new Work();
        }
        idleWorkCount = idleWork.length;
        loadEngine.start();
        executeEngine.start();
    }

    @Override
    public int index() {
        return 0;
    }

    @Override
    public String description() {
        return "cpu: " + Processor.name();
    }

    @Override
    public int totalPages() {
        return pool.total();
    }

    @Override
    public int freePages() {
        return pool.freeCount();
    }

    @Override
    public int maxBatch() {
        return context.maxBatch();
    }

    @Override
    public int inferDepth() {
        return executeEngine.depth();
    }

    @Override
    public boolean canStart(final Operation.Kind kind) {
        final boolean hasRoom = kind == Operation.Kind.INFER
            ? infersUnderWay < executeEngine.depth()
            : loadsUnderWay < loadEngine.depth();
        return !isClosed && hasRoom && refused.size() < REFUSALS;
    }

    @Override
    public boolean start(final Operation operation, final long nowNs) {
        if (!canStart(operation.kind)) {
            return false;
        }
        final DeviceStatus refusal = isLost() ? DeviceStatus.DEVICE_LOST : switch (operation.kind) {
            case LOAD -> startLoad(operation);
            case UNLOAD -> startUnload(operation);
            case INFER -> startInfer(operation);
        };
        if (refusal != null) {
            operation.status = refusal;
            operation.endNs = nowNs;
            refused.offer(operation);
        }
        return true;
    }

    private DeviceStatus startLoad(final Operation operation) {
        if (!(operation.model instanceof CpuModel)) {
            operation.detail = "the model was not compiled for this device";
            return DeviceStatus.FAILED;
        }
        final CpuModel model = (CpuModel) operation.model;
        if (table.containsKey(operation.modelId)) {
            return DeviceStatus.ALREADY_LOADED;
        }
        if (model.pages() > pool.freeCount()) {
            return DeviceStatus.NO_PAGES;
        }
        final LoadedModel loaded = freeSlot();
        loaded.init(operation.modelId, model);
        pool.take(loaded.pages, loaded.pageCount);
        table.put(operation.modelId, loaded);
        loadsUnderWay++;
        loadEngine.give(work(operation, loaded));
        return null;
    }

    private DeviceStatus startUnload(final Operation operation) {
        final LoadedModel loaded = table.get(operation.modelId);
        if (loaded == null || loaded.state == LoadedModel.State.UNLOADING) {
            return DeviceStatus.NOT_LOADED;
        }
        if (loaded.state == LoadedModel.State.LOADING || loaded.infersUnderWay > 0) {
            return DeviceStatus.IN_USE;
        }
        loaded.state = LoadedModel.State.UNLOADING;
        loadsUnderWay++;
        loadEngine.give(work(operation, loaded));
        return null;
    }

    private DeviceStatus startInfer(final Operation operation) {
        final LoadedModel loaded = table.get(operation.modelId);
        if (loaded == null || loaded.state != LoadedModel.State.LOADED) {
            return DeviceStatus.NOT_LOADED;
        }
        final int requests = operation.requestCount;
        if (operation.batchSize < 1 || operation.batchSize > loaded.model.maxBatch()
            || requests < 0 || requests > operation.batchSize) {
            return DeviceStatus.INVALID_BATCH;
        }
        if (!loaded.model.io().fits(operation)) {
            operation.detail = "a buffer of the operation is too short for the model's tensors";
            return DeviceStatus.FAILED;
        }
        loaded.infersUnderWay++;
        infersUnderWay++;
        executeEngine.give(work(operation, loaded));
        return null;
    }

    @Override
    public int poll(final CompletionHandler handler, final long nowNs) {
        int count = 0;
        for (Work done = executeEngine.takeDone(); done != null; done = executeEngine.takeDone()) {
            infersUnderWay--;
            done.loaded.infersUnderWay--;
            count++;
            handler.onCompleted(release(done));
        }
        for (Work done = loadEngine.takeDone(); done != null; done = loadEngine.takeDone()) {
            loadsUnderWay--;
            count++;
            onLoadEngineDone(done.operation, done.loaded);
            handler.onCompleted(release(done));
        }
        for (Operation operation = refused.poll(); operation != null; operation = refused.poll()) {
            count++;
            handler.onCompleted(operation);
        }
        return count;
    }

    private void onLoadEngineDone(final Operation operation, final LoadedModel loaded) {
        final boolean isLoad = operation.kind == Operation.Kind.LOAD;
        if (loaded.range != null) {
            loaded.state = LoadedModel.State.LOADED;
        } else if (isLoad || operation.status != DeviceStatus.TOO_LATE) {
            table.remove(loaded.modelId);
            if (operation.status != DeviceStatus.DEVICE_LOST) {
                pool.give(loaded.pages, loaded.pageCount);
            }
            loaded.clear();
        }
    }

    /** What is loaded under this name, or null; for tests, while no operation on it is under way. */
    LoadedModel loaded(final long modelId) {
        return table.get(modelId);
    }

    @Override
    public long nextWakeNs() {
        return Long.MAX_VALUE;
    }

    @Override
    public boolean isLost() {
        return loadEngine.isLost() || executeEngine.isLost();
    }

    /** Lets the engines finish what they have, then frees everything; what was not polled is not handed back any more. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            final boolean hasEnded = executeEngine.close(CLOSE_LIMIT_MS) & loadEngine.close(CLOSE_LIMIT_MS);
            if (!hasEnded) {
                throw new IllegalStateException("an engine of the CPU device does not end: its memory is kept");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the CPU device's engines end: its memory is kept", e);
        }
        for (final LoadedModel loaded : slots) {
            if (loaded.range != null) {
                unload(loaded);
            }
        }
        pageMemory.close();
    }

    private void unload(final LoadedModel loaded) {
        try {
            loadEngine.unload(loaded);
        } catch (final OrtException | Engine.LostException e) {
            context.errorHandler().onError(e);
        }
    }

    private LoadedModel freeSlot() {
        for (final LoadedModel slot : slots) {
            if (slot.state == LoadedModel.State.FREE) {
                return slot;
            }
        }
        throw new IllegalStateException("more models than pages");
    }

    private Work work(final Operation operation, final LoadedModel loaded) {
        final Work work = idleWork[--idleWorkCount];
        work.operation = operation;
        work.loaded = loaded;
        return work;
    }

    private Operation release(final Work work) {
        final Operation operation = work.operation;
        work.operation = null;
        work.loaded = null;
        idleWork[idleWorkCount++] = work;
        return operation;
    }
}
