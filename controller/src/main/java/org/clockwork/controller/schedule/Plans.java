package org.clockwork.controller.schedule;

import java.util.Arrays;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.queue.ModelQueue;
import org.clockwork.controller.request.RequestTable;

/**
 * The tables of plans beside the tables of workers, devices, models and artifacts, and the pool of copies. Tables grow
 * when something joins or is registered, never on the way of a request. Owned by the controller agent.
 */
public final class Plans {
    private final RequestTable requests;
    private WorkerPlan[] workers = new WorkerPlan[16];
    private DevicePlan[] devices = new DevicePlan[16];
    private int deviceCount;
    private ModelPlan[] models = new ModelPlan[64];
    private ArtifactPlan[] artifacts = new ArtifactPlan[64];
    private Residency[] freeCopies = new Residency[64];
    private int freeCopyCount;
    private int copiesMade;

    /** Empty tables over these requests. */
    public Plans(final RequestTable requests) {
        this.requests = requests;
    }

    /** The plan of a worker, made if it has none; null if it is gone. */
    public WorkerPlan worker(final WorkerState state, final long nowNs) {
        final WorkerPlan known = worker(state);
        if (known != null) {
            return known;
        }
        if (state.index >= workers.length) {
            workers = Arrays.copyOf(workers, Math.max(state.index + 1, workers.length * 2));
        }
        final WorkerPlan made = new WorkerPlan(state, nowNs);
        workers[state.index] = made;
        for (final DevicePlan device : made.devices) {
            if (device.slot >= devices.length) {
                devices = Arrays.copyOf(devices, Math.max(device.slot + 1, devices.length * 2));
            }
            devices[device.slot] = device;
            deviceCount++;
        }
        return made;
    }

    /** The plan of a worker, or null. */
    public WorkerPlan worker(final WorkerState state) {
        final WorkerPlan plan = state.index < workers.length ? workers[state.index] : null;
        return plan != null && plan.state == state ? plan : null;
    }

    /** Forgets a worker that is gone. */
    void removeWorker(final WorkerPlan worker) {
        workers[worker.state.index] = null;
        for (final DevicePlan device : worker.devices) {
            devices[device.slot] = null;
            deviceCount--;
        }
    }

    /** Slots of workers to look through; some are null. */
    public int workerLimit() {
        return workers.length;
    }

    /** The worker in a slot, or null. */
    public WorkerPlan workerAt(final int index) {
        return workers[index];
    }

    /** The plan of a device of a known worker. */
    public DevicePlan device(final DeviceState state) {
        return state.slot < devices.length ? devices[state.slot] : null;
    }

    /** Slots of devices to look through; some are null. */
    public int deviceLimit() {
        return devices.length;
    }

    /** Devices of known workers. */
    int deviceCount() {
        return deviceCount;
    }

    /** The device in a slot, or null. */
    public DevicePlan deviceAt(final int slot) {
        return devices[slot];
    }

    /** The plan of a model, made if it has none. */
    public ModelPlan model(final Model model) {
        if (model.index >= models.length) {
            models = Arrays.copyOf(models, Math.max(model.index + 1, models.length * 2));
        }
        ModelPlan plan = models[model.index];
        if (plan == null || plan.model != model) {
            model.queue = new ModelQueue(requests);
            plan = new ModelPlan(model, artifact(model.artifact), model.queue);
            models[model.index] = plan;
            if (plan.artifact.anyModel == null || plan.artifact.anyModel.isGone) {
                plan.artifact.anyModel = plan;
            }
        }
        return plan;
    }

    /** The plan of a model that has not left the catalogue, or null. */
    public ModelPlan known(final Model model) {
        final ModelPlan plan = model.index < models.length ? models[model.index] : null;
        return plan != null && plan.model == model ? plan : null;
    }

    /** Slots of models to look through; some are null. */
    public int modelLimit() {
        return models.length;
    }

    /** The model in a slot, or null. */
    public ModelPlan modelAt(final int index) {
        return models[index];
    }

    /** Forgets a model that left the catalogue. */
    void removeModel(final ModelPlan plan) {
        plan.isGone = true;
        if (models[plan.index] == plan) {
            models[plan.index] = null;
        }
        if (plan.artifact.anyModel == plan) {
            plan.artifact.anyModel = null;
            for (final ModelPlan other : models) {
                if (other != null && other.artifact == plan.artifact) {
                    plan.artifact.anyModel = other;
                    break;
                }
            }
        }
    }

    /** The plan of an artifact, made if it has none. */
    public ArtifactPlan artifact(final Artifact artifact) {
        if (artifact.id >= artifacts.length) {
            artifacts = Arrays.copyOf(artifacts, Math.max(artifact.id + 1, artifacts.length * 2));
        }
        ArtifactPlan plan = artifacts[artifact.id];
        if (plan == null || plan.artifact != artifact) {
            plan = new ArtifactPlan(artifact);
            artifacts[artifact.id] = plan;
        }
        return plan;
    }

    /** Slots of artifacts to look through; some are null. */
    public int artifactLimit() {
        return artifacts.length;
    }

    /** The artifact in a slot, or null. */
    public ArtifactPlan artifactAt(final int id) {
        return artifacts[id];
    }

    /** A copy in state PLANNED. */
    Residency newCopy(final DevicePlan device, final ModelPlan plan, final long modelId, final int pages) {
        final Residency copy = freeCopyCount > 0 ? freeCopies[--freeCopyCount] : new Residency(copiesMade++);
        copy.state = Residency.State.PLANNED;
        copy.device = device;
        copy.plan = plan;
        copy.modelId = modelId;
        copy.pages = pages;
        copy.uses = 0;
        copy.isUnwanted = false;
        copy.shareNs = 0;
        if (plan != null) {
            plan.add(copy);
        }
        return copy;
    }

    /** Takes back a copy that is GONE and that no action names. */
    void freeCopy(final Residency copy) {
        copy.device = null;
        copy.plan = null;
        if (freeCopyCount == freeCopies.length) {
            freeCopies = Arrays.copyOf(freeCopies, freeCopyCount * 2);
        }
        freeCopies[freeCopyCount++] = copy;
    }
}
