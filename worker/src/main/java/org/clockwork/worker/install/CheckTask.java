package org.clockwork.worker.install;

import java.util.Queue;
import org.clockwork.worker.store.IncomingFile;
import org.clockwork.worker.store.ModelStore;

/** Looks for an artifact's file; where it is missing, makes ready to receive it. */
final class CheckTask extends InstallTask {
    private final Installer installer;
    private final Artifact artifact;
    private final ModelStore store;
    private IncomingFile file;

    CheckTask(
            final Queue<InstallTask> done, final Installer installer, final Artifact artifact, final ModelStore store) {
        super(done);
        this.installer = installer;
        this.artifact = artifact;
        this.store = store;
    }

    @Override
    void perform() throws Exception {
        if (!store.contains(artifact.fileHash, artifact.fileLength)) {
            file = store.receive(artifact.fileHash, artifact.fileLength);
        }
    }

    @Override
    void complete(final long nowNs) {
        installer.onChecked(artifact, file, failure, nowNs);
    }
}
