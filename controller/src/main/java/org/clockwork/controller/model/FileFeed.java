package org.clockwork.controller.model;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.storage.FilePort;
import org.clockwork.controller.storage.ModelFiles;
import org.clockwork.controller.storage.Storage;
import org.clockwork.controller.storage.StorageTask;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.FileChunkEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.link.Link;

/**
 * A model file on its way to a worker: a few chunks are read ahead beside the agent, and sent as the bulk lane takes
 * them. Owned by the controller agent, but for the open file.
 */
final class FileFeed {
    private static final int READ_AHEAD = 4;
    private static final int CHUNKS_A_ROUND = 4;

    final WorkerState worker;
    final Artifact artifact;
    final long transferId;

    private final ModelFiles store;
    private final Storage storage;
    private final String sha256;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final FileChunkEncoder chunk = new FileChunkEncoder();
    private final UnsafeBuffer prefix = new UnsafeBuffer(
        new byte[MessageHeaderEncoder.ENCODED_LENGTH + FileChunkEncoder.BLOCK_LENGTH + FileChunkEncoder.bytesHeaderLength()]);
    private final ArrayDeque<ReadTask> idle = new ArrayDeque<>();
    private final ArrayDeque<ReadTask> ready = new ArrayDeque<>();
    private long readPosition;
    private long sentPosition;
    private boolean isOver;
    private IOException failure;
    /** Owned by the storage thread. */
    private FilePort.Source source;

    FileFeed(
        final WorkerState worker, final Artifact artifact, final long transferId, final String sha256,
        final ModelFiles store, final Storage storage) {
        this.worker = worker;
        this.artifact = artifact;
        this.transferId = transferId;
        this.sha256 = sha256;
        this.store = store;
        this.storage = storage;
        for (int i = 0; i < READ_AHEAD; i++) {
            idle.add(new ReadTask());
        }
    }

    /**
     * Sends and reads on.
     *
     * @return chunks sent.
     */
    int poll() {
        int sent = 0;
        while (!isOver && sent < CHUNKS_A_ROUND && !ready.isEmpty() && send(ready.peekFirst())) {
            final ReadTask task = ready.removeFirst();
            sentPosition += task.length;
            idle.addLast(task);
            sent++;
        }
        while (!isOver && failure == null && readPosition < artifact.fileLength && !idle.isEmpty()) {
            final ReadTask task = idle.peekFirst();
            task.position = readPosition;
            task.length = (int) Math.min(Protocol.MAX_CHUNK_BYTES, artifact.fileLength - readPosition);
            if (!storage.submit(task)) {
                break;
            }
            idle.removeFirst();
            readPosition += task.length;
        }
        return sent;
    }

    boolean isComplete() {
        return sentPosition == artifact.fileLength;
    }

    /** Why the file can't be read, or null. */
    IOException failure() {
        return failure;
    }

    /** Ends it, whether complete or not. */
    void close() {
        if (!isOver) {
            isOver = true;
            storage.submit(new CloseTask());
        }
    }

    private boolean send(final ReadTask task) {
        chunk.wrapAndApplyHeader(prefix, 0, header)
            .sessionId(0)
            .transferId(transferId)
            .position(task.position)
            .totalLength(artifact.fileLength);
        prefix.putInt(prefix.capacity() - FileChunkEncoder.bytesHeaderLength(), task.length, FileChunkEncoder.BYTE_ORDER);
        return worker.link.offer(Link.BULK, prefix, 0, prefix.capacity(), task.view, 0, task.length);
    }

    /** Reads one chunk. */
    private final class ReadTask extends StorageTask {
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(Protocol.MAX_CHUNK_BYTES);
        private final UnsafeBuffer view = new UnsafeBuffer(buffer);
        private long position;
        private int length;

        @Override
        protected void execute() throws IOException {
            if (source == null) {
                source = store.port().open(store.path(sha256));
            }
            buffer.clear().limit(length);
            while (buffer.hasRemaining()) {
                if (source.read(buffer, position + buffer.position()) < 0) {
                    throw new EOFException(store.path(sha256) + " ends before " + (position + length));
                }
            }
        }

        @Override
        protected void onDone(final IOException why, final long nowNs) {
            if (why != null && failure == null) {
                failure = why;
            } else {
                ready.addLast(this);
            }
        }
    }

    /** Closes the file. */
    private final class CloseTask extends StorageTask {
        @Override
        protected void execute() throws IOException {
            if (source != null) {
                source.close();
                source = null;
            }
        }

        @Override
        protected void onDone(final IOException why, final long nowNs) {
            // nothing was written
        }
    }
}
