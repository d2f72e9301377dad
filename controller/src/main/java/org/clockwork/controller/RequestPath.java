package org.clockwork.controller;

import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.clockwork.controller.action.ActionTable;
import org.clockwork.controller.cluster.ClusterObserver;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.dispatch.Dispatcher;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.request.ByteArena;
import org.clockwork.controller.request.IntakeLimits;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.request.RequestIntake;
import org.clockwork.controller.request.RequestSink;
import org.clockwork.controller.request.RequestState;
import org.clockwork.controller.request.RequestTable;
import org.clockwork.controller.response.ClientSender;
import org.clockwork.controller.response.Responder;
import org.clockwork.controller.result.ActionEnds;
import org.clockwork.controller.result.OutputRelay;
import org.clockwork.controller.result.ResultAdapter;
import org.clockwork.controller.schedule.ActionStarter;
import org.clockwork.controller.schedule.ClusterPlanner;
import org.clockwork.controller.schedule.DevicePlan;
import org.clockwork.controller.schedule.Durations;
import org.clockwork.controller.schedule.MemoryMirror;
import org.clockwork.controller.schedule.ModelPlan;
import org.clockwork.controller.schedule.Plans;
import org.clockwork.controller.schedule.ProfilePlanner;
import org.clockwork.controller.schedule.QueueScheduler;
import org.clockwork.controller.schedule.Residency;
import org.clockwork.controller.schedule.Scheduler;
import org.clockwork.controller.schedule.SchedulerParts;
import org.clockwork.controller.schedule.WorkerPlan;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.codec.ActionResultDecoder;
import org.clockwork.schema.codec.CancelRequestDecoder;
import org.clockwork.schema.codec.InferRequestDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.codec.Status;

/**
 * The way of a request through the controller, from its arrival to its one end: the stations request, queue, schedule,
 * action, dispatch, result and response behind one door. Owned by the controller agent, which calls it in the order of
 * its duty cycle: messages of workers, messages of clients, {@link #schedule}, {@link #flush}.
 */
public final class RequestPath implements ClusterObserver, RequestSink {
    private static final long NEVER = Long.MAX_VALUE;

    private final long retryNs;
    private final PathFigures figures = new PathFigures();
    private final RequestTable requests;
    private final Plans plans;
    private final Dispatcher dispatcher;
    private final ClientSender sender;
    private final Responder responder;
    private final RequestIntake intake;
    private final OutputRelay outputs;
    private final ActionEnds ends;
    private final ResultAdapter results;
    private final ClusterPlanner cluster;
    private final Scheduler scheduler;
    private long lastNowNs;
    private boolean isRetryPlanned;
    private long retryAtNs;

    /** The stations, with their tables at their full size; the context is concluded here. */
    public RequestPath(final RequestPathContext context) {
        context.conclude();
        retryNs = context.retryNs();
        requests = new RequestTable(context.maxRequests());
        plans = new Plans(requests);
        final ActionTable actions = new ActionTable(context.maxActions());
        final ByteArena arena = new ByteArena(context.arenaBytes());
        sender = new ClientSender(arena, context.sessionCloser(), figures, context.maxWaitingMessages());
        responder = new Responder(requests, arena, sender, figures, context.observer());
        outputs = new OutputRelay(requests, responder, figures, context.outputTimeoutNs());
        dispatcher = new Dispatcher(plans, arena, context.epoch(), context.inlineBytes());

        final Durations durations = new Durations(context.marginNs(), context.inlineBytes(), context.bulkBytesPerUs());
        final ActionStarter starter = new ActionStarter(actions, durations, dispatcher, figures, context.observer(),
            context.actionSilenceNs());
        final MemoryMirror mirror = new MemoryMirror(plans, starter, durations, figures);
        final ProfilePlanner measuring = new ProfilePlanner(mirror, starter, context.catalogue(),
            context.profileRepetitions(), context.profilePatienceNs());
        ends = new ActionEnds(
            plans, actions, dispatcher, mirror, measuring, responder, outputs, figures, context.observer());
        dispatcher.undeliverableHandler(ends);
        results = new ResultAdapter(actions, ends, mirror, figures);
        scheduler = new QueueScheduler(context.policy(), new SchedulerParts(
            plans, durations, starter, mirror, measuring, responder, figures,
            context.lookAheadNs(), context.backgroundLookAheadNs(), context.backgroundBatchNs(), context.agingNs(),
            context.maxOutstanding()));
        mirror.scheduler(scheduler);
        ends.scheduler(scheduler);
        cluster = new ClusterPlanner(plans, mirror, measuring, scheduler, responder);
        intake = new RequestIntake(requests, arena, context.catalogue(), responder, this, figures, new IntakeLimits(
            context.acceptsGeneratedInputs(), context.inputTimeoutNs(), context.maxEarlyParts(), context.earlyTimeoutNs()));
    }

    /**
     * Takes an ACTION-RESULT (control lane) or OUTPUT (bulk lane) of a worker whose HELLO is complete.
     *
     * @param templateId of the message; others are counted as malformed.
     * @param offset     of the SBE header; the message was checked from end to end.
     * @param length     of the message with its header.
     */
    public void onWorkerMessage(
        final WorkerState worker,
        final int templateId,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final long nowNs) {
        if (templateId == ActionResultDecoder.TEMPLATE_ID) {
            final DevicePlan lost = results.onActionResult(worker, buffer, offset, nowNs);
            if (lost != null) {
                cluster.onDeviceLost(lost, nowNs);
            }
        } else if (templateId == OutputDecoder.TEMPLATE_ID) {
            outputs.onOutput(worker, buffer, offset, nowNs);
        } else {
            figures.malformed++;
        }
    }

    /**
     * Takes an INFER-REQUEST or CANCEL-REQUEST (control lane) or INPUT (bulk lane) of an open session.
     *
     * @param templateId of the message; others are counted as malformed.
     * @param offset     of the SBE header; the message was checked from end to end.
     * @param length     of the message with its header.
     */
    public void onClientMessage(
        final ClientSession session,
        final int templateId,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final long nowNs) {
        if (templateId == InferRequestDecoder.TEMPLATE_ID) {
            intake.onInferRequest(session, buffer, offset, nowNs);
        } else if (templateId == InputDecoder.TEMPLATE_ID) {
            intake.onInput(session, buffer, offset, nowNs);
        } else if (templateId == CancelRequestDecoder.TEMPLATE_ID) {
            intake.onCancelRequest(session, buffer, offset, nowNs);
        } else {
            figures.malformed++;
        }
    }

    /**
     * Decides what the devices do next, and which requests are refused.
     *
     * @return work done.
     */
    public int schedule(final long nowNs) {
        lastNowNs = nowNs;
        return intake.expire(nowNs) + outputs.expire(nowNs) + scheduler.schedule(nowNs);
    }

    /**
     * Offers again what peers could not take before.
     *
     * @return work done.
     */
    public int flush(final long nowNs) {
        lastNowNs = nowNs;
        if (isRetryPlanned && nowNs - retryAtNs < 0) {
            return 0;
        }
        int work = 0;
        if (dispatcher.hasPending()) {
            work += dispatcher.flush(nowNs);
        }
        if (sender.hasPending()) {
            work += sender.flush();
        }
        isRetryPlanned = hasPending();
        retryAtNs = nowNs + retryNs;
        return work;
    }

    /**
     * Housekeeping: actions of which the worker reports nothing. To be called some ten to a hundred times a second.
     *
     * @return work done.
     */
    public int slowTick(final long nowNs) {
        lastNowNs = nowNs;
        cluster.sweep(nowNs);
        return ends.expire(nowNs);
    }

    /** Earliest time at which {@link #schedule} or {@link #flush} has something to do if no message comes. */
    public long nextWakeNs() {
        final long flushAtNs = !hasPending() ? NEVER : isRetryPlanned ? retryAtNs : lastNowNs;
        return earlier(
            earlier(scheduler.nextWakeNs(), flushAtNs), earlier(intake.nextWakeNs(), outputs.nextWakeNs()));
    }

    /** From now on new requests are refused with CONTROLLER_DRAINING; what is in flight goes on. */
    public void drain() {
        intake.drain();
    }

    /** Totals since the start. */
    public PathFigures figures() {
        return figures;
    }

    /** Requests not ended yet. */
    public int requestsInFlight() {
        return requests.used();
    }

    /** Fills in what is known about a device. */
    public void figuresOf(final DeviceState device, final DeviceFigures into, final long nowNs) {
        final DevicePlan plan = plans.device(device);
        if (plan == null || plan.state != device) {
            into.modelsLoaded = 0;
            into.executeBusyNs = 0;
            into.loadBusyNs = 0;
            into.observedNs = 0;
            into.actionsOutstanding = 0;
        } else {
            into.modelsLoaded = plan.copyCount();
            into.executeBusyNs = plan.execution.busyNs();
            into.loadBusyNs = plan.loading.busyNs();
            into.observedNs = nowNs - plan.worker.joinedNs;
            into.actionsOutstanding = plan.outstanding();
        }
    }

    /** Shows each copy of each known model that the memory mirror has, in any state, in the order of models and copies. */
    public void forEachCopy(final Consumer<Residency> visitor) {
        for (int i = 0; i < plans.modelLimit(); i++) {
            final ModelPlan model = plans.modelAt(i);
            for (int j = 0; model != null && j < model.copyCount(); j++) {
                visitor.accept(model.copy(j));
            }
        }
    }

    /** Name of the scheduling policy. */
    public String policy() {
        return scheduler.name();
    }

    @Override
    public void onReady(final Request request, final long nowNs) {
        final ModelPlan model = plans.known(request.model);
        if (model == null) {
            responder.fail(request, Status.MODEL_GONE, nowNs);
            return;
        }
        request.state = RequestState.QUEUED;
        model.queue.add(request);
        scheduler.onQueued(model, request, nowNs);
    }

    @Override
    public void onCancelled(final Request request, final long nowNs) {
        if (request.state == RequestState.QUEUED) {
            final ModelPlan model = plans.known(request.model);
            model.queue.remove(request);
            responder.fail(request, Status.CANCELLED, nowNs);
            scheduler.onUnqueued(model, nowNs);
        } else if (request.state == RequestState.IN_ACTION) {
            ends.onCancelled(request);
        }
    }

    @Override
    public void onWorkerLive(final WorkerState worker, final long nowNs) {
        cluster.onWorkerLive(worker, nowNs);
    }

    @Override
    public void onHeld(final DeviceState device, final Model model, final int pages, final long nowNs) {
        cluster.onHeld(device, model, model.id, pages, nowNs);
    }

    @Override
    public void onHeldUnknown(final DeviceState device, final long modelId, final int pages, final long nowNs) {
        cluster.onHeld(device, null, modelId, pages, nowNs);
    }

    @Override
    public void onWorkerDraining(final WorkerState worker, final long nowNs) {
        cluster.onWorkerDraining(worker, nowNs);
    }

    @Override
    public void onWorkerLost(final WorkerState worker, final long nowNs) {
        final WorkerPlan plan = cluster.beforeLost(worker, nowNs);
        if (plan != null) {
            ends.onWorkerLost(plan, nowNs);
            cluster.afterLost(plan, nowNs);
        }
    }

    @Override
    public void onArtifactInstalled(final WorkerState worker, final Artifact artifact, final long nowNs) {
        cluster.onArtifactInstalled(worker, artifact, nowNs);
    }

    @Override
    public void onArtifactForgotten(final WorkerState worker, final Artifact artifact, final long nowNs) {
        cluster.onArtifactForgotten(worker, artifact, nowNs);
    }

    @Override
    public void onModelRegistered(final Model model, final long nowNs) {
        cluster.onModelRegistered(model);
    }

    @Override
    public void onModelGone(final Model model, final Status status, final long nowNs) {
        cluster.onModelGone(model, status, nowNs);
    }

    @Override
    public void onSessionClosed(final ClientSession session, final long nowNs) {
        sender.onSessionClosed(session);
        intake.onSessionClosed(session, nowNs);
    }

    private boolean hasPending() {
        return dispatcher.hasPending() || sender.hasPending();
    }

    private static long earlier(final long a, final long b) {
        return a == NEVER || b != NEVER && b - a < 0 ? b : a;
    }
}
