package org.clockwork.worker;

import java.util.List;
import org.agrona.DirectBuffer;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.action.Action;
import org.clockwork.worker.action.ActionState;
import org.clockwork.worker.action.ActionTable;
import org.clockwork.worker.executor.DeviceExecutor;
import org.clockwork.worker.executor.Statuses;
import org.clockwork.worker.input.InputStore;
import org.clockwork.worker.install.Artifact;
import org.clockwork.worker.install.Installer;
import org.clockwork.worker.result.ResultSender;
import org.clockwork.worker.session.Authority;
import org.clockwork.worker.session.Session;

/**
 * Checks each action as it arrives: it either enters the queue of its engine or gets its result at once. Owned by the
 * worker agent.
 */
final class ActionIntake {
    /** Windows end at most this far ahead, so that comparing times can't wrap. */
    private static final long MAX_WINDOW_NS = 1L << 60;

    private final ActionTable actions;
    private final List<DeviceExecutor> executors;
    private final InputStore inputs;
    private final Installer installer;
    private final ResultSender results;
    private final Session session;
    private final Authority authority;
    private final WorkerCounters counters;
    private final boolean areInputsGenerated;
    private final int maxBatch;
    private final long horizonNs;
    private boolean isDraining;
    /** The INFER whose requests are being read; null if it has got its result already. */
    private Action inferring;
    /** Whether the INFER being read was refused by this worker's own choice: its inputs are not awaited. */
    private boolean isForgetting;

    /**
     * An intake that lets everything in that holds.
     *
     * @param areInputsGenerated whether generated inputs need room; not so where values mean nothing.
     * @param maxBatch           that any device takes.
     * @param horizonNs          how far ahead a window may open.
     */
    ActionIntake(
            final ActionTable actions, final List<DeviceExecutor> executors, final InputStore inputs,
            final Installer installer, final ResultSender results, final Session session, final Authority authority,
            final WorkerCounters counters, final boolean areInputsGenerated, final int maxBatch, final long horizonNs) {
        this.actions = actions;
        this.executors = executors;
        this.inputs = inputs;
        this.installer = installer;
        this.results = results;
        this.session = session;
        this.authority = authority;
        this.counters = counters;
        this.areInputsGenerated = areInputsGenerated;
        this.maxBatch = maxBatch;
        this.horizonNs = horizonNs;
    }

    /** Lets nothing in any more. */
    void drain() {
        isDraining = true;
    }

    void onLoad(
            final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int artifactId, final int deviceIndex, final long nowNs) {
        final Action action =
            begin(ActionKind.LOAD, epoch, actionId, earliestNs, latestNs, modelId, deviceIndex, 0, nowNs);
        if (action == null) {
            return;
        }
        action.artifact = installer.ready(artifactId);
        if (action.artifact == null) {
            refuse(action, Status.LOAD_UNKNOWN_ARTIFACT, "the worker has no such artifact ready");
        } else {
            executors.get(deviceIndex).add(action);
        }
    }

    void onUnload(
            final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int deviceIndex, final long nowNs) {
        final Action action =
            begin(ActionKind.UNLOAD, epoch, actionId, earliestNs, latestNs, modelId, deviceIndex, 0, nowNs);
        if (action != null) {
            executors.get(deviceIndex).add(action);
        }
    }

    /** Begins an INFER. */
    void onInfer(
            final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int deviceIndex, final int batchSize, final int requestCount, final long nowNs) {
        isForgetting = !beginBatch(
            ActionKind.INFER, epoch, actionId, earliestNs, latestNs, modelId, deviceIndex, batchSize, requestCount, nowNs)
            && !authority.isStale(epoch);
    }

    /** The requests that follow belong to an INFER for which there is no session. */
    void ignoreInfer() {
        isForgetting = false;
    }

    void onInferRequest(
            final int index, final long requestId, final long seed, final int inputBytes, final boolean isGenerated,
            final boolean isOutputOmitted, final DirectBuffer buffer, final int offset, final int length, final long nowNs) {
        final Action action = inferring;
        if (action == null || action.status != Status.OK) {
            if (!isGenerated && length == 0 && (action != null || isForgetting)) {
                inputs.forget(requestId);
            }
            return;
        }
        final int expectedBytes = action.artifact.inputs().totalBytes();
        action.requestCount = index + 1;
        action.requestIds[index] = requestId;
        action.seeds[index] = seed;
        action.isGenerated[index] = isGenerated;
        action.isOutputOmitted[index] = isOutputOmitted;
        action.inputOffsets[index] = Action.NO_ROOM;
        if (isGenerated) {
            if (areInputsGenerated) {
                inputs.reserve(action, index, expectedBytes);
            }
        } else if (inputBytes != expectedBytes || length != 0 && length != inputBytes) {
            action.end(Status.WRONG_INPUT_SIZE, "the input has another size than the model's");
            inputs.forget(requestId);
        } else if (length > 0) {
            inputs.inline(action, index, buffer, offset, length);
        } else if (expectedBytes > 0) {
            inputs.expect(action, index, nowNs);
        }
    }

    void onInferEnd() {
        final Action action = inferring;
        if (action == null) {
            return;
        }
        inferring = null;
        if (action.status != Status.OK) {
            inputs.release(action);
            refuse(action, action.status, action.detail);
        } else {
            executors.get(action.deviceIndex).add(action);
        }
    }

    void onProfile(
            final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int deviceIndex, final int batchSize, final long nowNs) {
        if (beginBatch(
            ActionKind.PROFILE, epoch, actionId, earliestNs, latestNs, modelId, deviceIndex, batchSize, batchSize, nowNs)) {
            for (int i = 0; i < batchSize; i++) {
                onInferRequest(i, 0, i, 0, true, false, null, 0, 0, nowNs);
            }
            onInferEnd();
        }
    }

    private boolean beginBatch(
            final ActionKind kind, final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int deviceIndex, final int batchSize, final int requestCount, final long nowNs) {
        final Action action = begin(kind, epoch, actionId, earliestNs, latestNs, modelId, deviceIndex, batchSize, nowNs);
        if (action == null || !canRun(action, requestCount)) {
            return false;
        }
        inferring = action;
        return true;
    }

    void onCancel(final long epoch, final long actionId) {
        if (!session.accepts(epoch)) {
            return;
        }
        final Action action = actions.find(actionId);
        if (action != null && action.state == ActionState.QUEUED) {
            executors.get(action.deviceIndex).cancel(action);
        }
    }

    /** Makes an action, if it passes what all kinds have to pass; else it gets its result and null is returned. */
    private Action begin(
            final ActionKind kind, final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int deviceIndex, final int batchSize, final long nowNs) {
        counters.increment(WorkerCounter.ACTIONS);
        final boolean isAccepted = session.accepts(epoch);
        final Action action = actions.acquire();
        action.kind = kind;
        action.epoch = epoch;
        action.highestEpoch = authority.epoch();
        action.session = authority.session();
        action.actionId = actionId;
        action.modelId = modelId;
        action.deviceIndex = deviceIndex;
        action.batchSize = batchSize;
        action.earliestNs = earliestNs;
        action.latestNs = latestNs - nowNs > MAX_WINDOW_NS ? nowNs + MAX_WINDOW_NS : latestNs;
        action.receivedNs = nowNs;
        if (!isAccepted) {
            return refuse(action, Status.STALE_EPOCH, "another controller has taken over");
        }
        if (actions.find(actionId) != null) {
            return refuse(action, Status.ACTION_DUPLICATE_ID, "an action of this id is in the worker");
        }
        actions.list(action);
        if (isDraining) {
            return refuse(action, Status.WORKER_DRAINING, "the worker takes no new actions");
        }
        if (deviceIndex >= executors.size()) {
            return refuse(action, Status.ACTION_UNKNOWN_DEVICE, "the worker has no device of this index");
        }
        final DeviceExecutor executor = executors.get(deviceIndex);
        if (executor.device().isLost()) {
            return refuse(action, Status.DEVICE_LOST, "the device failed for good");
        }
        if (latestNs - earliestNs < 0) {
            return refuse(action, Status.ACTION_INVALID_WINDOW, "the window closes before it opens");
        }
        if (earliestNs - nowNs > horizonNs) {
            return refuse(action, Statuses.tooEarly(kind), "the window opens further ahead than the worker plans");
        }
        if (nowNs - latestNs > 0) {
            return refuse(action, Statuses.tooLate(kind), "the window had closed on arrival");
        }
        if (executor.isFull(action.isLoadEngine())) {
            return refuse(action, Status.ACTION_QUEUE_FULL, "the queue of this engine is full");
        }
        return action;
    }

    private boolean canRun(final Action action, final int requestCount) {
        final Artifact artifact = executors.get(action.deviceIndex).artifactOf(action.modelId);
        if (artifact == null) {
            refuse(action, Status.INFER_NOT_LOADED, "the device does not hold the model");
            return false;
        }
        if (requestCount < 1 || requestCount > action.batchSize || action.batchSize > maxBatch
            || action.batchSize > artifact.compiled().maxBatch()) {
            refuse(action, Status.INFER_INVALID_BATCH, "the batch is empty or larger than the model was compiled for");
            return false;
        }
        action.artifact = artifact;
        return true;
    }

    private Action refuse(final Action action, final Status status, final String detail) {
        action.end(status, detail);
        if (action.deviceIndex < executors.size()) {
            action.freePages = executors.get(action.deviceIndex).device().freePages();
        }
        results.add(action);
        return null;
    }
}
