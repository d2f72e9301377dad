package org.clockwork.controller.model;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.agrona.collections.IntArrayQueue;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;

/** How the artifacts fare on one worker. Owned by the controller agent. */
final class Deployment {
    /** Where an artifact is. */
    enum Phase {
        /** Not there, and not meant to be. */
        ABSENT,
        /** To be installed. */
        PENDING,
        /** INSTALL-ARTIFACT was sent; the worker has not come to an end with it. */
        SENT,
        /** Can be loaded. */
        READY,
        /** Can't be run there. */
        FAILED
    }

    final WorkerState worker;
    final IntArrayQueue pending = new IntArrayQueue();
    final ArrayDeque<FileFeed> feeds = new ArrayDeque<>(1);
    /** Artifacts sent and not at an end. */
    int installing;
    private final Phase[] phases;

    Deployment(final WorkerState worker, final int maxArtifacts) {
        this.worker = worker;
        phases = new Phase[maxArtifacts];
        Arrays.fill(phases, Phase.ABSENT);
    }

    Phase phase(final int artifactId) {
        return phases[artifactId];
    }

    void phase(final int artifactId, final Phase phase) {
        installing += (phase == Phase.SENT ? 1 : 0) - (phases[artifactId] == Phase.SENT ? 1 : 0);
        phases[artifactId] = phase;
    }

    /** Files run on devices that compute, profiles on those that only take time. */
    boolean suits(final Artifact artifact) {
        return worker.isComputing() == artifact.profileName.isEmpty();
    }

    int largestDevicePages() {
        int pages = 0;
        for (final DeviceState device : worker.devices) {
            pages = Math.max(pages, device.isLost ? 0 : device.totalPages);
        }
        return pages;
    }
}
