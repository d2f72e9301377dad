package org.clockwork.controller.schedule;

/**
 * How the measuring of one artifact stands: which batch size, which repetition, on which device. Owned by the
 * controller agent.
 */
final class Measurement {
    final ArtifactPlan artifact;
    final long[] durationsNs;
    /** Where; null while no device is free for it. */
    DevicePlan device;
    /** Batch size being measured, as an index of profiles. */
    int batchIndex;
    /** Repetitions of it that were done. */
    int repetitions;
    /** Median of the batch size before, per request. */
    long bestPerRequestNs;
    /** Whether an action for it is on its way. */
    boolean isRunning;
    /** From then on it no longer waits for the device to be idle. */
    long patienceNs;
    /** Before this, nothing more is tried for it. */
    long pausedUntilNs;
    int failures;

    Measurement(final ArtifactPlan artifact, final int repetitions, final long nowNs) {
        this.artifact = artifact;
        durationsNs = new long[repetitions];
        pausedUntilNs = nowNs;
    }
}
