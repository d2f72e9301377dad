package org.clockwork.device.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * The agent's side of a device: keeps the table of what is loaded and counts pages; two engines with a thread each do the
 * work. Everything that can be refused is refused here, before an engine sees it. Allocates nothing but a copy's first
 * pages.
 *
 * @param <M> the device's kind of model.
 * @param <L> its kind of copy.
 */
public abstract class EngineDevice<M extends EngineModel, L extends LoadedCopy<M>> implements Device {
    /** Refusals that may wait to be polled. */
    static final int REFUSALS = 16;
    private static final int SMALLEST_TABLE = 16;
    private static final long CLOSE_LIMIT_MS = 60_000;

    private final int index;
    private final String description;
    private final int maxBatch;
    private final Class<M> modelType;
    private final DeviceHealth health;
    private final Engine<L> loadEngine;
    private final Engine<L> executeEngine;
    private final PagePool pool;
    private final Long2ObjectHashMap<L> table;
    private final List<L> copies = new ArrayList<>();
    private final List<L> idleCopies = new ArrayList<>();
    private final List<Work<L>> idleWork = new ArrayList<>();
    private final OneToOneConcurrentArrayQueue<Operation> refused = new OneToOneConcurrentArrayQueue<>(REFUSALS);
    private int loadsUnderWay;
    private int infersUnderWay;
    private boolean isClosed;

    /**
     * A device of so many pages; starts its engines.
     *
     * @param newCopy makes a copy that holds nothing yet; called once for each page, as a model takes one at least.
     */
    protected EngineDevice(final int index, final String description, final int pages, final int maxBatch,
        final Class<M> modelType, final Supplier<L> newCopy, final DeviceHealth health, final Engine<L> loadEngine,
        final Engine<L> executeEngine) {
        this.index = index;
        this.description = description;
        this.maxBatch = maxBatch;
        this.modelType = modelType;
        this.health = health;
        this.loadEngine = loadEngine;
        this.executeEngine = executeEngine;
        pool = new PagePool(pages);
        table = new Long2ObjectHashMap<>(Math.max(SMALLEST_TABLE, pages * 4), 0.5f, true);
        for (int i = 0; i < pages; i++) {
            copies.add(newCopy.get());
        }
        idleCopies.addAll(copies);
        for (int i = 0; i < loadEngine.depth() + executeEngine.depth(); i++) {
            idleWork.add(new Work<>());
        }
        loadEngine.start();
        executeEngine.start();
    }

    @Override
    public final int index() {
        return index;
    }

    @Override
    public final String description() {
        return description;
    }

    @Override
    public final int totalPages() {
        return pool.total();
    }

    @Override
    public final int freePages() {
        return pool.freeCount();
    }

    @Override
    public final int maxBatch() {
        return maxBatch;
    }

    @Override
    public final int inferDepth() {
        return executeEngine.depth();
    }

    @Override
    public final boolean canStart(final Operation.Kind kind) {
        final boolean hasRoom = kind == Operation.Kind.INFER
            ? infersUnderWay < executeEngine.depth()
            : loadsUnderWay < loadEngine.depth();
        return !isClosed && hasRoom && refused.size() < REFUSALS;
    }

    @Override
    public final boolean start(final Operation operation, final long nowNs) {
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
        if (!modelType.isInstance(operation.model)) {
            operation.detail = "the model was not compiled for this device";
            return DeviceStatus.FAILED;
        }
        final M model = modelType.cast(operation.model);
        if (table.containsKey(operation.modelId)) {
            return DeviceStatus.ALREADY_LOADED;
        }
        if (model.pages() > pool.freeCount()) {
            return DeviceStatus.NO_PAGES;
        }
        final L copy = removeLast(idleCopies);
        copy.begin(operation.modelId, model);
        pool.take(copy.pages(), copy.pageCount());
        table.put(operation.modelId, copy);
        giveToLoad(operation, copy);
        return null;
    }

    private DeviceStatus startUnload(final Operation operation) {
        final L copy = table.get(operation.modelId);
        if (copy == null || copy.state == LoadedCopy.State.UNLOADING) {
            return DeviceStatus.NOT_LOADED;
        }
        if (copy.state == LoadedCopy.State.LOADING || copy.infersUnderWay > 0) {
            return DeviceStatus.IN_USE;
        }
        copy.state = LoadedCopy.State.UNLOADING;
        giveToLoad(operation, copy);
        return null;
    }

    private DeviceStatus startInfer(final Operation operation) {
        final L copy = table.get(operation.modelId);
        if (copy == null || copy.state != LoadedCopy.State.LOADED) {
            return DeviceStatus.NOT_LOADED;
        }
        final M model = copy.model();
        final int requests = operation.requestCount;
        if (operation.batchSize < 1 || operation.batchSize > model.maxBatch() || requests < 0 || requests > operation.batchSize) {
            return DeviceStatus.INVALID_BATCH;
        }
        if (!model.io().fits(operation)) {
            operation.detail = "a buffer of the operation is too short for the model's tensors";
            return DeviceStatus.FAILED;
        }
        copy.infersUnderWay++;
        infersUnderWay++;
        executeEngine.give(work(operation, copy));
        return null;
    }

    private void giveToLoad(final Operation operation, final L copy) {
        loadsUnderWay++;
        loadEngine.give(work(operation, copy));
    }

    @Override
    public final int poll(final CompletionHandler handler, final long nowNs) {
        int count = 0;
        for (Work<L> done = executeEngine.takeDone(); done != null; done = executeEngine.takeDone()) {
            infersUnderWay--;
            done.loaded.infersUnderWay--;
            count++;
            handler.onCompleted(release(done));
        }
        for (Work<L> done = loadEngine.takeDone(); done != null; done = loadEngine.takeDone()) {
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

    private void onLoadEngineDone(final Operation operation, final L copy) {
        final boolean isLoad = operation.kind == Operation.Kind.LOAD;
        if (copy.isResident()) {
            copy.state = LoadedCopy.State.LOADED;
        } else if (isLoad || operation.status != DeviceStatus.TOO_LATE) {
            table.remove(copy.modelId);
            if (operation.status != DeviceStatus.DEVICE_LOST) {
                pool.give(copy.pages(), copy.pageCount());
            }
            copy.end();
            idleCopies.add(copy);
        }
    }

    /** What is loaded under this name, or null; for tests, while no operation on it is under way. */
    public final L loaded(final long modelId) {
        return table.get(modelId);
    }

    @Override
    public final long nextWakeNs() {
        return Long.MAX_VALUE;
    }

    @Override
    public final boolean isLost() {
        return health.isLost();
    }

    /** Lets the engines finish what they have, then frees everything; what was not polled is not handed back any more. */
    @Override
    public final void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            final boolean hasEnded = executeEngine.close(CLOSE_LIMIT_MS) & loadEngine.close(CLOSE_LIMIT_MS);
            if (!hasEnded) {
                throw new IllegalStateException("an engine of " + description + " does not end: its memory is kept");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the engines of " + description + " end: its memory is kept", e);
        }
        free(copies.stream().filter(LoadedCopy::isResident).toList());
    }

    /** The engines have ended: takes the weights away, then everything that was the device's. */
    protected abstract void free(List<L> resident);

    private Work<L> work(final Operation operation, final L copy) {
        final Work<L> work = removeLast(idleWork);
        work.operation = operation;
        work.loaded = copy;
        return work;
    }

    private Operation release(final Work<L> work) {
        final Operation operation = work.operation;
        work.operation = null;
        work.loaded = null;
        idleWork.add(work);
        return operation;
    }

    private static <T> T removeLast(final List<T> list) {
        return list.remove(list.size() - 1);
    }
}
