package org.clockwork.controller.schedule;

import org.clockwork.controller.PathFigures;
import org.clockwork.controller.action.Action;
import org.clockwork.schema.codec.Status;

/**
 * The controller's mirror of every device's memory: copies and pages, planned, taken and given back. A LOAD takes its
 * pages when it is sent, an UNLOAD gives them when it is done; a worker's own count wins whenever nothing is on its way
 * that could explain a difference. Owned by the controller agent.
 */
public final class MemoryMirror {
    private static final long FAILURE_PAUSE_NS = 100_000_000L;
    private static final int MAX_PAUSES = 50;

    /** Only copies that were not used for so long make room for one more copy of a model that has some. */
    private static final long SPREAD_UNUSED_NS = 1_000_000_000L;
    /** A copy stays at least so long, whoever waits. */
    private static final long DISPLACEABLE_NS = 1_000_000_000L;
    /** Copies looked at for one that is not the only one of its model. */
    private static final int MAX_LOOKED_AT = 64;

    private final Plans plans;
    private final ActionStarter starter;
    private final Durations durations;
    private final PathFigures figures;
    private Scheduler scheduler;

    /** A mirror of the devices in these plans. */
    public MemoryMirror(
        final Plans plans, final ActionStarter starter, final Durations durations, final PathFigures figures) {
        this.plans = plans;
        this.starter = starter;
        this.durations = durations;
        this.figures = figures;
    }

    /** Who is told of changes. */
    public void scheduler(final Scheduler value) {
        scheduler = value;
    }

    /** Whether an action can be made now. */
    boolean canStart() {
        return !starter.isFull();
    }

    /** Whether pages for a copy of a model are free, on their way, or held by copies that may be unloaded for it. */
    boolean canMakeRoom(final DevicePlan device, final ModelPlan model, final long nowNs) {
        return makeRoom(device, model, false, nowNs);
    }

    /**
     * Plans a copy of a model on a device that has none and nothing else planned, and starts to make room for it: the
     * least recently used copies go first, those that are not the only ones of their model before the others, never one
     * that is in use or waited for. For a further copy of a model only such go that are not the only ones either, and that
     * were not used of late. A busy load engine finds room for the next LOAD too, so that it need not wait for an UNLOAD.
     *
     * @return false if there can't be room now, or no action can be made.
     */
    boolean plan(final ModelPlan model, final DevicePlan device, final long nowNs) {
        final int pages = model.artifact.artifact.pages;
        if (starter.isFull() || !canMakeRoom(device, model, nowNs)) {
            return false;
        }
        final boolean isBusy = device.loading.count() > 0;
        makeRoom(device, model, true, nowNs);
        if (isBusy && device.state.freePages + device.pagesComing < 2 * pages) {
            unload(device, pages, false, true, true, nowNs);
        }
        final Residency planned = plans.newCopy(device, model, model.model.id, pages);
        planned.readyNs = device.loading.startNs(nowNs + 2 * device.worker.hopNs()) + durations.loadNs(model.artifact);
        device.planned = planned;
        advance(device, nowNs);
        scheduler.onMemoryChanged(device, nowNs);
        return true;
    }

    /**
     * Makes room for a model that no device holds and whose requests have waited too long, where all pages are held by
     * models that are never without requests: the least recently used of those, if they have been loaded for a while, get no
     * more work and are unloaded as soon as nothing uses them. Requests without deadline displace no others.
     */
    void displace(final ModelPlan model, final long nowNs) {
        final boolean isAny = model.queue.size() > 0;
        final ArtifactPlan artifact = model.artifact;
        for (int i = 0; i < Math.min(artifact.deviceCount(), MAX_LOOKED_AT); i++) {
            final DevicePlan device = artifact.device(i);
            final int missing = artifact.artifact.pages - device.state.freePages - device.pagesComing;
            if (device.isUsable() && device.planned == null && device.unwanted == 0
                && displace(device, missing, isAny, false, nowNs) >= missing) {
                displace(device, missing, isAny, true, nowNs);
                return;
            }
        }
    }

    /** Gives up least recently used copies until so many pages will be won, or only counts them; how many there are. */
    private int displace(
        final DevicePlan device, final int pages, final boolean isAny, final boolean isMeant, final long nowNs) {
        int won = 0;
        Residency copy = device.leastRecent();
        for (int i = 0; i < MAX_LOOKED_AT && won < pages && copy != null; i++) {
            final Residency newer = copy.newer;
            if (isDisplaceable(copy, isAny, nowNs)) {
                won += copy.pages;
                if (isMeant) {
                    unwant(copy, nowNs);
                }
            }
            copy = newer;
        }
        return won;
    }

    private static boolean isDisplaceable(final Residency copy, final boolean isAny, final long nowNs) {
        return copy.plan != null && (isAny || copy.plan.queue.size() == 0) && nowNs - copy.readyNs >= DISPLACEABLE_NS;
    }

    /** Looks for pages, and unloads what holds them if {@code isMeant}; whether there are enough. */
    private boolean makeRoom(final DevicePlan device, final ModelPlan model, final boolean isMeant, final long nowNs) {
        final int pages = model.artifact.artifact.pages;
        int free = device.state.freePages + device.pagesComing;
        free += unload(device, pages - free, true, model.copyCount() > 0, isMeant, nowNs);
        if (free < pages && model.copyCount() == 0) {
            free = device.state.freePages + device.pagesComing;
            free += unload(device, pages - free, false, false, isMeant, nowNs);
        }
        return free >= pages;
    }

    /** Unloads least recently used copies until so many pages are won, or only counts them; how many there are. */
    private int unload(
        final DevicePlan device, final int pages, final boolean onlySpare, final boolean onlyUnused, final boolean isMeant,
        final long nowNs) {
        int won = 0;
        Residency copy = device.leastRecent();
        for (int i = 0; won < pages && copy != null && !(isMeant && starter.isFull()); i++) {
            final Residency newer = copy.newer;
            if (onlyUnused && nowNs - copy.usedNs < SPREAD_UNUSED_NS || onlySpare && i >= MAX_LOOKED_AT) {
                return won;
            }
            if (isIdle(copy) && (isSpare(copy) || !onlySpare)) {
                won += copy.pages;
                if (isMeant) {
                    unload(copy, nowNs);
                }
            }
            copy = newer;
        }
        return won;
    }

    /** Whether the model would still be loaded somewhere without this copy. */
    private static boolean isSpare(final Residency copy) {
        return copy.plan == null || copy.isUnwanted || copy.plan.model.loadedOn > 1;
    }

    /** Loads what is planned on a device if its pages are free by now. */
    void advance(final DevicePlan device, final long nowNs) {
        final Residency planned = device.planned;
        if (planned == null || device.state.freePages < planned.pages || starter.isFull() || !device.isUsable()) {
            return;
        }
        device.planned = null;
        device.state.freePages -= planned.pages;
        starter.load(planned, nowNs);
    }

    /** Gives up what is planned on a device. */
    void cancelPlanned(final DevicePlan device, final long nowNs) {
        final Residency planned = device.planned;
        if (planned != null) {
            final ModelPlan model = planned.plan;
            device.planned = null;
            forget(planned);
            if (!model.isGone) {
                scheduler.onModelChanged(model, nowNs);
            }
        }
    }

    /** Unloads a copy now if nothing uses it, else as soon as nothing does. */
    void unwant(final Residency copy, final long nowNs) {
        if (!copy.isUnwanted) {
            copy.isUnwanted = true;
            if (copy.state == Residency.State.LOADED) {
                copy.device.unwanted++;
                scheduler.onCopyGone(copy, nowNs);
            }
        }
        unloadIfUnwanted(copy, nowNs);
    }

    /** Unloads what is not wanted and not used, and could not be unloaded before. */
    void sweep(final DevicePlan device, final long nowNs) {
        Residency copy = device.unwanted > 0 ? device.leastRecent() : null;
        while (copy != null) {
            final Residency newer = copy.newer;
            unloadIfUnwanted(copy, nowNs);
            copy = newer;
        }
    }

    /** A worker holds a copy from before it joined. */
    void onHeld(final DevicePlan device, final ModelPlan model, final long modelId, final int pages, final long nowNs) {
        final Residency copy = plans.newCopy(device, model, modelId, pages);
        copy.isUnwanted = model == null;
        copy.loadStartNs = nowNs;
        becomeLoaded(copy, nowNs);
    }

    /** An action that named a copy has ended; it may be the last. */
    public void onUseEnded(final Residency copy, final long nowNs) {
        copy.uses--;
        if (copy.uses == 0) {
            if (copy.state == Residency.State.GONE) {
                plans.freeCopy(copy);
            } else {
                unloadIfUnwanted(copy, nowNs);
            }
        }
    }

    /** A LOAD has ended: {@code startNs} and {@code endNs} are when it was done if it was. */
    public void onLoadEnded(final Action action, final Status status, final long startNs, final long endNs, final long nowNs) {
        final Residency copy = action.copy;
        if (copy.state != Residency.State.LOADING) {
            return;
        }
        final ModelPlan model = copy.plan;
        if (status == Status.OK || status == Status.LOAD_ALREADY_LOADED) {
            copy.loadStartNs = status == Status.OK ? startNs : nowNs;
            copy.readyNs = status == Status.OK ? endNs : nowNs;
            model.loadFailures = 0;
            becomeLoaded(copy, nowNs);
            return;
        }
        copy.device.state.freePages += copy.pages;
        forget(copy);
        if (status == Status.LOAD_FAILED || status == Status.LOAD_NO_PAGES || status == Status.ACTION_TIMED_OUT) {
            model.loadFailures++;
            model.loadFromNs = nowNs + FAILURE_PAUSE_NS * Math.min(model.loadFailures, MAX_PAUSES);
        } else if (status == Status.LOAD_UNKNOWN_ARTIFACT) {
            model.artifact.uninstall(copy.device);
            reconsiderUnplaceable(nowNs);
        }
        scheduler.onModelChanged(model, nowNs);
    }

    /** An UNLOAD has ended. */
    public void onUnloadEnded(final Action action, final Status status, final long nowNs) {
        final Residency copy = action.copy;
        if (copy.state != Residency.State.UNLOADING) {
            return;
        }
        copy.device.pagesComing -= copy.pages;
        if (status == Status.OK || status == Status.UNLOAD_NOT_LOADED) {
            final ModelPlan model = copy.plan;
            copy.device.state.freePages += copy.pages;
            forget(copy);
            if (model != null && !model.isGone) {
                scheduler.onModelChanged(model, nowNs);
            }
        } else {
            becomeLoaded(copy, nowNs);
        }
    }

    /** A worker said that a copy is not there. */
    public void onMissing(final Residency copy, final long nowNs) {
        if (copy.state == Residency.State.LOADED) {
            final ModelPlan model = copy.plan;
            leaveLoaded(copy, nowNs);
            copy.device.state.freePages += copy.pages;
            forget(copy);
            scheduler.onModelChanged(model, nowNs);
        }
    }

    /** Takes the worker's count of free pages if nothing on its way could explain a difference. */
    public void reconcile(final DevicePlan device, final int freePages) {
        if (device.loading.count() == 0 && freePages >= 0 && freePages <= device.state.totalPages
            && device.state.freePages != freePages) {
            figures.pagesCorrected++;
            device.state.freePages = freePages;
        }
    }

    /** Places are gone: models for which something waits and that can no longer be loaded anywhere are looked at again. */
    void reconsiderUnplaceable(final long nowNs) {
        for (int i = 0; i < plans.modelLimit(); i++) {
            final ModelPlan model = plans.modelAt(i);
            if (model != null && !model.queue.isEmpty() && model.artifact.deviceCount() == 0) {
                scheduler.onModelChanged(model, nowNs);
            }
        }
    }

    /** A device is gone with all that it held; its actions have been taken back before. */
    void onDeviceGone(final DevicePlan device, final long nowNs) {
        cancelPlanned(device, nowNs);
        while (device.leastRecent() != null) {
            final Residency copy = device.leastRecent();
            leaveLoaded(copy, nowNs);
            forget(copy);
        }
    }

    private void unloadIfUnwanted(final Residency copy, final long nowNs) {
        if (copy.isUnwanted && copy.uses == 0 && copy.state == Residency.State.LOADED && copy.device.isUsable()
            && !starter.isFull()) {
            unload(copy, nowNs);
        }
    }

    private void unload(final Residency copy, final long nowNs) {
        leaveLoaded(copy, nowNs);
        copy.device.pagesComing += copy.pages;
        starter.unload(copy, nowNs);
    }

    private void becomeLoaded(final Residency copy, final long nowNs) {
        copy.state = Residency.State.LOADED;
        copy.usedNs = nowNs;
        copy.device.addRecent(copy);
        if (copy.plan != null) {
            copy.plan.model.loadedOn++;
            copy.isUnwanted |= copy.plan.isGone;
        }
        if (copy.isUnwanted) {
            copy.device.unwanted++;
        } else {
            scheduler.onCopyReady(copy, nowNs);
        }
    }

    private void leaveLoaded(final Residency copy, final long nowNs) {
        copy.device.removeRecent(copy);
        if (copy.plan != null) {
            copy.plan.model.loadedOn--;
        }
        if (copy.isUnwanted) {
            copy.device.unwanted--;
        } else {
            scheduler.onCopyGone(copy, nowNs);
        }
    }

    private void forget(final Residency copy) {
        copy.state = Residency.State.GONE;
        if (copy.plan != null) {
            copy.plan.remove(copy);
        }
        if (copy.uses == 0) {
            plans.freeCopy(copy);
        }
    }

    private static boolean isIdle(final Residency copy) {
        return copy.uses == 0 && (copy.plan == null || copy.isUnwanted || copy.plan.queue.isEmpty());
    }
}
