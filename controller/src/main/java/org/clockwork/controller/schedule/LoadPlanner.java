package org.clockwork.controller.schedule;

import org.clockwork.controller.PathFigures;
import org.clockwork.controller.queue.IndexedHeap;
import org.clockwork.controller.request.Request;

/**
 * Brings models with unmet demand together with load engines that are about to be free: by a {@link LoadOrder}, on the
 * device whose engine is free first. Both sides are heaps, so that neither more models nor more devices make a
 * decision dearer than a logarithm. Owned by the controller agent.
 */
final class LoadPlanner {
    private static final long NEVER = Long.MAX_VALUE;
    /** After an attempt that found no place, the next comes at the next change or after this. */
    private static final long RETRY_NS = 1_000_000L;
    /** Devices looked at for one model in one attempt. */
    private static final int MAX_TRIES = 16;
    /** Of the devices that could load a model, those that are compared by what they have to execute. */
    private static final int MAX_COMPARED = 4;
    /** Devices asked whether a refused request could have been served after a LOAD. */
    private static final int MAX_ASKED = 64;
    /** After so long a request takes memory from models that have it. */
    private static final long STARVED_NS = 1_000_000_000L;
    /** Models looked at in one attempt that find no device. */
    private static final int MAX_SKIPPED = 16;
    /** LOADs and UNLOADs outstanding at a device beyond which it gets no further LOAD. */
    private static final int MAX_OUTSTANDING = 8;

    private final Plans plans;
    private final MemoryMirror mirror;
    private final Durations durations;
    private final PathFigures figures;
    private final LoadOrder order;
    private final long lookAheadNs;
    /** Models with unmet demand, in that order. */
    private final IndexedHeap candidates = new IndexedHeap(1024);
    /** Usable devices by the time from which they could load what is not planned yet. */
    private final IndexedHeap loaders = new IndexedHeap(16);
    /** Models whose LOADs failed, by the time from which they may be tried again. */
    private final IndexedHeap paused = new IndexedHeap(64);
    private final int[] skipped = new int[MAX_SKIPPED];
    private final long[] skippedKeys = new long[MAX_SKIPPED];
    private final int[] tried = new int[MAX_TRIES];
    private final long[] triedKeys = new long[MAX_TRIES];
    private boolean hasChanged;
    private long wakeNs = NEVER;

    LoadPlanner(
        final Plans plans,
        final MemoryMirror mirror,
        final Durations durations,
        final PathFigures figures,
        final LoadOrder order,
        final long lookAheadNs) {
        this.plans = plans;
        this.mirror = mirror;
        this.durations = durations;
        this.figures = figures;
        this.order = order;
        this.lookAheadNs = lookAheadNs;
    }

    /** A model has that much work that its copies can't serve in time; none if it is not positive. */
    void demand(final ModelPlan model, final long unmetNs, final long nowNs) {
        if (unmetNs <= 0) {
            candidates.remove(model.index);
            paused.remove(model.index);
        } else if (model.loadFromNs != 0 && model.loadFromNs - nowNs > 0) {
            paused.set(model.index, model.loadFromNs);
        } else {
            candidates.set(model.index, order.key(model, unmetNs, durations));
            hasChanged = true;
        }
    }

    /** A device's load engine, pages or usability changed. */
    void onDeviceChanged(final DevicePlan device) {
        hasChanged = true;
        if (!device.isUsable()) {
            loaders.remove(device.slot);
        } else {
            loaders.set(device.slot, device.planned == null ? device.loading.freeNs() : device.planned.readyNs);
        }
    }

    /** Whether the first model that wants a LOAD is one that no device holds. */
    boolean hasColdDemand() {
        return !candidates.isEmpty() && plans.modelAt(candidates.first()).copyCount() == 0;
    }

    /** Whether some model wants a LOAD. */
    boolean hasDemand() {
        return !candidates.isEmpty();
    }

    /**
     * The device on which a request of a model that is to be loaded could be answered first, of those whose load engines are
     * free about first; null if none can load it: there is none, or all have it.
     */
    DevicePlan firstDevice(final ModelPlan model, final Request head, final long nowNs) {
        final ArtifactPlan artifact = model.artifact;
        if (artifact.deviceCount() <= model.copyCount()) {
            return null;
        }
        DevicePlan best = null;
        long bestNs = 0;
        for (int i = 0; i < Math.min(loaders.size(), MAX_COMPARED); i++) {
            final DevicePlan device = plans.deviceAt(loaders.at(i));
            if (artifact.isInstalledOn(device) && model.copyOn(device) == null) {
                final long finishNs = finishNs(model, device, head, nowNs);
                if (best == null || finishNs - bestNs < 0) {
                    best = device;
                    bestNs = finishNs;
                }
            }
        }
        return best == null ? scan(model) : best;
    }

    /**
     * Whether some device could load a request's model and answer in time, although none of the first is to: load engines
     * and devices are left to others that make more of them.
     */
    boolean couldServe(final ModelPlan model, final Request request, final long nowNs) {
        final ArtifactPlan artifact = model.artifact;
        for (int i = 0; i < Math.min(artifact.deviceCount(), MAX_ASKED); i++) {
            final DevicePlan device = artifact.device(i);
            if (device.isUsable() && model.copyOn(device) == null
                && finishNs(model, device, request, nowNs) - request.deadlineNs <= 0) {
                return true;
            }
        }
        return false;
    }

    /** When the response to a request could leave if its model were loaded on this device next. */
    long finishNs(final ModelPlan model, final DevicePlan device, final Request head, final long nowNs) {
        final long freeNs = freeNs(device);
        final long fromNs = model.loadFromNs != 0 && model.loadFromNs - freeNs > 0 ? model.loadFromNs : freeNs;
        return durations.finishAfterLoadNs(model.artifact, device, fromNs, head, nowNs);
    }

    /** Plans as many LOADs as load engines will take soon. */
    int schedule(final Demand demand, final long nowNs) {
        while (!paused.isEmpty() && paused.firstKey() - nowNs <= 0) {
            final ModelPlan model = plans.modelAt(paused.poll());
            demand(model, demand.unmetNs(model, nowNs), nowNs);
        }
        if (!hasChanged && (wakeNs == NEVER || wakeNs - nowNs > 0)) {
            return 0;
        }
        hasChanged = false;
        int work = 0;
        int skippedCount = 0;
        int refreshed = 0;
        while (!candidates.isEmpty() && isLoaderDue(nowNs) && skippedCount < MAX_SKIPPED) {
            final ModelPlan model = plans.modelAt(candidates.first());
            final long key = candidates.firstKey();
            final long unmetNs = demand.unmetNs(model, nowNs);
            if (unmetNs > 0) {
                final long nowKey = order.key(model, unmetNs, durations);
                if (nowKey != key && refreshed++ < MAX_SKIPPED) {
                    candidates.set(model.index, nowKey);
                    continue;
                }
            }
            candidates.remove(model.index);
            if (unmetNs > 0 && !load(model, demand, nowNs)) {
                skipped[skippedCount] = model.index;
                skippedKeys[skippedCount++] = key;
            } else {
                work++;
            }
        }
        for (int i = 0; i < skippedCount; i++) {
            candidates.set(skipped[i], skippedKeys[i]);
        }
        if (candidates.isEmpty() || loaders.isEmpty()) {
            wakeNs = NEVER;
        } else {
            wakeNs = isLoaderDue(nowNs) ? nowNs + RETRY_NS : loaders.firstKey() - lookAheadNs;
        }
        return work;
    }

    long nextWakeNs() {
        if (paused.isEmpty()) {
            return wakeNs;
        }
        return wakeNs == NEVER || paused.firstKey() - wakeNs < 0 ? paused.firstKey() : wakeNs;
    }

    void onModelGone(final ModelPlan model) {
        candidates.remove(model.index);
        paused.remove(model.index);
    }

    /** Finds a place for a candidate; false if there is none now. */
    private boolean load(final ModelPlan model, final Demand demand, final long nowNs) {
        final DevicePlan device = findDue(model, nowNs);
        if (device == null) {
            if (isStarved(model, nowNs)) {
                mirror.displace(model, nowNs);
            }
            return false;
        }
        if (demand.isWorthLoading(model, device, nowNs)) {
            if (!mirror.plan(model, device, nowNs)) {
                return false;
            }
            figures.coldStarts++;
        }
        return true;
    }

    /** Whether no device holds a model whose oldest request has waited for long. */
    private static boolean isStarved(final ModelPlan model, final long nowNs) {
        if (model.copyCount() > 0 || model.queue.isEmpty()) {
            return false;
        }
        final Request oldest = model.queue.size() > 0 ? model.queue.first() : model.queue.firstBackground();
        return nowNs - oldest.arrivalNs >= STARVED_NS;
    }

    private DevicePlan findDue(final ModelPlan model, final long nowNs) {
        if (model.artifact.deviceCount() <= model.copyCount() || !mirror.canStart()) {
            return null;
        }
        DevicePlan best = null;
        for (int i = 0; i < Math.min(loaders.size(), MAX_COMPARED); i++) {
            final DevicePlan device = plans.deviceAt(loaders.at(i));
            if (isDue(device, nowNs) && suits(model, device, nowNs)) {
                best = best == null || busyNs(device) - busyNs(best) < 0 ? device : best;
            }
        }
        int triedCount = 0;
        while (best == null && triedCount < MAX_TRIES && isLoaderDue(nowNs)) {
            final DevicePlan device = plans.deviceAt(loaders.first());
            best = suits(model, device, nowNs) ? device : null;
            tried[triedCount] = device.slot;
            triedKeys[triedCount++] = loaders.firstKey();
            loaders.remove(device.slot);
        }
        for (int i = 0; i < triedCount; i++) {
            loaders.set(tried[i], triedKeys[i]);
        }
        if (best == null && triedCount == MAX_TRIES) {
            final DevicePlan scanned = scan(model);
            return scanned != null && suits(model, scanned, nowNs) && isDue(scanned, nowNs) ? scanned : null;
        }
        return best;
    }

    /** When a device will have executed what it was given and what waits for it. */
    private static long busyNs(final DevicePlan device) {
        return device.execution.freeNs() + device.waitingWorkNs;
    }

    private boolean suits(final ModelPlan model, final DevicePlan device, final long nowNs) {
        return device.planned == null
            && device.loading.count() < MAX_OUTSTANDING
            && model.artifact.isInstalledOn(device)
            && model.copyOn(device) == null
            && (model.copyCount() == 0 || hasTime(device, model, nowNs))
            && mirror.canMakeRoom(device, model, nowNs);
    }

    /** Whether a device has time left for a further copy of a model: where all devices are busy, one more does not help. */
    private static boolean hasTime(final DevicePlan device, final ModelPlan model, final long nowNs) {
        final Request last = model.queue.last();
        return last == null || device.waitingWorkNs < last.deadlineNs - nowNs >> 1;
    }

    /** For artifacts that are installed on few of many devices: the one of them that is free first. */
    private DevicePlan scan(final ModelPlan model) {
        final ArtifactPlan artifact = model.artifact;
        DevicePlan best = null;
        for (int i = 0; i < Math.min(artifact.deviceCount(), 4 * MAX_TRIES); i++) {
            final DevicePlan device = artifact.device(i);
            if (device.isUsable() && model.copyOn(device) == null
                && (best == null || freeNs(device) - freeNs(best) < 0)) {
                best = device;
            }
        }
        return best;
    }

    private boolean isLoaderDue(final long nowNs) {
        return !loaders.isEmpty() && loaders.firstKey() - lookAheadNs - nowNs <= 0;
    }

    private boolean isDue(final DevicePlan device, final long nowNs) {
        return freeNs(device) - lookAheadNs - nowNs <= 0;
    }

    private long freeNs(final DevicePlan device) {
        return device.planned == null ? device.loading.freeNs() : device.planned.readyNs;
    }
}
