package org.clockwork.worker.install;

/** Where an artifact is in its life on this worker. */
public enum ArtifactState {
    /** Stands in the line of those to be installed. */
    WAITING,
    /** The store is being asked for its file. */
    CHECKING,
    /** The store lacks the file; its chunks are expected or arriving. */
    RECEIVING,
    /** All chunks are here; the store compares the digest and keeps the file. */
    VERIFYING,
    /** Being compiled. */
    COMPILING,
    /** Can be loaded. */
    READY,
    /** Cannot be used here; it may be asked for again. */
    FAILED,
    /** No longer in the table. */
    GONE
}
