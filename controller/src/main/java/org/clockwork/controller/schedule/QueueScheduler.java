package org.clockwork.controller.schedule;

import java.util.Arrays;
import java.util.List;
import org.clockwork.controller.queue.IndexedHeap;
import org.clockwork.controller.request.Request;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/**
 * What all policies have in common ("Serving DNNs like Clockwork", section 5.3 and appendix B). Each device is sent work
 * only so far ahead; which of the models that wait for it comes next is its {@link BatchPolicy}'s choice. A request that
 * no copy and no LOAD can serve in time is refused at once. LOADs go by unmet demand. Requests without deadline get what
 * is left over; past an age limit they get a small share. Owned by the controller agent.
 */
public final class QueueScheduler implements Scheduler, Demand {
    /** Names of the policies there are, the default first. */
    public static final List<String> POLICIES = List.of(SlackFirst.NAME, UrgentFirst.NAME);

    private static final long NEVER = Long.MAX_VALUE;
    private static final long RETRY_NS = 1_000_000L;
    /** A result that is later than predicted by this closes a device until it comes. */
    private static final long STALL_NS = 1_000_000L;
    /** LOADs of a model that fail in a row before its requests without deadline end. */
    private static final int MAX_LOAD_FAILURES = 5;
    /** Copies of a model with many by which is estimated what all of them can serve. */
    private static final int WIDE_SAMPLE = 4;
    /** Of so many copies each is looked at before a request is refused. */
    private static final int MAX_CHECKED = 64;
    /** Queued work below one part in so many of what all of many copies could do is no reason for one more. */
    private static final int LITTLE_PART = 16;
    /** What a cold start takes beside loading and executing. */
    private static final long AROUND_LOAD_NS = 500_000L;

    private final SchedulerParts parts;
    private final Plans plans;
    private final Durations durations;
    private final ActionStarter starter;
    private final Refusals refusals;
    private final LoadPlanner loads;
    private final ProfilePlanner measuring;
    private final DeadlineLoad deadlineLoad;
    private final BackgroundWork background;
    private final WaitingLists waiting;
    private final Shortage shortage = new Shortage();
    private final BatchPolicy policy;
    /** Of models in use; null for the baseline. */
    private final Spreader spreader;
    private final long lookAheadNs;
    private final Choice choice = new Choice();
    /** Devices with something waiting, by the time from which they may be sent it. */
    private final IndexedHeap open = new IndexedHeap(16);
    /** Models with something waiting, by the time from which their oldest request can't be met. */
    private final IndexedHeap expiry = new IndexedHeap(1024);
    private ModelPlan[] dirty = new ModelPlan[64];
    private int dirtyCount;
    private long lastNowNs;
    /** By {@link #canServe}: last time at which a start would do. */
    private long lastStartNs;
    /** By {@link #canServe}: earliest departure of a response. */
    private long earliestNs;

    /** A scheduler over these parts, by one of {@link #POLICIES}. */
    public QueueScheduler(final String policyName, final SchedulerParts parts) {
        this.parts = parts;
        plans = parts.plans();
        durations = parts.durations();
        starter = parts.starter();
        refusals = parts.refusals();
        final boolean isPaper = UrgentFirst.NAME.equals(policyName);
        lookAheadNs = parts.lookAheadNs() != SchedulerParts.AUTO_NS ? parts.lookAheadNs()
            : isPaper ? UrgentFirst.LOOK_AHEAD_NS : SlackFirst.LOOK_AHEAD_NS;
        loads = new LoadPlanner(plans, parts.mirror(), durations, parts.figures(),
            isPaper ? LoadOrder.LARGEST : LoadOrder.MOST_SERVED, lookAheadNs);
        measuring = parts.measuring();
        spreader = isPaper ? null : new Spreader(plans, parts.mirror());
        deadlineLoad = new DeadlineLoad(durations);
        background = new BackgroundWork(parts, deadlineLoad, !isPaper);
        waiting = new WaitingLists(plans, durations, this::markDirty);
        policy = isPaper
            ? new UrgentFirst(waiting, durations) : new SlackFirst(waiting, durations, shortage);
    }

    @Override
    public String name() {
        return policy.name();
    }

    @Override
    public void onQueued(final ModelPlan model, final Request request, final long nowNs) {
        if (request.hasDeadline) {
            deadlineLoad.onRequest(model.artifact, request, nowNs);
            model.service.onAsked(nowNs);
            shortage.onAsked(nowNs);
        }
        if (spreader != null) {
            spreader.onRequest(model, nowNs);
        }
        markDirty(model);
    }

    @Override
    public void onUnqueued(final ModelPlan model, final long nowNs) {
        markDirty(model);
    }

    @Override
    public void onExecutionChanged(final DevicePlan device, final long nowNs) {
        reopen(device, true);
        measuring.onDeviceChanged();
    }

    @Override
    public void onMemoryChanged(final DevicePlan device, final long nowNs) {
        parts.mirror().advance(device, nowNs);
        loads.onDeviceChanged(device);
        measuring.onDeviceChanged();
    }

    @Override
    public void onCopyReady(final Residency copy, final long nowNs) {
        if (copy.plan != null) {
            markDirty(copy.plan);
        }
    }

    @Override
    public void onCopyGone(final Residency copy, final long nowNs) {
        if (copy.plan != null) {
            waiting.leave(copy);
            copy.device.background.remove(copy);
            markDirty(copy.plan);
        }
    }

    @Override
    public void onDeviceUsable(final DevicePlan device, final long nowNs) {
        loads.onDeviceChanged(device);
        reopen(device, true);
        measuring.onDeviceChanged();
    }

    @Override
    public void onDeviceUnusable(final DevicePlan device, final long nowNs) {
        loads.onDeviceChanged(device);
        open.remove(device.slot);
        waiting.setIdle(device, false);
        measuring.onDeviceGone(device);
        for (Residency copy = device.leastRecent(); copy != null; copy = copy.newer) {
            onCopyGone(copy, nowNs);
        }
    }

    @Override
    public void onModelChanged(final ModelPlan model, final long nowNs) {
        markDirty(model);
    }

    @Override
    public void onModelGone(final ModelPlan model, final long nowNs) {
        expiry.remove(model.index);
        loads.onModelGone(model);
        waiting.onModelGone(model);
        measuring.onDeviceChanged();
    }

    @Override
    public int schedule(final long nowNs) {
        lastNowNs = nowNs;
        int work = 0;
        while (true) {
            if (dirtyCount > 0) {
                evaluateDirty(nowNs);
            } else if (!expiry.isEmpty() && expiry.firstKey() - nowNs <= 0) {
                markDirty(plans.modelAt(expiry.poll()));
                work++;
            } else if (!open.isEmpty() && open.firstKey() - nowNs <= 0) {
                pick(plans.deviceAt(open.first()), nowNs);
                work++;
            } else {
                final int planned = loads.schedule(this, nowNs) + measuring.schedule(loads.hasDemand(), nowNs)
                    + (spreader == null ? 0 : spreader.schedule(loads.hasColdDemand(), nowNs));
                work += planned;
                if (planned == 0 && dirtyCount == 0) {
                    return work;
                }
            }
        }
    }

    @Override
    public long nextWakeNs() {
        if (dirtyCount > 0) {
            return lastNowNs;
        }
        long wakeNs = earlier(loads.nextWakeNs(), measuring.nextWakeNs());
        wakeNs = earlier(wakeNs, spreader == null ? NEVER : spreader.nextWakeNs());
        wakeNs = earlier(wakeNs, expiry.isEmpty() ? NEVER : expiry.firstKey());
        return earlier(wakeNs, open.isEmpty() ? NEVER : open.firstKey());
    }

    @Override
    public long unmetNs(final ModelPlan model, final long nowNs) {
        final int waiting = model.queue.size();
        if (model.isGone || waiting == 0) {
            return model.isGone ? 0 : unmetWithoutDeadline(model, nowNs);
        }
        final long perRequestNs = durations.executePerRequestNs(model.artifact, waiting);
        final long workNs = waiting * perRequestNs;
        final int copies = model.copyCount();
        if (copies == 0) {
            return workNs;
        }
        final long endNs = model.queue.last().deadlineNs;
        if (model.isWide() && workNs / copies < (endNs - nowNs) / LITTLE_PART) {
            return 0;
        }
        final long partNs = workNs / copies;
        final int counted = model.isWide() ? WIDE_SAMPLE : copies;
        double servedNs = 0;
        for (int i = 0; i < counted; i++) {
            final Residency copy = model.isWide() ? model.nextCopy() : model.copy(i);
            final long freeNs = copy.device.execution.startNs(copy.state == Residency.State.LOADED ? nowNs : copy.readyNs);
            final long othersNs = copy.device.waitingWorkNs - copy.shareNs;
            if (endNs - freeNs > 0) {
                servedNs += (double) (endNs - freeNs) * partNs / (partNs + othersNs);
            }
        }
        final long unmetNs = workNs - (long) (servedNs * copies / counted);
        return unmetNs <= 0 && !canServe(model, model.queue.first(), false, nowNs) ? perRequestNs : unmetNs;
    }

    /** Very little, but more the longer they wait. */
    private static long unmetWithoutDeadline(final ModelPlan model, final long nowNs) {
        if (model.copyCount() == 0 && model.queue.backgroundSize() > 0) {
            return 1 + Math.max(0, nowNs - model.queue.firstBackground().arrivalNs) / RETRY_NS;
        }
        return model.isMissed(nowNs) ? 1 : 0;
    }

    @Override
    public boolean isWorthLoading(final ModelPlan model, final DevicePlan device, final long nowNs) {
        markDirty(model);
        final boolean isFirst = model.copyCount() == 0;
        while (isFirst && model.queue.size() > 0) {
            final Request head = model.queue.first();
            final long finishNs = loads.finishNs(model, device, head, nowNs);
            if (finishNs - head.deadlineNs <= 0 || isWorthTrying(model, device, head, nowNs)) {
                break;
            }
            refuse(model, head, finishNs, nowNs);
        }
        return !model.queue.isEmpty() || model.isMissed(nowNs);
    }

    /** The expected duration of a LOAD may be an outlier's; an idle engine may try with the least. */
    private boolean isWorthTrying(final ModelPlan model, final DevicePlan device, final Request head, final long nowNs) {
        return device.loading.count() == 0 && device.execution.count() == 0
            && nowNs + durations.leastLoadWayNs(model.artifact, device, head) - head.deadlineNs <= 0;
    }

    private void evaluateDirty(final long nowNs) {
        for (int i = 0; i < dirtyCount; i++) {
            final ModelPlan model = dirty[i];
            dirty[i] = null;
            model.isDirty = false;
            if (!model.isGone) {
                evaluate(model, nowNs);
            }
        }
        dirtyCount = 0;
    }

    /** Brings everything that depends on a model's queue and copies up to date, and gives up what can't be met. */
    private void evaluate(final ModelPlan model, final long nowNs) {
        if (model.artifact.deviceCount() == 0 && model.copyCount() == 0) {
            refuseAll(model, Status.NO_CAPACITY, nowNs);
        } else if (model.loadFailures >= MAX_LOAD_FAILURES && model.copyCount() == 0) {
            refuseAll(model, Status.EXECUTION_FAILED, nowNs);
        }
        Request head = model.queue.first();
        while (head != null && !canServe(model, head, true, nowNs) && !canLoad(model, head, nowNs)) {
            refuse(model, head, earliestNs, nowNs);
            head = model.queue.first();
        }
        if (head == null) {
            expiry.remove(model.index);
        } else {
            expiry.set(model.index, lastStartNs + 1);
        }
        waiting.leaveWide(model);
        if (model.queue.backgroundSize() > 0) {
            offerBackground(model);
        }
        loads.demand(model, unmetNs(model, nowNs), nowNs);
    }

    private void offerBackground(final ModelPlan model) {
        if (model.isWide()) {
            waiting.joinWideBackground(model);
            final Residency copy = waiting.freest(model);
            if (copy != null) {
                offerBackground(copy);
            }
            return;
        }
        for (int i = 0; i < model.copyCount(); i++) {
            if (WaitingLists.isServing(model.copy(i))) {
                offerBackground(model.copy(i));
            }
        }
    }

    private void offerBackground(final Residency copy) {
        copy.device.background.set(copy, copy.plan.queue.firstBackground().arrivalNs);
        reopen(copy.device, false);
    }

    /**
     * Whether a copy there is, or is being made, can serve a request in time; leaves the last start and the earliest end.
     *
     * @param isWaiting whether the model is to wait for the devices that can, and no longer for those that can't.
     */
    private boolean canServe(final ModelPlan model, final Request head, final boolean isWaiting, final long nowNs) {
        boolean canServe = false;
        earliestNs = Protocol.NULL_NS;
        if (model.isWide()) {
            final Residency freest = waiting.freest(model);
            if (freest != null && canServeWide(freest, head, isWaiting, nowNs)) {
                return true;
            }
            if (freest != null && model.copyCount() > MAX_CHECKED) {
                return false;
            }
        }
        final int copies = model.copyCount();
        final long shareNs = copies == 0 ? 0 : waiting.shareNs(model);
        for (int i = 0; i < copies; i++) {
            final Residency copy = model.copy(i);
            if (copy.state == Residency.State.UNLOADING || copy.isUnwanted || !copy.device.isUsable()) {
                continue;
            }
            final long finishNs = durations.finishNs(copy, 0, head, nowNs);
            noteFinish(finishNs);
            final boolean isInTime = finishNs - head.deadlineNs <= 0;
            if (isInTime || waiting.canTry(copy, head, nowNs)) {
                final long lastNs = head.deadlineNs
                    - (isInTime ? durations.wayNs(copy, 0, head) : durations.leastWayNs(model.artifact, copy.device, head));
                lastStartNs = canServe && lastStartNs - lastNs > 0 ? lastStartNs : lastNs;
                canServe = true;
                if (isWaiting && copy.state == Residency.State.LOADED) {
                    waiting.join(copy, head, shareNs);
                    reopen(copy.device, false);
                }
            } else if (isWaiting) {
                waiting.leave(copy);
            }
        }
        return canServe;
    }

    /**
     * The same for a model with many copies: {@code freest} of a few is asked at once, whichever of the others comes free
     * in time asks by itself.
     */
    private boolean canServeWide(final Residency freest, final Request head, final boolean isWaiting, final long nowNs) {
        final ModelPlan model = freest.plan;
        noteFinish(durations.finishNs(freest, 0, head, nowNs));
        lastStartNs = head.deadlineNs - durations.wayNs(freest, 0, head);
        if (lastStartNs - nowNs < 0) {
            return false;
        }
        if (isWaiting) {
            waiting.joinWide(model, head);
            if (waiting.isOfUse(freest, head, nowNs)) {
                waiting.join(freest, head, waiting.shareNs(model));
                reopen(freest.device, false);
            }
        }
        return true;
    }

    /** Whether a LOAD could serve a request in time; leaves the last start and the earliest end. */
    private boolean canLoad(final ModelPlan model, final Request head, final long nowNs) {
        final DevicePlan first = loads.firstDevice(model, head, nowNs);
        final DevicePlan device = first == null ? leavingDevice(model) : first;
        if (device == null) {
            return false;
        }
        final long finishNs = loads.finishNs(model, device, head, nowNs);
        noteFinish(finishNs);
        if (finishNs - head.deadlineNs <= 0) {
            lastStartNs = head.deadlineNs - durations.loadWayNs(model.artifact, device, head);
            return true;
        }
        lastStartNs = head.deadlineNs - durations.leastLoadWayNs(model.artifact, device, head);
        return isWorthTrying(model, device, head, nowNs);
    }

    /** A device from which the model is being unloaded: it can be loaded there again. */
    private static DevicePlan leavingDevice(final ModelPlan model) {
        for (int i = 0; i < model.copyCount(); i++) {
            final Residency copy = model.copy(i);
            if ((copy.state == Residency.State.UNLOADING || copy.isUnwanted) && copy.device.isUsable()) {
                return copy.device;
            }
        }
        return null;
    }

    private void noteFinish(final long finishNs) {
        earliestNs = earliestNs == Protocol.NULL_NS || finishNs - earliestNs < 0 ? finishNs : earliestNs;
    }

    /**
     * Puts a device in its place in the order in which devices come free, if anything waits for it.
     *
     * @param isCurious whether it may also be that something waits for any device that comes free.
     */
    private void reopen(final DevicePlan device, final boolean isCurious) {
        final boolean isClosed = !device.isUsable() || device.execution.count() >= parts.maxOutstanding();
        if (!isClosed && !device.waiting.isEmpty()) {
            open.set(device.slot, device.execution.freeNs() - lookAheadNs - durations.leadNs(device.waiting.first()));
        } else if (!isClosed && isCurious && waiting.hasWide()) {
            open.set(device.slot, device.execution.freeNs() - lookAheadNs);
        } else if (!isClosed && !device.background.isEmpty()) {
            open.set(device.slot, device.execution.freeNs() - parts.backgroundLookAheadNs());
        } else {
            open.remove(device.slot);
        }
        waiting.setIdle(device, !isClosed && device.execution.count() == 0 && !open.contains(device.slot));
    }

    /** Gives a device that is open at most one batch. */
    private void pick(final DevicePlan device, final long nowNs) {
        if (isStalled(device, nowNs)) {
            open.remove(device.slot);
            return;
        }
        if (starter.isFull()) {
            open.set(device.slot, nowNs + RETRY_NS);
            return;
        }
        choice.againNs = Choice.NEVER;
        if (waiting.hasWide()) {
            waiting.pull(device, nowNs);
        }
        if (sendNext(device, nowNs)) {
            dropUnreachable(device, nowNs);
            reopen(device, true);
        } else if (choice.againNs != Choice.NEVER) {
            open.set(device.slot, choice.againNs);
        } else {
            reopen(device, false);
        }
    }

    private boolean sendNext(final DevicePlan device, final long nowNs) {
        if (measuring.sendIfImpatient(device, nowNs) || background.sendAged(device, nowNs)) {
            return true;
        }
        final boolean hasBackground = background.choose(device, nowNs, choice);
        final boolean isFirst = hasBackground
            && (device.waiting.isEmpty() || policy.canWait(device, background.chosenNs(), nowNs));
        if (!isFirst && sendWaiting(device, nowNs)) {
            return true;
        }
        if (hasBackground && choice.againNs == Choice.NEVER) {
            markDirty(background.sendChosen(nowNs));
            return true;
        }
        return false;
    }

    /** A worker that is silent past its prediction gets nothing more until it speaks. */
    private boolean isStalled(final DevicePlan device, final long nowNs) {
        if (device.execution.count() == 0) {
            return false;
        }
        final long allowedNs = device.execution.oldest().copyOutNs + 2 * device.worker.hopNs()
            + Math.max(STALL_NS, device.execution.oldest().durationNs >> 2);
        return device.execution.behindNs(nowNs) - allowedNs > 0;
    }

    private boolean sendWaiting(final DevicePlan device, final long nowNs) {
        if (device.waiting.isEmpty() || !policy.choose(device, nowNs, choice)) {
            return false;
        }
        starter.infer(choice.copy, choice.batchIndex, choice.from, choice.count, choice.isOptimistic, nowNs);
        markDirty(choice.copy.plan);
        return true;
    }

    /** A device that has just been given work may have become too late for some that waited for it. */
    private void dropUnreachable(final DevicePlan device, final long nowNs) {
        Residency copy = waiting.mostUrgent(device);
        while (copy != null) {
            final Request head = copy.plan.queue.first();
            if (durations.finishNs(copy, 0, head, nowNs) - head.deadlineNs <= 0) {
                return;
            }
            waiting.leave(copy);
            markDirty(copy.plan);
            copy = waiting.mostUrgent(device);
        }
    }

    private void refuse(final ModelPlan model, final Request request, final long couldNs, final long nowNs) {
        if (model.copyCount() == 0 && isTooShortForLoad(model, request)) {
            model.onMiss(nowNs);
        }
        model.queue.remove(request);
        model.service.onRefused(nowNs);
        shortage.onRefused(nowNs);
        final Status status = request.failure != null ? request.failure
            : loads.couldServe(model, request, nowNs) ? Status.SHED : Status.DEADLINE_UNREACHABLE;
        refusals.refuse(request, status, couldNs, nowNs);
    }

    /** Whether no cold start could ever meet such an SLO: then the model has to be there before its requests. */
    private boolean isTooShortForLoad(final ModelPlan model, final Request request) {
        return request.deadlineNs - request.arrivalNs
            < durations.loadNs(model.artifact) + durations.executeNs(model.artifact, 0) + AROUND_LOAD_NS;
    }

    private void refuseAll(final ModelPlan model, final Status status, final long nowNs) {
        while (!model.queue.isEmpty()) {
            final Request request = model.queue.size() > 0 ? model.queue.first() : model.queue.firstBackground();
            model.queue.remove(request);
            refusals.refuse(request, request.failure != null ? request.failure : status, Protocol.NULL_NS, nowNs);
        }
    }

    private void markDirty(final ModelPlan model) {
        if (!model.isDirty) {
            model.isDirty = true;
            if (dirtyCount == dirty.length) {
                dirty = Arrays.copyOf(dirty, dirtyCount * 2);
            }
            dirty[dirtyCount++] = model;
        }
    }

    private static long earlier(final long a, final long b) {
        return a == NEVER || b != NEVER && b - a < 0 ? b : a;
    }
}
