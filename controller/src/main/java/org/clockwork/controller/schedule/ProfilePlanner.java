package org.clockwork.controller.schedule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.model.ModelCatalogue;
import org.clockwork.controller.model.Profile;
import org.clockwork.schema.codec.Status;

/**
 * Measures artifacts of which nothing is known: loads one of their models on a device, executes growing batches a few
 * times each, and stops past the batch size that no longer raises the throughput. A device measures one artifact at a
 * time, and only while it is idle and nobody's deadline suffers, until patience runs out. Owned by the controller agent.
 */
public final class ProfilePlanner {
    private static final long NEVER = Long.MAX_VALUE;
    private static final long FIRST_GUESS_NS = 50_000_000L;
    private static final long FAILURE_PAUSE_NS = 200_000_000L;
    /** A larger batch is of use if it makes a request at least this much cheaper, in percent. */
    private static final int LEAST_GAIN_PERCENT = 3;

    private final MemoryMirror mirror;
    private final ActionStarter starter;
    private final ModelCatalogue catalogue;
    private final int repetitions;
    private final long patienceNs;
    private final List<Measurement> measurements = new ArrayList<>();
    private boolean hasChanged;
    private long wakeNs = NEVER;

    /**
     * @param repetitions of each batch size that count, after one that does not.
     * @param patienceNs  that a measurement waits for an idle device before it goes ahead of other work.
     */
    public ProfilePlanner(
        final MemoryMirror mirror,
        final ActionStarter starter,
        final ModelCatalogue catalogue,
        final int repetitions,
        final long patienceNs) {
        this.mirror = mirror;
        this.starter = starter;
        this.catalogue = catalogue;
        this.repetitions = repetitions;
        this.patienceNs = patienceNs;
    }

    /** An artifact can be loaded somewhere: it is measured, or reported at once if its durations are known. */
    public void onInstalled(final ArtifactPlan artifact, final long nowNs) {
        hasChanged = true;
        if (artifact.artifact.isProfiled || artifact.measurement != null) {
            return;
        }
        if (artifact.artifact.profile.batchSizeCount() > 0) {
            catalogue.onProfiled(artifact.artifact, nowNs);
        } else {
            artifact.measurement = new Measurement(artifact, repetitions + 1, nowNs);
            measurements.add(artifact.measurement);
        }
    }

    /** Something changed that a measurement may have waited for. */
    public void onDeviceChanged() {
        hasChanged = true;
    }

    /** A device takes no more actions. */
    void onDeviceGone(final DevicePlan device) {
        hasChanged = true;
        if (device.measuring != null) {
            leave(device.measuring.measurement);
        }
    }

    /** Measurements that are not over. */
    public int pending() {
        return measurements.size();
    }

    /** A PROFILE has ended; {@code executeNs} is its duration if it was done. */
    public void onProfileEnded(final Action action, final Status status, final long executeNs, final long nowNs) {
        hasChanged = true;
        final ArtifactPlan artifact = action.copy.plan.artifact;
        final Measurement measurement = artifact.measurement;
        if (measurement == null || measurement.device != action.device || measurement.batchIndex != action.batchIndex) {
            return;
        }
        measurement.isRunning = false;
        measurement.patienceNs = nowNs + patienceNs;
        if (status != Status.OK) {
            measurement.failures++;
            measurement.pausedUntilNs = nowNs + FAILURE_PAUSE_NS * Math.min(measurement.failures, 50);
            return;
        }
        measurement.durationsNs[measurement.repetitions++] = executeNs;
        if (measurement.repetitions == measurement.durationsNs.length) {
            conclude(measurement, nowNs);
        }
    }

    /**
     * Sends the measurement on a device that is open ahead of all that waits for it, if its patience has run out.
     *
     * @return whether one was sent.
     */
    boolean sendIfImpatient(final DevicePlan device, final long nowNs) {
        final Measurement measurement = device.measuring == null ? null : device.measuring.measurement;
        return measurement != null && measurement.patienceNs - nowNs <= 0 && step(measurement, true, true, nowNs) > 0;
    }

    /** Starts what can be started now. */
    int schedule(final boolean isLoadWanted, final long nowNs) {
        if (measurements.isEmpty() || !hasChanged && (wakeNs == NEVER || wakeNs - nowNs > 0)) {
            return 0;
        }
        hasChanged = false;
        wakeNs = NEVER;
        int work = 0;
        for (int i = 0; i < measurements.size(); i++) {
            work += step(measurements.get(i), isLoadWanted, false, nowNs);
        }
        return work;
    }

    long nextWakeNs() {
        return measurements.isEmpty() ? NEVER : wakeNs;
    }

    /** Starts what can be started; a device that is open takes a measurement as it would take any batch. */
    private int step(
        final Measurement measurement, final boolean isLoadWanted, final boolean isOpen, final long nowNs) {
        final ModelPlan model = measurement.artifact.anyModel;
        if (model == null) {
            leave(measurement);
            return 0;
        }
        if (measurement.isRunning) {
            return 0;
        }
        if (measurement.pausedUntilNs - nowNs > 0) {
            wake(measurement.pausedUntilNs);
            return 0;
        }
        if (measurement.device == null && !findDevice(measurement, nowNs) || starter.isFull()) {
            return 0;
        }
        final boolean isPatient = measurement.patienceNs - nowNs > 0;
        final DevicePlan device = measurement.device;
        final Residency copy = copyOn(measurement, model);
        if (copy == null) {
            if (isPatient && isLoadWanted || device.planned != null || !mirror.plan(model, device, nowNs)) {
                wake(isPatient ? measurement.patienceNs : NEVER);
                return 0;
            }
            return 1;
        }
        if (copy.state != Residency.State.LOADED) {
            return 0;
        }
        final long expectedNs = expectedNs(measurement);
        if (device.execution.count() > 0 && isPatient || !device.waiting.isEmpty() && isPatient
            && device.waiting.first().waitingKey - (nowNs + expectedNs) < 0) {
            wake(measurement.patienceNs);
            return 0;
        }
        if (!isOpen && device.execution.freeNs() - nowNs > 0) {
            wake(device.execution.freeNs());
            return 0;
        }
        measurement.isRunning = true;
        starter.profile(copy, measurement.batchIndex, expectedNs, nowNs);
        return 1;
    }

    /** A copy of any model over the artifact will do; the one that measuring loads itself comes first. */
    private static Residency copyOn(final Measurement measurement, final ModelPlan model) {
        final Residency copy = model.copyOn(measurement.device);
        return copy != null && (copy.state == Residency.State.UNLOADING || copy.isUnwanted) ? null : copy;
    }

    private boolean findDevice(final Measurement measurement, final long nowNs) {
        final ArtifactPlan artifact = measurement.artifact;
        for (int i = 0; i < artifact.deviceCount(); i++) {
            final DevicePlan device = artifact.device(i);
            if (device.isUsable() && device.measuring == null) {
                device.measuring = artifact;
                measurement.device = device;
                measurement.batchIndex = 0;
                measurement.repetitions = 0;
                measurement.patienceNs = nowNs + patienceNs;
                return true;
            }
        }
        return false;
    }

    private long expectedNs(final Measurement measurement) {
        if (measurement.repetitions > 0) {
            return measurement.durationsNs[measurement.repetitions - 1];
        }
        return measurement.batchIndex == 0 ? FIRST_GUESS_NS
            : measurement.bestPerRequestNs * Profile.batchSize(measurement.batchIndex);
    }

    /** All repetitions of a batch size are in: keeps them if they are of use, and goes on or ends. */
    private void conclude(final Measurement measurement, final long nowNs) {
        final ArtifactPlan artifact = measurement.artifact;
        final int index = measurement.batchIndex;
        final long[] durationsNs = measurement.durationsNs;
        final long[] sorted = Arrays.copyOfRange(durationsNs, 1, durationsNs.length);
        Arrays.sort(sorted);
        final long perRequestNs = Math.max(1, sorted[sorted.length >> 1] / Profile.batchSize(index));
        final boolean isOfUse =
            index == 0 || perRequestNs * 100 < measurement.bestPerRequestNs * (100 - LEAST_GAIN_PERCENT);
        if (isOfUse) {
            for (int i = 1; i < durationsNs.length; i++) {
                artifact.artifact.profile.recordExecute(index, durationsNs[i]);
            }
        }
        final int limit = Math.min(artifact.artifact.maxBatch, measurement.device.state.maxBatch);
        if (isOfUse && index + 1 < Profile.batchSizeLimit() && Profile.batchSize(index + 1) <= limit) {
            measurement.bestPerRequestNs = perRequestNs;
            measurement.batchIndex++;
            measurement.repetitions = 0;
            return;
        }
        leave(measurement);
        measurements.remove(measurement);
        artifact.measurement = null;
        catalogue.onProfiled(artifact.artifact, nowNs);
    }

    /** Stops on the current device; what was measured of the current batch size is forgotten. */
    private void leave(final Measurement measurement) {
        if (measurement.device != null) {
            measurement.device.measuring = null;
            measurement.device = null;
            measurement.isRunning = false;
        }
    }

    private void wake(final long atNs) {
        wakeNs = atNs != NEVER && (wakeNs == NEVER || atNs - wakeNs < 0) ? atNs : wakeNs;
    }
}
