package org.clockwork.controller.result;

import org.agrona.DirectBuffer;
import org.clockwork.controller.PathFigures;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.action.ActionTable;
import org.clockwork.controller.dispatch.Dispatcher;
import org.clockwork.controller.dispatch.UndeliverableHandler;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.request.RequestState;
import org.clockwork.controller.response.Responder;
import org.clockwork.controller.schedule.ArtifactPlan;
import org.clockwork.controller.schedule.DevicePlan;
import org.clockwork.controller.schedule.MemoryMirror;
import org.clockwork.controller.schedule.ModelPlan;
import org.clockwork.controller.schedule.Plans;
import org.clockwork.controller.schedule.ProfilePlanner;
import org.clockwork.controller.schedule.Residency;
import org.clockwork.controller.schedule.Scheduler;
import org.clockwork.controller.schedule.WorkerPlan;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.schema.codec.Status;

/**
 * The one place where actions end, be it by a result, by silence, because their worker is lost, or because they never
 * left: profiles, timelines and the memory mirror learn from it, and their requests are answered, scheduled again or
 * given up. Owned by the controller agent.
 */
public final class ActionEnds implements UndeliverableHandler {
    private static final int MAX_ATTEMPTS = 5;
    private static final int MAX_FAILED_ATTEMPTS = 2;

    private final Plans plans;
    private final ActionTable actions;
    private final Dispatcher dispatcher;
    private final MemoryMirror mirror;
    private final ProfilePlanner measuring;
    private final Responder responder;
    private final OutputRelay outputs;
    private final PathFigures figures;
    private final PathObserver observer;
    private final ActionTimes none = new ActionTimes();
    private Scheduler scheduler;

    /** Ends of actions of this table. */
    public ActionEnds(
        final Plans plans,
        final ActionTable actions,
        final Dispatcher dispatcher,
        final MemoryMirror mirror,
        final ProfilePlanner measuring,
        final Responder responder,
        final OutputRelay outputs,
        final PathFigures figures,
        final PathObserver observer) {
        this.plans = plans;
        this.actions = actions;
        this.dispatcher = dispatcher;
        this.mirror = mirror;
        this.measuring = measuring;
        this.responder = responder;
        this.outputs = outputs;
        this.figures = figures;
        this.observer = observer;
        none.clear();
    }

    /** Who is told of what changed. */
    public void scheduler(final Scheduler value) {
        scheduler = value;
    }

    @Override
    public void onUndeliverable(final Action action, final Status status, final long nowNs) {
        end(action, status, none, nowNs);
    }

    /** Gives up actions of which their workers have reported nothing in time. */
    public int expire(final long nowNs) {
        int expired = 0;
        for (int slot = 0; slot < plans.deviceLimit(); slot++) {
            final DevicePlan device = plans.deviceAt(slot);
            if (device != null) {
                expired += expire(device.execution.oldest(), device, nowNs) + expire(device.loading.oldest(), device, nowNs);
            }
        }
        return expired;
    }

    /** All actions of a worker end, since it is gone. */
    public void onWorkerLost(final WorkerPlan worker, final long nowNs) {
        for (int i = 0; i < worker.state.devices.size(); i++) {
            final DevicePlan device = worker.device(i);
            while (device.execution.oldest() != null) {
                end(device.execution.oldest(), Status.WORKER_LOST, none, nowNs);
            }
            while (device.loading.oldest() != null) {
                end(device.loading.oldest(), Status.WORKER_LOST, none, nowNs);
            }
        }
        outputs.onWorkerLost(worker.state, nowNs);
    }

    /** Takes back a request that is in an action: it ends with its action, which is taken back if nobody wants it. */
    public void onCancelled(final Request request) {
        request.isCancelled = true;
        final Action action = request.action;
        for (int i = 0; i < action.requestCount; i++) {
            if (!action.requests[i].isCancelled) {
                return;
            }
        }
        if (!action.isCancelled) {
            dispatcher.cancel(action);
        }
    }

    /** An INFER was done. Its requests are answered one by one by {@link #answer} before {@link #end}. */
    void learnFrom(final Action action, final ActionTimes times) {
        final ArtifactPlan artifact = action.copy.plan.artifact;
        artifact.artifact.profile.recordExecute(action.batchIndex, times.executeNs);
        artifact.recordCopies(action.batchIndex, times.copyInNs, times.copyOutNs);
    }

    /**
     * Answers one request of an INFER that was done.
     *
     * @param place       in the batch.
     * @param outputBytes of all its output tensors.
     * @param inlineBytes of them inside the result: all or none.
     */
    void answer(
        final Action action, final int place, final ActionTimes times,
        final int outputBytes, final DirectBuffer buffer, final int offset, final int inlineBytes, final long nowNs) {
        final Request request = action.requests[place];
        action.requests[place] = null;
        final Residency copy = action.copy;
        final long startNs = times.startNs;
        final long loadFromNs = copy.loadStartNs - request.arrivalNs > 0 ? copy.loadStartNs : request.arrivalNs;
        request.action = null;
        request.isCold = copy.readyNs - request.arrivalNs > 0;
        request.isEmulated = action.device.state.isEmulated;
        request.loadNs = Math.max(0, copy.readyNs - loadFromNs);
        request.queueNs = Math.max(0, startNs - request.arrivalNs - request.loadNs);
        request.copyInNs = times.copyInNs;
        request.executeNs = times.executeNs;
        request.copyOutNs = times.copyOutNs;
        request.networkNs = times.networkNs;
        request.batchSize = action.requestCount;
        request.outputBytes = request.omitsOutput ? 0 : outputBytes;
        if (request.outputBytes == 0 || inlineBytes == outputBytes) {
            responder.answer(request, buffer, offset, request.outputBytes == 0 ? 0 : inlineBytes, nowNs);
        } else {
            outputs.await(request, action.device.worker.state, nowNs);
        }
    }

    /** Ends an action; requests that were not answered are scheduled again or given up. */
    void end(final Action action, final Status status, final ActionTimes times, final long nowNs) {
        final DevicePlan device = action.device;
        final boolean isExecution = action.isExecution();
        final boolean isDone = status == Status.OK;
        count(status);
        observer.onActionEnded(action, status, times.executeStartNs, times.copyInNs, times.executeNs, times.copyOutNs,
            times.endNs, nowNs);
        if (isDone) {
            device.timeline(isExecution).onDone(action, times.executeStartNs + times.executeNs, times.executeNs);
        } else {
            device.timeline(isExecution).onDropped(action, nowNs);
        }
        dispatcher.onEnded(action);
        switch (action.kind) {
            case INFER:
                endInfer(action, status, nowNs);
                break;
            case LOAD:
                if (isDone) {
                    action.copy.plan.artifact.artifact.profile.recordLoad(times.executeNs);
                }
                mirror.onLoadEnded(action, status, times.executeStartNs, times.executeStartNs + times.executeNs, nowNs);
                break;
            case UNLOAD:
                mirror.onUnloadEnded(action, status, nowNs);
                break;
            default:
                if (isDone) {
                    action.copy.plan.artifact.recordCopies(action.batchIndex, times.copyInNs, times.copyOutNs);
                }
                measuring.onProfileEnded(action, status, times.executeNs, nowNs);
                break;
        }
        if (status == Status.INFER_NOT_LOADED) {
            mirror.onMissing(action.copy, nowNs);
        }
        final Residency copy = action.copy;
        actions.free(action);
        mirror.onUseEnded(copy, nowNs);
        if (isExecution) {
            scheduler.onExecutionChanged(device, nowNs);
        } else {
            scheduler.onMemoryChanged(device, nowNs);
        }
    }

    private int expire(final Action oldest, final DevicePlan device, final long nowNs) {
        int expired = 0;
        Action action = oldest;
        while (action != null) {
            final Action next = action.nextOnEngine;
            if (action.isSent && nowNs - action.timeoutNs > 0) {
                end(action, Status.ACTION_TIMED_OUT, none, nowNs);
                expired++;
            }
            action = next;
        }
        return expired;
    }

    private void endInfer(final Action action, final Status status, final long nowNs) {
        for (int i = 0; i < action.requestCount; i++) {
            final Request request = action.requests[i];
            if (request != null) {
                action.requests[i] = null;
                request.action = null;
                giveBack(request, status == Status.OK ? Status.INFER_FAILED : status, nowNs);
            }
        }
    }

    /** A request was not executed: back into the queue, if there is any use. */
    private void giveBack(final Request request, final Status status, final long nowNs) {
        final Status failure = nameOf(status);
        final ModelPlan model = plans.known(request.model);
        if (request.isCancelled) {
            responder.fail(request, Status.CANCELLED, nowNs);
        } else if (model == null) {
            responder.fail(request, Status.MODEL_GONE, nowNs);
        } else if (request.outputReceived > 0
            || failure == Status.EXECUTION_FAILED && request.attempts >= MAX_FAILED_ATTEMPTS
            || request.attempts >= MAX_ATTEMPTS) {
            responder.fail(request, failure != null ? failure : givenUp(request), nowNs);
        } else {
            figures.rescheduled++;
            request.failure = failure;
            request.state = RequestState.QUEUED;
            model.queue.add(request);
            scheduler.onQueued(model, request, nowNs);
        }
    }

    /** What a request ends with that workers refused too often without a failure: their windows had closed. */
    private static Status givenUp(final Request request) {
        return request.hasDeadline ? Status.DEADLINE_UNREACHABLE : Status.EXECUTION_FAILED;
    }

    private void count(final Status status) {
        if (status == Status.ACTION_TIMED_OUT) {
            figures.actionsTimedOut++;
        } else if (status != Status.OK) {
            figures.actionsFailed++;
        }
    }

    /** What a request ends with if this kept it from running and no time is left; null: the deadline is to blame. */
    private static Status nameOf(final Status status) {
        switch (status) {
            case WORKER_LOST:
            case DEVICE_LOST:
                return Status.WORKER_LOST;
            case ACTION_TIMED_OUT:
                return Status.ACTION_TIMED_OUT;
            case INFER_FAILED:
            case INFER_INVALID_BATCH:
                return Status.EXECUTION_FAILED;
            default:
                return null;
        }
    }
}
