package org.clockwork.controller.schedule;

/**
 * Loads further copies of models that are in use where pages are free and the load engine has nothing to do: the more
 * devices hold a model, the sooner one of them is free for it. Never makes room by unloading, and never comes before a LOAD
 * that something waits for. Owned by the controller agent.
 */
final class Spreader {
    private static final long NEVER = Long.MAX_VALUE;
    private static final long INTERVAL_NS = 5_000_000L;
    /** Models looked at in one go. */
    private static final int MODELS = 16;
    /** Devices looked at for one of them. */
    private static final int DEVICES = 4;

    private final Plans plans;
    private final MemoryMirror mirror;
    /** Models that had requests since they were last looked at, oldest first; a ring. */
    private ModelPlan[] listed = new ModelPlan[64];
    private int first;
    private int count;
    private int deviceCursor;
    private long wakeNs = NEVER;

    Spreader(final Plans plans, final MemoryMirror mirror) {
        this.plans = plans;
        this.mirror = mirror;
    }

    /** A model is in use. */
    void onRequest(final ModelPlan model, final long nowNs) {
        if (model.isListed || model.copyCount() >= model.artifact.deviceCount()) {
            return;
        }
        model.isListed = true;
        if (count == listed.length) {
            final ModelPlan[] larger = new ModelPlan[2 * count];
            for (int i = 0; i < count; i++) {
                larger[i] = listed[first + i & count - 1];
            }
            listed = larger;
            first = 0;
        }
        listed[first + count++ & listed.length - 1] = model;
        wakeNs = wakeNs == NEVER ? nowNs + INTERVAL_NS : wakeNs;
    }

    /** Starts what can be started, unless LOADs are waited for. */
    int schedule(final boolean isLoadWanted, final long nowNs) {
        if (wakeNs == NEVER || wakeNs - nowNs > 0) {
            return 0;
        }
        int started = 0;
        for (int i = Math.min(MODELS, count); i > 0 && !isLoadWanted; i--) {
            final ModelPlan model = listed[first];
            listed[first] = null;
            first = first + 1 & listed.length - 1;
            count--;
            model.isListed = false;
            if (!model.isGone && model.copyCount() > 0 && spread(model, nowNs)) {
                started++;
            }
        }
        wakeNs = count == 0 ? NEVER : nowNs + INTERVAL_NS;
        return started;
    }

    long nextWakeNs() {
        return wakeNs;
    }

    private boolean spread(final ModelPlan model, final long nowNs) {
        final int pages = model.artifact.artifact.pages;
        int tried = 0;
        for (int i = 0; i < plans.deviceLimit() && tried < DEVICES; i++) {
            deviceCursor = deviceCursor + 1 < plans.deviceLimit() ? deviceCursor + 1 : 0;
            final DevicePlan device = plans.deviceAt(deviceCursor);
            if (device != null) {
                tried++;
                if (device.isUsable() && device.planned == null && device.loading.count() == 0
                    && device.state.freePages >= pages && model.artifact.isInstalledOn(device)
                    && model.copyOn(device) == null) {
                    return mirror.plan(model, device, nowNs);
                }
            }
        }
        return false;
    }
}
