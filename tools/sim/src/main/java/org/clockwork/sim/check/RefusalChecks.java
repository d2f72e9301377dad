package org.clockwork.sim.check;

import java.util.Arrays;
import org.clockwork.controller.RequestPathContext;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.schedule.ArtifactPlan;
import org.clockwork.controller.schedule.DevicePlan;
import org.clockwork.controller.schedule.ModelPlan;
import org.clockwork.controller.schedule.Residency;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;

/**
 * Looks for a start that would have met the deadline of a request that was refused because there is none: on each device
 * that holds its model after all that the device was promised, and on each that could load it. Promises are counted from
 * the actions made and ended; only the expected durations are the controller's own. Single-threaded.
 */
final class RefusalChecks {
    /** Windows, estimates of hops and rounding may differ by this. */
    private static final long TOLERANCE_NS = 20_000L;
    /** A request whose SLO has no more than this left when it comes is refused rightly: hops take the rest. */
    private static final long ARRIVAL_NS = 5_000_000L;
    /** Refusals of a model that failed to load are of a kind of their own for this long. */
    private static final long AFTER_FAILURE_NS = 5_000_000_000L;
    /** A request that workers have refused so often is given up. */
    private static final int MAX_ATTEMPTS = 5;

    private final Findings findings;
    private final RefusalCounts counts;
    private final long marginNs;
    private final int inlineBytes;
    private final long bulkBytesPerUs;
    private DevicePromises[] devices = new DevicePromises[16];
    private ModelPlan[] models = new ModelPlan[1024];
    private ArtifactPlan[] artifacts = new ArtifactPlan[64];
    private long[] failedUntilNs = new long[1024];
    private boolean hasFailures;

    RefusalChecks(final RequestPathContext options, final Findings findings, final RefusalCounts counts) {
        this.findings = findings;
        this.counts = counts;
        marginNs = options.marginNs();
        inlineBytes = options.inlineBytes();
        bulkBytesPerUs = options.bulkBytesPerUs();
    }

    void onActionMade(final Action action, final long nowNs) {
        promisesOf(action.device, nowNs).engine(action.isExecution()).add(action);
        final ModelPlan model = action.copy.plan;
        if (model != null) {
            note(model);
        }
    }

    void onActionEnded(final Action action, final Status status, final long startNs, final long executeNs, final long nowNs) {
        promisesOf(action.device, nowNs).engine(action.isExecution())
            .remove(action, status == Status.OK, startNs + executeNs);
        final ModelPlan model = action.copy.plan;
        if (status != Status.OK && action.kind == ActionKind.LOAD && model != null) {
            failedUntilNs[model.index] = nowNs + AFTER_FAILURE_NS;
            hasFailures = true;
        }
    }

    /** A request was refused before it got a slot. */
    void onRefusedAtArrival(final Status status, final long leftNs) {
        if (status == Status.DEADLINE_PASSED || status == Status.DEADLINE_UNREACHABLE) {
            findings.look(Check.REFUSAL);
            counts.atArrival++;
            if (leftNs > ARRIVAL_NS) {
                findings.report(Check.REFUSAL, status + " at arrival with " + leftNs + " ns left");
            }
        } else {
            counts.byPolicy(status);
        }
    }

    /** A request was refused. */
    void onRefused(final Request request, final Status status, final long nowNs) {
        if (status != Status.DEADLINE_UNREACHABLE) {
            counts.byPolicy(status);
            return;
        }
        findings.look(Check.REFUSAL);
        if (!request.hasDeadline) {
            findings.report(Check.REFUSAL, "a request without deadline was refused for its deadline");
            return;
        }
        if (request.attempts >= MAX_ATTEMPTS) {
            counts.afterAttempts++;
            return;
        }
        if (request.inputReceived < request.inputBytes) {
            counts.verified++;
            return;
        }
        final int index = request.model.index;
        final ModelPlan model = index < models.length && models[index] != null && models[index].model == request.model
            ? models[index] : null;
        if (hasFailures && model != null && failedUntilNs[index] - nowNs > 0) {
            counts.afterFailure++;
            return;
        }
        if (model == null ? isWithoutWay(request, nowNs) : isWithoutWay(model, request, nowNs)) {
            counts.verified++;
        }
    }

    private boolean isWithoutWay(final ModelPlan model, final Request request, final long nowNs) {
        for (int i = 0; i < model.copyCount(); i++) {
            final Residency copy = model.copy(i);
            if (copy.state != Residency.State.UNLOADING && copy.device.isUsable()) {
                final long finishNs = finishNs(copy, request, nowNs);
                if (isInTime(finishNs, request)) {
                    return report(request, finishNs, copy.device, "holds it (" + copy.state + ")", nowNs);
                }
            }
        }
        return isWithoutLoad(model, model.artifact, request, nowNs);
    }

    private boolean isWithoutWay(final Request request, final long nowNs) {
        final int id = request.model.artifact.id;
        final ArtifactPlan artifact = id < artifacts.length ? artifacts[id] : null;
        return artifact == null || artifact.artifact != request.model.artifact
            || isWithoutLoad(null, artifact, request, nowNs);
    }

    private boolean isWithoutLoad(
        final ModelPlan model, final ArtifactPlan artifact, final Request request, final long nowNs) {
        for (final DevicePromises promises : devices) {
            if (promises == null || !promises.device.isUsable() || !artifact.isInstalledOn(promises.device)
                || model != null && model.copyOn(promises.device) != null) {
                continue;
            }
            final long finishNs = finishAfterLoadNs(promises, artifact, request, nowNs);
            if (isInTime(finishNs, request)) {
                if (hasRoom(promises.device, artifact.artifact.pages)) {
                    return report(request, finishNs, promises.device, "could load it", nowNs);
                }
                counts.withoutRoom++;
            }
        }
        return true;
    }

    private long finishNs(final Residency copy, final Request request, final long nowNs) {
        final ArtifactPlan artifact = copy.plan.artifact;
        final long hopNs = copy.device.worker.hopNs();
        final long knownNs = copy.state == Residency.State.LOADED ? nowNs : copy.readyNs + hopNs;
        final long readyNs = later(nowNs, knownNs) + hopNs + bulkNs(request) + artifact.copyInNs(0);
        return later(readyNs, promisesOf(copy.device, nowNs).execution.freeNs()) + afterNs(artifact, hopNs);
    }

    private long finishAfterLoadNs(
        final DevicePromises promises, final ArtifactPlan artifact, final Request request, final long nowNs) {
        final long hopNs = promises.device.worker.hopNs();
        final Residency planned = promises.device.planned();
        final long promisedNs = promises.loading.freeNs();
        final long freeNs = planned == null ? promisedNs : later(promisedNs, planned.readyNs);
        final long readyNs = later(nowNs + hopNs, freeNs) + artifact.artifact.profile.loadNs()
            + 2 * hopNs + bulkNs(request) + artifact.copyInNs(0);
        return later(readyNs, promises.execution.freeNs()) + afterNs(artifact, hopNs);
    }

    /** From the start of an execution of one request to the departure of its response. */
    private long afterNs(final ArtifactPlan artifact, final long hopNs) {
        return artifact.artifact.profile.executeNs(0) + artifact.copyOutNs(0) + hopNs + marginNs;
    }

    private long bulkNs(final Request request) {
        return request.inputBytes <= inlineBytes ? 0 : request.inputBytes * 1000L / bulkBytesPerUs;
    }

    /** Whether pages are free, on their way, or held by copies that nothing uses or waits for; slow, and rarely asked. */
    private boolean hasRoom(final DevicePlan device, final int pages) {
        long room = device.state.freePages;
        for (final ModelPlan model : models) {
            final Residency copy = model == null ? null : model.copyOn(device);
            if (copy != null && (copy.state == Residency.State.UNLOADING
                || copy.state == Residency.State.LOADED && copy.uses == 0 && model.queue.isEmpty())) {
                room += copy.pages;
            }
        }
        return room >= pages;
    }

    private static boolean isInTime(final long finishNs, final Request request) {
        return finishNs + TOLERANCE_NS - request.deadlineNs <= 0;
    }

    private boolean report(
        final Request request, final long finishNs, final DevicePlan device, final String why, final long nowNs) {
        findings.report(Check.REFUSAL, "model " + request.model.name + " was refused "
            + (nowNs - request.arrivalNs) + " ns after it came, " + (request.deadlineNs - nowNs)
            + " ns before its deadline; device " + device.slot + ' ' + why + " and would have answered "
            + (request.deadlineNs - finishNs) + " ns before it");
        return false;
    }

    private DevicePromises promisesOf(final DevicePlan device, final long nowNs) {
        if (device.slot >= devices.length) {
            devices = Arrays.copyOf(devices, Math.max(device.slot + 1, devices.length * 2));
        }
        DevicePromises promises = devices[device.slot];
        if (promises == null || promises.device != device) {
            promises = new DevicePromises(device, nowNs);
            devices[device.slot] = promises;
        }
        return promises;
    }

    private void note(final ModelPlan model) {
        if (model.index >= models.length) {
            models = Arrays.copyOf(models, Math.max(model.index + 1, models.length * 2));
            failedUntilNs = Arrays.copyOf(failedUntilNs, models.length);
        }
        if (models[model.index] != model) {
            models[model.index] = model;
            failedUntilNs[model.index] = Long.MIN_VALUE / 2;
            final int id = model.artifact.artifact.id;
            if (id >= artifacts.length) {
                artifacts = Arrays.copyOf(artifacts, Math.max(id + 1, artifacts.length * 2));
            }
            artifacts[id] = model.artifact;
        }
    }

    private static long later(final long a, final long b) {
        return a - b > 0 ? a : b;
    }
}
