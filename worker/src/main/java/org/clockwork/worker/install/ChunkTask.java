package org.clockwork.worker.install;

import java.nio.ByteBuffer;
import java.util.Queue;
import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.worker.store.IncomingFile;

/** Writes one chunk of a file; pooled. The number of these bounds what waits for the disk. */
final class ChunkTask extends InstallTask {
    private final Installer installer;
    /** Allocated when it is first needed, which on many workers is never. */
    private ByteBuffer bytes;
    private IncomingFile file;
    Artifact artifact;

    ChunkTask(final Queue<InstallTask> done, final Installer installer) {
        super(done);
        this.installer = installer;
    }

    void fill(final Artifact owner, final IncomingFile target, final DirectBuffer buffer, final int offset, final int length) {
        artifact = owner;
        file = target;
        if (bytes == null) {
            bytes = ByteBuffer.allocateDirect(Protocol.MAX_MESSAGE_BYTES);
        }
        bytes.clear();
        buffer.getBytes(offset, bytes, 0, length);
        bytes.limit(length);
    }

    @Override
    void perform() throws Exception {
        file.write(bytes);
    }

    @Override
    void complete(final long nowNs) {
        final Artifact owner = artifact;
        artifact = null;
        file = null;
        installer.onChunkWritten(this, owner, failure);
    }
}
