package org.clockwork.worker.install;

import java.util.Queue;
import org.clockwork.worker.store.IncomingFile;

/** Compares the digest of a whole file and keeps it. */
final class FinishTask extends InstallTask {
    private final Installer installer;
    private final Artifact artifact;
    private final IncomingFile file;

    FinishTask(
            final Queue<InstallTask> done, final Installer installer, final Artifact artifact, final IncomingFile file) {
        super(done);
        this.installer = installer;
        this.artifact = artifact;
        this.file = file;
    }

    @Override
    void perform() throws Exception {
        file.finish();
    }

    @Override
    void complete(final long nowNs) {
        installer.onFinished(artifact, failure);
    }
}
