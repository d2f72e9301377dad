package org.clockwork.worker.install;

import java.util.Queue;
import org.clockwork.worker.store.IncomingFile;

/** Deletes what came of a file. */
final class AbortTask extends InstallTask {
    private final IncomingFile file;

    AbortTask(final Queue<InstallTask> done, final IncomingFile file) {
        super(done);
        this.file = file;
    }

    @Override
    void perform() {
        file.abort();
    }

    @Override
    void complete(final long nowNs) {
        // Nobody waits for it.
    }
}
