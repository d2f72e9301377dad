package org.clockwork.worker.install;

/**
 * Bounds of installing.
 *
 * @param maxArtifacts      in the table.
 * @param maxFileBytes      of one model file.
 * @param chunkBuffers      FILE-CHUNKs that may wait for the disk.
 * @param transferTimeoutNs silence after which a transfer is given up.
 * @param unusedTimeoutNs   after a session's start, when artifacts that its controller has not asked for are closed.
 */
public record InstallLimits(
    int maxArtifacts, long maxFileBytes, int chunkBuffers, long transferTimeoutNs, long unusedTimeoutNs) {
}
