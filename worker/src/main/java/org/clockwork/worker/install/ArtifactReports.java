package org.clockwork.worker.install;

import java.util.ArrayDeque;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.Status;

/** What is still to be said of artifacts; each is reported in the state that it has by then. Owned by the worker agent. */
final class ArtifactReports {
    private static final int MAX_PER_CYCLE = 16;
    private final ArtifactReport publisher;
    private final ArrayDeque<Artifact> waiting = new ArrayDeque<>();

    ArtifactReports(final ArtifactReport publisher) {
        this.publisher = publisher;
    }

    int size() {
        return waiting.size();
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    void add(final Artifact artifact) {
        if (!artifact.isReportPending && artifact.id != Artifact.NO_ID) {
            artifact.isReportPending = true;
            waiting.add(artifact);
        }
    }

    void clear() {
        waiting.forEach(artifact -> artifact.isReportPending = false);
        waiting.clear();
    }

    /** Sends what the link takes; returns how much of the line is done. */
    int send() {
        int done = 0;
        while (!waiting.isEmpty() && done < MAX_PER_CYCLE) {
            final Artifact artifact = waiting.peek();
            if (artifact.id != Artifact.NO_ID && !send(artifact)) {
                break;
            }
            artifact.isReportPending = false;
            waiting.poll();
            done++;
        }
        return done;
    }

    private boolean send(final Artifact artifact) {
        return switch (artifact.state) {
            case RECEIVING -> publisher.send(artifact, ArtifactPhase.NEED_FILE, Status.NEED_FILE, artifact.transferId, "");
            case READY -> publisher.send(artifact, ArtifactPhase.READY, Status.OK, 0, "");
            case FAILED -> publisher.send(artifact, ArtifactPhase.FAILED, artifact.status, 0, artifact.detail);
            default -> publisher.send(artifact, ArtifactPhase.COMPILING, Status.OK, 0, "");
        };
    }
}
