package org.clockwork.worker.install;

import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.Status;

/** Sends how an artifact fares. */
@FunctionalInterface
public interface ArtifactReport {
    /** One ARTIFACT-STATE; false if the link takes nothing now. */
    boolean send(Artifact artifact, ArtifactPhase phase, Status status, long transferId, String detail);
}
