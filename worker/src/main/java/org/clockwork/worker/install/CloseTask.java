package org.clockwork.worker.install;

import java.util.Queue;
import org.agrona.ErrorHandler;

/** Frees a compiled model that no device holds. */
final class CloseTask extends InstallTask {
    private final Artifact artifact;
    private final ErrorHandler errorHandler;

    CloseTask(final Queue<InstallTask> done, final Artifact artifact, final ErrorHandler errorHandler) {
        super(done);
        this.artifact = artifact;
        this.errorHandler = errorHandler;
    }

    @Override
    void perform() {
        artifact.compiled().close();
    }

    @Override
    void complete(final long nowNs) {
        if (failure != null) {
            errorHandler.onError(failure);
        }
    }
}
