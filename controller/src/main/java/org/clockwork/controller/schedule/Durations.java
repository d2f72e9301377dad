package org.clockwork.controller.schedule;

import org.clockwork.controller.model.Profile;
import org.clockwork.controller.request.Request;

/**
 * How long things are expected to take: profiles, copies, hops and the margin that is kept for what nobody measures.
 * Everything a policy promises is computed here. Owned by the controller agent.
 */
public final class Durations {
    /** Guess for a LOAD that was never measured: a fixed part, and bytes at this many to a nanosecond. */
    private static final long FIRST_LOAD_NS = 1_000_000L;
    private static final long FIRST_LOAD_BYTES_PER_NS = 4;
    /** Giving pages back is bookkeeping. */
    private static final long UNLOAD_NS = 1_000L;

    private final long marginNs;
    private final int inlineBytes;
    private final long bulkBytesPerUs;

    /**
     * @param marginNs       kept between the expected arrival of a result and the deadline.
     * @param inlineBytes    inputs above this travel on the bulk lane.
     * @param bulkBytesPerUs at which they do.
     */
    public Durations(final long marginNs, final int inlineBytes, final long bulkBytesPerUs) {
        this.marginNs = marginNs;
        this.inlineBytes = inlineBytes;
        this.bulkBytesPerUs = bulkBytesPerUs;
    }

    /** Index of the largest batch size that a model can run on a device; -1 if none was measured. */
    public int maxBatchIndex(final ArtifactPlan artifact, final DevicePlan device) {
        int index = artifact.artifact.profile.batchSizeCount() - 1;
        while (index > 0 && Profile.batchSize(index) > device.state.maxBatch) {
            index--;
        }
        return index;
    }

    /** Expected execution of a batch. */
    public long executeNs(final ArtifactPlan artifact, final int batchIndex) {
        return artifact.artifact.profile.executeNs(batchIndex);
    }

    /** Expected time to execute one request of many that wait. */
    public long executePerRequestNs(final ArtifactPlan artifact, final int waiting) {
        final int count = artifact.artifact.profile.batchSizeCount();
        if (count == 0) {
            return 1;
        }
        final int index = Math.min(count - 1, 31 - Integer.numberOfLeadingZeros(Math.max(1, waiting)));
        return Math.max(1, artifact.artifact.profile.executeNs(index) / Profile.batchSize(index));
    }

    /** Expected duration of a LOAD. */
    public long loadNs(final ArtifactPlan artifact) {
        final long measuredNs = artifact.artifact.profile.loadNs();
        return measuredNs > 0 ? measuredNs : FIRST_LOAD_NS + artifact.artifact.weightsBytes / FIRST_LOAD_BYTES_PER_NS;
    }

    /** Expected duration of an UNLOAD. */
    public long unloadNs() {
        return UNLOAD_NS;
    }

    /** When the inputs of a batch that is sent now would be on the device. */
    public long readyNs(final Residency copy, final int batchIndex, final Request head, final long nowNs) {
        final ArtifactPlan artifact = copy.plan.artifact;
        final long hopNs = copy.device.worker.hopNs();
        long sendNs = nowNs;
        if (copy.state != Residency.State.LOADED) {
            final long knownNs = copy.readyNs + hopNs;
            sendNs = knownNs - nowNs > 0 ? knownNs : nowNs;
        }
        return sendNs + hopNs + bulkNs(head, Profile.batchSize(batchIndex)) + artifact.copyInNs(batchIndex);
    }

    /** What the way of a model's next batch to its device takes beside a hop. */
    public long leadNs(final Residency copy) {
        final Request head = copy.plan.queue.first();
        if (head == null) {
            return 0;
        }
        final ArtifactPlan artifact = copy.plan.artifact;
        final int index = Math.max(0,
            Math.min(Profile.indexOf(copy.plan.queue.size()), maxBatchIndex(artifact, copy.device)));
        return copy.device.worker.hopNs() + bulkNs(head, Profile.batchSize(index)) + artifact.copyInNs(index);
    }

    /** From the end of an execution to the departure of the response. */
    public long afterNs(final ArtifactPlan artifact, final DevicePlan device, final int batchIndex) {
        return artifact.copyOutNs(batchIndex) + device.worker.hopNs() + marginNs;
    }

    /** When the response could leave if a batch were sent to this copy now. */
    public long finishNs(final Residency copy, final int batchIndex, final Request head, final long nowNs) {
        final ArtifactPlan artifact = copy.plan.artifact;
        return copy.device.execution.startNs(readyNs(copy, batchIndex, head, nowNs))
            + executeNs(artifact, batchIndex) + afterNs(artifact, copy.device, batchIndex);
    }

    /** From the decision to send a batch to the departure of its response, if nothing has to wait. */
    public long wayNs(final Residency copy, final int batchIndex, final Request head) {
        final ArtifactPlan artifact = copy.plan.artifact;
        return copy.device.worker.hopNs() + bulkNs(head, Profile.batchSize(batchIndex)) + artifact.copyInNs(batchIndex)
            + executeNs(artifact, batchIndex) + afterNs(artifact, copy.device, batchIndex);
    }

    /** The same if all goes as well as it lately did at best. */
    public long leastWayNs(final ArtifactPlan artifact, final DevicePlan device, final Request head) {
        return 2 * device.worker.hopNs() + bulkNs(head, 1) + artifact.artifact.profile.leastExecuteNs(0);
    }

    /** The same for a model that has to be loaded first. */
    public long leastLoadWayNs(final ArtifactPlan artifact, final DevicePlan device, final Request head) {
        return 2 * device.worker.hopNs() + artifact.artifact.profile.leastLoadNs() + leastWayNs(artifact, device, head);
    }

    /** From the decision to load a model to the departure of a response, if nothing has to wait. */
    public long loadWayNs(final ArtifactPlan artifact, final DevicePlan device, final Request head) {
        return 3 * device.worker.hopNs() + loadNs(artifact) + bulkNs(head, 1) + artifact.copyInNs(0)
            + executeNs(artifact, 0) + afterNs(artifact, device, 0);
    }

    /** When the response could leave if the model were loaded on a device whose load engine is free from a time on. */
    public long finishAfterLoadNs(
        final ArtifactPlan artifact, final DevicePlan device, final long loadFreeNs, final Request head, final long nowNs) {
        final long hopNs = device.worker.hopNs();
        final long atDeviceNs = nowNs + hopNs;
        final long loadStartNs = loadFreeNs - atDeviceNs > 0 ? loadFreeNs : atDeviceNs;
        final long readyNs = loadStartNs + loadNs(artifact) + 2 * hopNs + bulkNs(head, 1) + artifact.copyInNs(0);
        return device.execution.startNs(readyNs) + executeNs(artifact, 0) + afterNs(artifact, device, 0);
    }

    private long bulkNs(final Request head, final int batchSize) {
        return head.inputBytes <= inlineBytes ? 0 : (long) head.inputBytes * batchSize * 1000 / bulkBytesPerUs;
    }
}
