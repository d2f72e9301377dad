package org.clockwork.controller.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.storage.IncomingFile;
import org.clockwork.controller.storage.ModelFiles;
import org.clockwork.controller.storage.Storage;
import org.clockwork.controller.storage.StorageTask;
import org.clockwork.controller.wire.Times;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.Status;

/**
 * Model files on their way from clients: chunks are copied into buffers of a limited pool and written beside the agent.
 * While the pool has no room for what one cycle may bring, clients' bulk lanes are left alone. Owned by the controller
 * agent.
 */
final class Uploads {
    private static final int POOL_LIMIT = 128;

    private final Upload[] uploads;
    private final int[] generations;
    private final ModelFiles store;
    private final Storage storage;
    private final long timeoutNs;
    private final Ended ended;
    private final ControllerCounters counters;
    private final ArrayDeque<WriteTask> pool = new ArrayDeque<>();
    private int pooled;
    private int count;

    /** Told of the one end of each upload. */
    interface Ended {
        /** OK: the file is in the store. */
        void onEnded(Upload upload, Status status, String detail, long nowNs);

        /** The file is in the store, but the session that sent it is gone. */
        void onOrphaned(Upload upload);
    }

    Uploads(
        final int maxUploads,
        final ModelFiles store,
        final Storage storage,
        final long timeoutNs,
        final Ended ended,
        final ControllerCounters counters) {
        uploads = new Upload[maxUploads];
        generations = new int[maxUploads];
        this.store = store;
        this.storage = storage;
        this.timeoutNs = timeoutNs;
        this.ended = ended;
        this.counters = counters;
    }

    /** Whether one more upload may begin. */
    boolean hasRoom() {
        return count < uploads.length;
    }

    /** Whether so many chunks for each upload can be taken now. */
    boolean hasRoomForChunks(final int each) {
        return count == 0 || Math.min(POOL_LIMIT - pooled + pool.size(), storage.free() - 2 * uploads.length) >= each * count;
    }

    /** Begins an upload; its id is for the client's chunks. */
    Upload begin(final ClientSession session, final Registration registration, final long nowNs) {
        int index = 0;
        while (uploads[index] != null) {
            index++;
        }
        generations[index] = generations[index] == Integer.MAX_VALUE ? 1 : generations[index] + 1;
        final long id = Ids.id(generations[index], index);
        final IncomingFile file = new IncomingFile(store, id, registration.fileName(), ArtifactKey.sha256());
        final Upload upload = new Upload(id, index, session, registration, file);
        upload.lastChunkNs = nowNs;
        uploads[index] = upload;
        count++;
        return upload;
    }

    /** Takes the next bytes of a file. */
    void onChunk(final ClientSession session, final FileChunkDecoder chunk, final DirectBuffer bytes, final long nowNs) {
        final long id = chunk.transferId();
        final int index = Ids.index(id);
        final Upload upload = index < 0 || index >= uploads.length ? null : uploads[index];
        if (upload == null || upload.id != id || upload.session != session || upload.isComplete) {
            counters.increment(ControllerCounter.CHUNKS_DROPPED);
            return;
        }
        final int length = bytes.capacity();
        final long fileLength = upload.registration.fileLength;
        if (chunk.position() != upload.position || chunk.totalLength() != fileLength
            || length == 0 || length > Protocol.MAX_CHUNK_BYTES || length > fileLength - upload.position) {
            counters.increment(ControllerCounter.CHUNKS_DROPPED);
            fail(upload, Status.MALFORMED_MESSAGE, "chunk at position " + chunk.position() + " of " + length
                + " bytes, expected position " + upload.position + " of a file of " + fileLength, nowNs);
            return;
        }
        final WriteTask task = takeBuffer();
        if (task == null || !storage.submit(task.of(upload, bytes))) {
            giveBack(task);
            fail(upload, Status.STORAGE_FULL, "the disk is slower than the file comes", nowNs);
            return;
        }
        upload.position += length;
        upload.lastChunkNs = nowNs;
        if (upload.position == fileLength) {
            upload.isComplete = true;
            if (!storage.submit(new FinishTask(upload))) {
                fail(upload, Status.STORAGE_FULL, "the disk is slower than the file comes", nowNs);
            }
        }
    }

    void onSessionClosed(final ClientSession session) {
        for (int i = 0; i < uploads.length; i++) {
            if (uploads[i] != null && uploads[i].session == session) {
                remove(uploads[i]);
            }
        }
    }

    int tick(final long nowNs) {
        int work = 0;
        for (int i = 0; i < uploads.length && count > 0; i++) {
            final Upload upload = uploads[i];
            if (upload != null && !upload.isComplete && nowNs - upload.lastChunkNs - timeoutNs >= 0) {
                fail(upload, Status.TRANSFER_TIMED_OUT, "no chunk for " + timeoutNs / 1_000_000 + " ms at position "
                    + upload.position + " of " + upload.registration.fileLength, nowNs);
                work++;
            }
        }
        return work;
    }

    long nextWakeNs() {
        long wakeNs = Long.MAX_VALUE;
        for (int i = 0; i < uploads.length && count > 0; i++) {
            if (uploads[i] != null && !uploads[i].isComplete) {
                wakeNs = Times.earlierWake(wakeNs, uploads[i].lastChunkNs + timeoutNs);
            }
        }
        return wakeNs;
    }

    private void fail(final Upload upload, final Status status, final String detail, final long nowNs) {
        remove(upload);
        ended.onEnded(upload, status, detail, nowNs);
    }

    /** Forgets an upload, and has the storage thread forget it. */
    private void remove(final Upload upload) {
        uploads[upload.index] = null;
        count--;
        storage.submit(new AbandonTask(upload));
    }

    private WriteTask takeBuffer() {
        final WriteTask task = pool.pollFirst();
        if (task == null && pooled < POOL_LIMIT) {
            pooled++;
            return new WriteTask();
        }
        return task;
    }

    private void giveBack(final WriteTask task) {
        if (task != null) {
            task.upload = null;
            pool.addFirst(task);
        }
    }

    private boolean isCurrent(final Upload upload) {
        return uploads[upload.index] == upload;
    }

    /** Writes one chunk; pooled with its buffer. */
    private final class WriteTask extends StorageTask {
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(Protocol.MAX_CHUNK_BYTES);
        private final UnsafeBuffer view = new UnsafeBuffer(buffer);
        private Upload upload;

        WriteTask of(final Upload newUpload, final DirectBuffer bytes) {
            upload = newUpload;
            buffer.clear().limit(bytes.capacity());
            bytes.getBytes(0, view, 0, bytes.capacity());
            return this;
        }

        @Override
        protected void execute() throws IOException {
            upload.file.append(buffer);
        }

        @Override
        protected void onDone(final IOException why, final long nowNs) {
            final Upload written = upload;
            giveBack(this);
            if (why != null && isCurrent(written)) {
                fail(written, Status.STORAGE_FULL, why.getMessage(), nowNs);
            }
        }
    }

    /** Gives a complete file its name. */
    private final class FinishTask extends StorageTask {
        private final Upload upload;

        FinishTask(final Upload upload) {
            this.upload = upload;
        }

        @Override
        protected void execute() throws IOException {
            upload.file.finish();
        }

        @Override
        protected void onDone(final IOException why, final long nowNs) {
            if (!isCurrent(upload)) {
                if (why == null) {
                    ended.onOrphaned(upload);
                }
                return;
            }
            uploads[upload.index] = null;
            count--;
            if (why == null) {
                counters.increment(ControllerCounter.FILES_RECEIVED);
                ended.onEnded(upload, Status.OK, "", nowNs);
            } else {
                final boolean isChecksum = why instanceof IncomingFile.ChecksumException;
                ended.onEnded(upload, isChecksum ? Status.CHECKSUM_MISMATCH : Status.STORAGE_FULL, why.getMessage(), nowNs);
            }
        }
    }

    /** Leaves nothing of a file behind. */
    private static final class AbandonTask extends StorageTask {
        private final Upload upload;

        AbandonTask(final Upload upload) {
            this.upload = upload;
        }

        @Override
        protected void execute() throws IOException {
            upload.file.abandon();
        }

        @Override
        protected void onDone(final IOException why, final long nowNs) {
            // a file that can't be deleted goes when the controller starts again
        }
    }
}
