package org.clockwork.controller.schedule;

import org.clockwork.controller.PathFigures;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.action.ActionSender;
import org.clockwork.controller.action.ActionTable;
import org.clockwork.controller.model.Profile;
import org.clockwork.controller.queue.ModelQueue;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.request.RequestState;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.schema.codec.ActionKind;

/**
 * Turns a choice into an action: takes a slot, sets the window and the prediction, books the engine and hands it to
 * dispatch. Owned by the controller agent.
 */
public final class ActionStarter {
    /** Windows of actions that no deadline bounds stay open that long after the predicted start. */
    private static final long OPEN_WINDOW_NS = 1_000_000_000L;
    /** The same for measurements, which must not run into work that came later. */
    private static final long PROFILE_WINDOW_NS = 20_000_000L;

    private final ActionTable actions;
    private final Durations durations;
    private final ActionSender sender;
    private final PathFigures figures;
    private final PathObserver observer;
    private final long silenceNs;

    /** A starter that gives a worker up when it is silent about an action for {@code silenceNs} after its latest end. */
    public ActionStarter(
        final ActionTable actions,
        final Durations durations,
        final ActionSender sender,
        final PathFigures figures,
        final PathObserver observer,
        final long silenceNs) {
        this.actions = actions;
        this.durations = durations;
        this.sender = sender;
        this.figures = figures;
        this.observer = observer;
        this.silenceNs = silenceNs;
    }

    /** Whether the table takes no action now. */
    public boolean isFull() {
        return actions.isFull();
    }

    /**
     * Sends requests of a model's queue as one batch.
     *
     * @param batchIndex   batch size to execute, at least {@code count}.
     * @param from         the first of them.
     * @param count        how many, in the order of their deadlines.
     * @param isOptimistic whether the window stays open as long as the least of late would make the deadline.
     */
    void infer(
        final Residency copy, final int batchIndex, final Request from, final int count, final boolean isOptimistic,
        final long nowNs) {
        final ModelQueue queue = copy.plan.queue;
        final Request head = from;
        final Action action = execution(ActionKind.INFER, copy, batchIndex, nowNs);
        action.readyNs = durations.readyNs(copy, batchIndex, head, nowNs);
        final ArtifactPlan artifact = copy.plan.artifact;
        final long afterNs = durations.afterNs(artifact, copy.device, batchIndex);
        if (isOptimistic) {
            action.latestNs = head.deadlineNs - copy.device.worker.hopNs() - artifact.artifact.profile.leastExecuteNs(batchIndex);
        } else {
            action.latestNs = head.deadlineNs - afterNs - action.durationNs - action.copyInNs;
        }
        Request request = from;
        for (int i = 0; i < count; i++) {
            final Request following = queue.next(request);
            take(queue, request, action);
            request = following;
        }
        figures.infers++;
        start(action, copy, nowNs);
    }

    /** Sends the {@code count} oldest requests without deadline of a model's queue as one batch. */
    void inferBackground(final Residency copy, final int batchIndex, final int count, final long nowNs) {
        final ModelQueue queue = copy.plan.queue;
        final Action action = execution(ActionKind.INFER, copy, batchIndex, nowNs);
        action.readyNs = durations.readyNs(copy, batchIndex, queue.firstBackground(), nowNs);
        action.latestNs = copy.device.execution.startNs(action.readyNs) + OPEN_WINDOW_NS;
        for (int i = 0; i < count; i++) {
            take(queue, queue.firstBackground(), action);
        }
        figures.infers++;
        start(action, copy, nowNs);
    }

    /** Measures a batch of generated inputs. */
    void profile(final Residency copy, final int batchIndex, final long expectedNs, final long nowNs) {
        final Action action = execution(ActionKind.PROFILE, copy, batchIndex, nowNs);
        action.durationNs = expectedNs;
        action.readyNs = nowNs + copy.device.worker.hopNs();
        action.latestNs = copy.device.execution.startNs(action.readyNs) + PROFILE_WINDOW_NS;
        figures.profiles++;
        start(action, copy, nowNs);
    }

    /** Loads a planned copy; its pages are free. */
    void load(final Residency copy, final long nowNs) {
        copy.state = Residency.State.LOADING;
        figures.loads++;
        startOnLoadEngine(ActionKind.LOAD, copy, durations.loadNs(copy.plan.artifact), nowNs);
    }

    /** Gives the pages of a copy back. */
    void unload(final Residency copy, final long nowNs) {
        copy.state = Residency.State.UNLOADING;
        figures.unloads++;
        startOnLoadEngine(ActionKind.UNLOAD, copy, durations.unloadNs(), nowNs);
    }

    private void startOnLoadEngine(final ActionKind kind, final Residency copy, final long durationNs, final long nowNs) {
        final Action action = actions.allocate();
        action.kind = kind;
        action.device = copy.device;
        action.copy = copy;
        action.copyInNs = 0;
        action.copyOutNs = 0;
        action.durationNs = durationNs;
        action.readyNs = nowNs + copy.device.worker.hopNs();
        action.latestNs = copy.device.loading.startNs(action.readyNs) + OPEN_WINDOW_NS;
        copy.uses++;
        copy.device.loading.add(action);
        if (kind == ActionKind.LOAD) {
            copy.readyNs = action.predictedStartNs + durationNs;
        }
        submit(action, nowNs);
    }

    private Action execution(final ActionKind kind, final Residency copy, final int batchIndex, final long nowNs) {
        final ArtifactPlan artifact = copy.plan.artifact;
        final Action action = actions.allocate();
        action.kind = kind;
        action.device = copy.device;
        action.copy = copy;
        action.batchIndex = batchIndex;
        action.batchSize = Profile.batchSize(batchIndex);
        action.copyInNs = artifact.copyInNs(batchIndex);
        action.durationNs = durations.executeNs(artifact, batchIndex);
        action.copyOutNs = artifact.copyOutNs(batchIndex);
        return action;
    }

    private void start(final Action action, final Residency copy, final long nowNs) {
        copy.uses++;
        copy.usedNs = nowNs;
        copy.device.touch(copy);
        copy.device.execution.add(action);
        submit(action, nowNs);
    }

    private void submit(final Action action, final long nowNs) {
        action.createdNs = nowNs;
        action.earliestNs = nowNs;
        action.predictedEndNs = action.predictedStartNs + action.durationNs + action.copyOutNs;
        final long lastStartNs = action.latestNs - action.predictedStartNs > 0 ? action.latestNs : action.predictedStartNs;
        action.timeoutNs = lastStartNs + 2 * (action.copyInNs + action.durationNs + action.copyOutNs) + silenceNs;
        observer.onActionMade(action, nowNs);
        sender.submit(action, nowNs);
    }

    private static void take(final ModelQueue queue, final Request request, final Action action) {
        queue.remove(request);
        request.state = RequestState.IN_ACTION;
        request.action = action;
        request.attempts++;
        request.failure = null;
        action.requests[action.requestCount++] = request;
    }
}
