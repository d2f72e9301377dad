package org.clockwork.controller.schedule;

import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.request.Request;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/** Keeps the plans in step with workers, artifacts and models that come and go. Owned by the controller agent. */
public final class ClusterPlanner {
    private final Plans plans;
    private final MemoryMirror mirror;
    private final ProfilePlanner measuring;
    private final Scheduler scheduler;
    private final Refusals refusals;

    /** A planner over these parts. */
    public ClusterPlanner(
        final Plans plans,
        final MemoryMirror mirror,
        final ProfilePlanner measuring,
        final Scheduler scheduler,
        final Refusals refusals) {
        this.plans = plans;
        this.mirror = mirror;
        this.measuring = measuring;
        this.scheduler = scheduler;
        this.refusals = refusals;
    }

    /** A worker takes actions from now on. */
    public void onWorkerLive(final WorkerState state, final long nowNs) {
        final WorkerPlan worker = plans.worker(state, nowNs);
        worker.isUsable = true;
        for (final DevicePlan device : worker.devices) {
            scheduler.onDeviceUsable(device, nowNs);
            mirror.sweep(device, nowNs);
        }
    }

    /** A device of a joining worker holds a copy; of no registered model if {@code model} is null. */
    public void onHeld(
        final DeviceState state, final Model model, final long modelId, final int pages, final long nowNs) {
        plans.worker(state.worker, nowNs);
        mirror.onHeld(plans.device(state), model == null ? null : plans.model(model), modelId, pages, nowNs);
    }

    /** A worker takes no new actions. */
    public void onWorkerDraining(final WorkerState state, final long nowNs) {
        final WorkerPlan worker = plans.worker(state);
        if (worker != null) {
            leave(worker, nowNs);
        }
    }

    /** A worker is gone: before its actions are ended. Null if it is not known. */
    public WorkerPlan beforeLost(final WorkerState state, final long nowNs) {
        final WorkerPlan worker = plans.worker(state);
        if (worker != null) {
            leave(worker, nowNs);
        }
        return worker;
    }

    /** A worker is gone: after its actions were ended. */
    public void afterLost(final WorkerPlan worker, final long nowNs) {
        for (final DevicePlan device : worker.devices) {
            mirror.onDeviceGone(device, nowNs);
        }
        plans.removeWorker(worker);
    }

    /** A device failed for good. */
    public void onDeviceLost(final DevicePlan device, final long nowNs) {
        if (!device.state.isLost) {
            device.state.isLost = true;
            leave(device, nowNs);
            mirror.onDeviceGone(device, nowNs);
            mirror.reconsiderUnplaceable(nowNs);
        }
    }

    /** An artifact can be loaded on the devices of a worker. */
    public void onArtifactInstalled(final WorkerState state, final Artifact artifact, final long nowNs) {
        final WorkerPlan worker = plans.worker(state, nowNs);
        final ArtifactPlan plan = plans.artifact(artifact);
        for (final DevicePlan device : worker.devices) {
            if (artifact.pages <= device.state.totalPages && !device.state.isLost) {
                plan.install(device);
                scheduler.onDeviceUsable(device, nowNs);
            }
        }
        if (plan.deviceCount() > 0) {
            measuring.onInstalled(plan, nowNs);
        }
    }

    /** An artifact can no longer be loaded on the devices of a worker. */
    public void onArtifactForgotten(final WorkerState state, final Artifact artifact, final long nowNs) {
        final WorkerPlan worker = plans.worker(state);
        if (worker != null) {
            for (final DevicePlan device : worker.devices) {
                plans.artifact(artifact).uninstall(device);
            }
            mirror.reconsiderUnplaceable(nowNs);
        }
    }

    /** A model is in the catalogue. */
    public void onModelRegistered(final Model model) {
        plans.model(model);
        measuring.onDeviceChanged();
    }

    /** A model leaves the catalogue: what waits for it ends, its copies are unloaded. */
    public void onModelGone(final Model model, final Status status, final long nowNs) {
        final ModelPlan plan = plans.known(model);
        if (plan == null) {
            return;
        }
        while (!plan.queue.isEmpty()) {
            final Request request = plan.queue.size() > 0 ? plan.queue.first() : plan.queue.firstBackground();
            plan.queue.remove(request);
            refusals.refuse(request, status, Protocol.NULL_NS, nowNs);
        }
        plans.removeModel(plan);
        for (int i = plan.copyCount() - 1; i >= 0; i--) {
            final Residency copy = plan.copy(i);
            if (copy.device.planned == copy) {
                mirror.cancelPlanned(copy.device, nowNs);
            } else {
                mirror.unwant(copy, nowNs);
            }
        }
        scheduler.onModelGone(plan, nowNs);
    }

    /** Housekeeping: copies that nobody wants any more and that could not be unloaded at once. */
    public void sweep(final long nowNs) {
        for (int slot = 0; slot < plans.deviceLimit(); slot++) {
            final DevicePlan device = plans.deviceAt(slot);
            if (device != null) {
                mirror.sweep(device, nowNs);
            }
        }
    }

    private void leave(final WorkerPlan worker, final long nowNs) {
        worker.isUsable = false;
        for (final DevicePlan device : worker.devices) {
            leave(device, nowNs);
        }
        mirror.reconsiderUnplaceable(nowNs);
    }

    private void leave(final DevicePlan device, final long nowNs) {
        mirror.cancelPlanned(device, nowNs);
        for (int id = 0; id < plans.artifactLimit(); id++) {
            final ArtifactPlan artifact = plans.artifactAt(id);
            if (artifact != null) {
                artifact.uninstall(device);
            }
        }
        scheduler.onDeviceUnusable(device, nowNs);
    }
}
