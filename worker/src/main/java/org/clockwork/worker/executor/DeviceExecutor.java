package org.clockwork.worker.executor;

import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;
import org.clockwork.worker.action.Action;
import org.clockwork.worker.action.ActionState;
import org.clockwork.worker.action.ActionTable;
import org.clockwork.worker.input.HostArena;
import org.clockwork.worker.input.InputFiller;
import org.clockwork.worker.input.InputStore;
import org.clockwork.worker.install.Artifact;
import org.clockwork.worker.install.Installer;
import org.clockwork.worker.result.ResultSender;
import org.clockwork.worker.window.WindowQueue;

/**
 * Runs the actions of one device: each engine takes the first action of its queue whose window is open, when it is free.
 * An INFER whose input or model is not there yet lets those behind it pass while it waits for the rest of its window.
 * Nothing is started after its window. Owned by the worker agent.
 */
public final class DeviceExecutor implements Device.CompletionHandler {
    private final Device device;
    private final ActionTable actions;
    private final InputStore inputs;
    private final InputFiller filler;
    private final HostArena outputs;
    private final Installer installer;
    private final ResultSender results;
    private final WorkerCounters counters;
    private final boolean isEmulated;
    private final long pollNs;
    private final WindowQueue loadQueue;
    private final WindowQueue executeQueue;
    private final LoadedModels models = new LoadedModels();
    private int loadsRunning;
    private int executionsRunning;
    private int unfilled;

    /**
     * An executor with two empty queues.
     *
     * @param isEmulated    values mean nothing: generated inputs are not written.
     * @param queueCapacity of each engine.
     * @param pollNs        how often to look after a device that does not say when it will be done.
     */
    public DeviceExecutor(
            final Device device, final ActionTable actions, final InputStore inputs, final InputFiller filler,
            final HostArena outputs, final Installer installer, final ResultSender results, final WorkerCounters counters,
            final boolean isEmulated, final int queueCapacity, final long pollNs) {
        this.device = device;
        this.actions = actions;
        this.inputs = inputs;
        this.filler = filler;
        this.outputs = outputs;
        this.installer = installer;
        this.results = results;
        this.counters = counters;
        this.isEmulated = isEmulated;
        this.pollNs = pollNs;
        loadQueue = new WindowQueue(queueCapacity);
        executeQueue = new WindowQueue(queueCapacity);
    }

    /** What it runs on. */
    public Device device() {
        return device;
    }

    /** What it holds. */
    public LoadedModels models() {
        return models;
    }

    /** Whether the queue of an engine takes no more. */
    public boolean isFull(final boolean isLoadEngine) {
        return (isLoadEngine ? loadQueue : executeQueue).isFull();
    }

    /** Whether nothing waits and nothing runs. */
    public boolean isIdle() {
        return loadQueue.size() == 0 && executeQueue.size() == 0 && loadsRunning == 0 && executionsRunning == 0;
    }

    /** Whether what the device holds can't change until another action comes. */
    public boolean isMemorySettled() {
        return loadQueue.size() == 0 && loadsRunning == 0;
    }

    /** What a model of this id runs, if the device holds it or a LOAD of it is on its way; else null. */
    public Artifact artifactOf(final long modelId) {
        final LoadedModel model = models.find(modelId);
        if (model != null) {
            return model.artifact;
        }
        final int queued = queuedLoad(modelId);
        return queued < 0 ? null : loadQueue.get(queued).artifact;
    }

    /** Takes an action that has passed its checks; its queue is not full. */
    public void add(final Action action) {
        action.state = ActionState.QUEUED;
        if (action.isLoadEngine()) {
            if (action.kind == ActionKind.LOAD) {
                action.artifact.hold();
            }
            loadQueue.add(action);
        } else {
            if (isEmulated) {
                InputFiller.skip(action);
            }
            if (!InputFiller.isFilled(action)) {
                unfilled++;
            }
            executeQueue.add(action);
        }
    }

    /** Takes an action back that has not started. */
    public void cancel(final Action action) {
        if ((action.isLoadEngine() ? loadQueue : executeQueue).remove(action)) {
            refuse(action, Status.ACTION_CANCELLED, "taken back before it started");
        }
    }

    /** Forgets what waits for a controller that is gone; what runs ends by itself. */
    public void dropQueued() {
        drop(loadQueue);
        drop(executeQueue);
    }

    /** Takes back what is done, then starts what may start. */
    public int doWork(final long nowNs) {
        int work = 0;
        if (loadsRunning + executionsRunning > 0) {
            work += device.poll(this, nowNs);
        }
        work += refuseClosed(loadQueue, nowNs);
        work += refuseClosed(executeQueue, nowNs);
        if (unfilled > 0) {
            work += fillNext();
        }
        if (loadQueue.size() > 0) {
            work += startLoad(nowNs);
        }
        if (executeQueue.size() > 0) {
            work += startExecutions(nowNs);
        }
        return work;
    }

    /** Earliest time at which it has something to do if no message comes. */
    public long nextWakeNs(final long nowNs) {
        if (unfilled > 0) {
            return nowNs;
        }
        long wakeNs = Math.min(loadQueue.nextWakeNs(nowNs), executeQueue.nextWakeNs(nowNs));
        if (loadsRunning + executionsRunning > 0) {
            final long deviceNs = device.nextWakeNs();
            wakeNs = Math.min(wakeNs, deviceNs == Long.MAX_VALUE ? nowNs + pollNs : deviceNs);
        }
        return wakeNs;
    }

    @Override
    public void onCompleted(final Operation operation) {
        final Action action = actions.inSlot((int) operation.actionId);
        switch (action.kind) {
            case LOAD -> onLoadCompleted(action, operation);
            case UNLOAD -> onUnloadCompleted(action, operation);
            default -> {
                executionsRunning--;
                counters.engineBusy(device.index(), false, operation.executeNs);
            }
        }
        finish(action, Statuses.of(action.kind, operation.status),
            operation.detail == null ? Statuses.sentence(operation.status) : operation.detail);
    }

    private void onLoadCompleted(final Action action, final Operation operation) {
        loadsRunning--;
        counters.engineBusy(device.index(), true, operation.executeNs);
        final LoadedModel model = models.find(action.modelId);
        final boolean isNew = model != null && model.state == LoadedModel.State.LOADING;
        if (isNew && operation.status == DeviceStatus.OK) {
            model.state = LoadedModel.State.LOADED;
            return;
        }
        if (isNew) {
            models.remove(model);
        }
        letGo(action.artifact);
    }

    private void onUnloadCompleted(final Action action, final Operation operation) {
        loadsRunning--;
        counters.engineBusy(device.index(), true, operation.executeNs);
        final LoadedModel model = models.find(action.modelId);
        if (model == null) {
            return;
        }
        if (operation.status == DeviceStatus.OK || operation.status == DeviceStatus.NOT_LOADED) {
            final Artifact artifact = model.artifact;
            models.remove(model);
            letGo(artifact);
        } else {
            model.state = LoadedModel.State.LOADED;
        }
    }

    private int refuseClosed(final WindowQueue queue, final long nowNs) {
        if (!queue.hasClosed(nowNs)) {
            return 0;
        }
        int refused = 0;
        for (int i = 0; i < queue.size();) {
            final Action action = queue.get(i);
            if (nowNs - action.latestNs > 0) {
                queue.remove(i);
                refuseLate(action);
                refused++;
            } else {
                i++;
            }
        }
        return refused;
    }

    private void refuseLate(final Action action) {
        if (action.status != Status.OK) {
            refuse(action, action.status, action.detail);
        } else if (action.inputsMissing > 0) {
            refuse(action, Status.INFER_INPUT_MISSING, "an input had not arrived when the window closed");
        } else if (!action.isLoadEngine() && !isLoaded(action)) {
            refuse(action, Status.INFER_NOT_LOADED, "the model was not loaded when the window closed");
        } else {
            refuse(action, Statuses.tooLate(action.kind), "the window closed before it could start");
        }
    }

    private int fillNext() {
        for (int i = 0; i < executeQueue.size(); i++) {
            final Action action = executeQueue.get(i);
            if (!InputFiller.isFilled(action)) {
                final int work = filler.fill(action);
                if (InputFiller.isFilled(action)) {
                    unfilled--;
                }
                return work;
            }
        }
        return 0;
    }

    private int startLoad(final long nowNs) {
        final Action action = loadQueue.get(0);
        final Operation.Kind kind = action.kind == ActionKind.LOAD ? Operation.Kind.LOAD : Operation.Kind.UNLOAD;
        if (loadsRunning > 0 || !loadQueue.isOpen(0, nowNs) || !device.canStart(kind)) {
            return 0;
        }
        final Operation operation = prepare(action, kind);
        if (kind == Operation.Kind.LOAD) {
            operation.model = action.artifact.compiled();
        }
        if (!device.start(operation, nowNs)) {
            return 0;
        }
        loadQueue.remove(0);
        action.state = ActionState.RUNNING;
        loadsRunning++;
        final LoadedModel model = models.find(action.modelId);
        if (kind == Operation.Kind.LOAD && model == null) {
            models.add(action.modelId, action.artifact);
        } else if (kind == Operation.Kind.UNLOAD && model != null) {
            model.state = LoadedModel.State.UNLOADING;
        }
        return 1;
    }

    private int startExecutions(final long nowNs) {
        int work = 0;
        for (int i = 0; i < executeQueue.size() && executeQueue.isOpen(i, nowNs);) {
            final Action action = executeQueue.get(i);
            if (action.status != Status.OK) {
                executeQueue.remove(i);
                refuse(action, action.status, action.detail);
                work++;
            } else if (isHopeless(action)) {
                executeQueue.remove(i);
                refuse(action, Status.INFER_NOT_LOADED, "the device does not hold the model");
                work++;
            } else if (action.inputsMissing > 0 || !InputFiller.isFilled(action) || !isLoaded(action)) {
                i++;
            } else if (executionsRunning < device.inferDepth() && device.canStart(Operation.Kind.INFER)
                && hasOutputRoom(action) && startExecution(action, nowNs)) {
                executeQueue.remove(i);
                work++;
            } else {
                break;
            }
        }
        return work;
    }

    private boolean startExecution(final Action action, final long nowNs) {
        final Operation operation = prepare(action, Operation.Kind.INFER);
        operation.batchSize = action.batchSize;
        operation.isProfile = action.kind == ActionKind.PROFILE;
        operation.requestCount = action.requestCount;
        final int outputBytes = action.artifact.outputs().totalBytes();
        for (int i = 0; i < action.requestCount; i++) {
            final boolean hasInput = action.inputOffsets[i] != Action.NO_ROOM;
            operation.inputs[i] = hasInput ? inputs.arena().memory() : null;
            operation.inputOffsets[i] = hasInput ? action.inputOffsets[i] : 0;
            final boolean isWanted = action.outputOffset != Action.NO_ROOM && !action.isOutputOmitted[i];
            operation.outputs[i] = isWanted ? outputs.memory() : null;
            operation.outputOffsets[i] = isWanted ? action.outputOffset + i * outputBytes : 0;
        }
        if (!device.start(operation, nowNs)) {
            return false;
        }
        action.state = ActionState.RUNNING;
        executionsRunning++;
        return true;
    }

    private static Operation prepare(final Action action, final Operation.Kind kind) {
        final Operation operation = action.operation;
        operation.reset();
        operation.kind = kind;
        operation.actionId = action.slot;
        operation.modelId = action.modelId;
        operation.latestNs = action.latestNs;
        return operation;
    }

    private boolean hasOutputRoom(final Action action) {
        if (action.outputOffset != Action.NO_ROOM || !wantsOutputs(action)) {
            return true;
        }
        final long bytes = (long) action.requestCount * action.artifact.outputs().totalBytes();
        action.outputOffset = outputs.allocate((int) Math.min(bytes, Integer.MAX_VALUE));
        if (action.outputOffset == HostArena.NO_ROOM) {
            counters.increment(WorkerCounter.OUTPUT_ARENA_FULL);
            return false;
        }
        return true;
    }

    private boolean wantsOutputs(final Action action) {
        if (action.kind == ActionKind.PROFILE) {
            return !isEmulated;
        }
        for (int i = 0; i < action.requestCount; i++) {
            if (!action.isOutputOmitted[i]) {
                return true;
            }
        }
        return false;
    }

    private boolean isLoaded(final Action action) {
        final LoadedModel model = models.find(action.modelId);
        return model != null && model.isLoaded() && model.artifact == action.artifact;
    }

    /** Whether the model is not there and nothing that is known brings it. */
    private boolean isHopeless(final Action action) {
        final LoadedModel model = models.find(action.modelId);
        return (model == null || model.artifact != action.artifact) && queuedLoad(action.modelId) < 0;
    }

    private int queuedLoad(final long modelId) {
        for (int i = 0; i < loadQueue.size(); i++) {
            final Action action = loadQueue.get(i);
            if (action.kind == ActionKind.LOAD && action.modelId == modelId) {
                return i;
            }
        }
        return -1;
    }

    private void refuse(final Action action, final Status status, final String detail) {
        leaveQueue(action);
        finish(action, status, detail);
    }

    private void leaveQueue(final Action action) {
        if (action.kind == ActionKind.LOAD) {
            letGo(action.artifact);
        } else if (!action.isLoadEngine() && !InputFiller.isFilled(action)) {
            unfilled--;
        }
    }

    private void finish(final Action action, final Status status, final String detail) {
        inputs.release(action);
        action.freePages = device.freePages();
        action.end(status, detail);
        results.add(action);
    }

    private void drop(final WindowQueue queue) {
        while (queue.size() > 0) {
            final Action action = queue.remove(queue.size() - 1);
            leaveQueue(action);
            inputs.release(action);
            if (action.outputOffset != Action.NO_ROOM) {
                outputs.free(action.outputOffset);
            }
            actions.release(action);
            counters.increment(WorkerCounter.ACTIONS_DROPPED);
        }
    }

    private void letGo(final Artifact artifact) {
        artifact.letGo();
        installer.onReleased(artifact);
    }
}
