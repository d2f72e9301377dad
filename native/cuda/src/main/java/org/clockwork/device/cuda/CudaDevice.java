package org.clockwork.device.cuda;

import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * One GPU as a device. The agent that owns it keeps the table of what is loaded and counts pages; two engines with a thread
 * each drive the streams. Everything that can be refused is refused here, before an engine sees it.
 */
final class CudaDevice implements Device {
    private static final int REFUSALS = 16;
    private static final long CLOSE_LIMIT_MS = 60_000;

    private final CudaBackend.Context context;
    private final int index;
    private final Gpu gpu;
    private final PagePool pool;
    private final DeviceHealth health = new DeviceHealth();
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

    CudaDevice(final CudaBackend.Context context, final int index, final Gpu gpu, final HostMemory host) throws CudaException {
        this.context = context;
        this.index = index;
        this.gpu = gpu;
        final int pages = gpu.pages().pages();
        pool = new PagePool(pages);
        loadEngine = new LoadEngine("cuda-" + index + "-load", index, gpu, health, context);
        try {
            executeEngine = new ExecuteEngine("cuda-" + index + "-execute", index, gpu, host, health, context);
        } catch (final CudaException e) {
            loadEngine.closeEvents();
            throw e;
        }
        table = new Long2ObjectHashMap<>(Math.max(16, pages * 4), 0.5f, true);
        slots = new LoadedModel[pages];
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
        return index;
    }

    @Override
    public String description() {
        return "cuda: " + gpu.name();
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
            if (refusal == DeviceStatus.DEVICE_LOST) {
                operation.detail = health.why();
            }
            refused.offer(operation);
        }
        return true;
    }

    private DeviceStatus startLoad(final Operation operation) {
        if (!(operation.model instanceof CudaModel)) {
            operation.detail = "the model was not compiled for this device";
            return DeviceStatus.FAILED;
        }
        final CudaModel model = (CudaModel) operation.model;
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
        if (loaded.range != 0) {
            loaded.state = LoadedModel.State.LOADED;
        } else if (isLoad || operation.status != DeviceStatus.TOO_LATE) {
            table.remove(loaded.modelId);
            if (operation.status != DeviceStatus.DEVICE_LOST) {
                pool.give(loaded.pages, loaded.pageCount);
            }
            loaded.clear();
        }
    }

    @Override
    public long nextWakeNs() {
        return Long.MAX_VALUE;
    }

    @Override
    public boolean isLost() {
        return health.isLost();
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
                throw new IllegalStateException("an engine of a CUDA device does not end: its memory is kept");
            }
            gpu.enter();
            for (final LoadedModel loaded : slots) {
                if (loaded.range != 0) {
                    loadEngine.unload(loaded);
                }
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a CUDA device's engines end: its memory is kept", e);
        } catch (final CudaException e) {
            context.errorHandler().onError(e);
        }
        executeEngine.closeEvents();
        loadEngine.closeEvents();
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
