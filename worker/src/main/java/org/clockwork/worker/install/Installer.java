package org.clockwork.worker.install;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.agrona.DirectBuffer;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.clockwork.device.Backend;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;
import org.clockwork.worker.store.IncomingFile;
import org.clockwork.worker.store.ModelStore;
import org.clockwork.worker.store.StoreException;

/**
 * Makes artifacts loadable: asks for a file that is missing, has it written and compared, has it compiled, and tells the
 * controller at each change. One artifact at a time, so that writing a file never waits behind a compilation. All disk
 * work and all compiling happens on the executor; the rest is owned by the worker agent.
 */
public final class Installer {
    private static final int OTHER_TASKS = 64;
    private static final long POLL_NS = 1_000_000L;

    private final Backend backend;
    private final ModelStore store;
    private final Executor executor;
    private final WorkerCounters counters;
    private final ErrorHandler errorHandler;
    private final InstallLimits limits;
    private final Queue<InstallTask> done;
    private final ChunkTask[] freeChunks;
    private final ArtifactTable table = new ArtifactTable();
    private final ArrayDeque<Artifact> waiting = new ArrayDeque<>();
    private final ArtifactReports reports;
    private final ArrayDeque<Artifact> closing = new ArrayDeque<>();
    private int freeChunkCount;
    private int tasksOut;
    private Artifact current;
    private IncomingFile incoming;
    private long receivedBytes;
    private long lastChunkNs;
    private long nextTransferId = 1;
    private long sweepNs = Long.MAX_VALUE;

    /** An installer with nothing installed. */
    public Installer(
            final Backend backend, final ModelStore store, final Executor executor, final ArtifactReport publisher,
            final WorkerCounters counters, final ErrorHandler errorHandler, final InstallLimits limits) {
        this.backend = backend;
        this.store = store;
        this.executor = executor;
        reports = new ArtifactReports(publisher);
        this.counters = counters;
        this.errorHandler = errorHandler;
        this.limits = limits;
        done = new ManyToOneConcurrentArrayQueue<>(limits.chunkBuffers() + OTHER_TASKS);
        freeChunks = new ChunkTask[limits.chunkBuffers()];
        for (int i = 0; i < freeChunks.length; i++) {
            freeChunks[i] = new ChunkTask(done, this);
        }
        freeChunkCount = freeChunks.length;
    }

    /** An artifact that can be loaded, or null. */
    public Artifact ready(final int artifactId) {
        final Artifact artifact = table.find(artifactId);
        return artifact != null && artifact.isReady() ? artifact : null;
    }

    /** How many FILE-CHUNK messages can be taken now; while it is 0 the bulk lane is left alone. */
    public int chunkRoom() {
        return freeChunkCount;
    }

    /** INSTALL-ARTIFACT. */
    public void onInstall(
            final long epoch, final int artifactId, final String key, final String fileHash, final long fileLength,
            final int maxBatch, final Map<String, Integer> dimensions, final String profileName,
            final String options) {
        if (artifactId < 0 || reports.size() >= limits.maxArtifacts() * 2) {
            counters.increment(WorkerCounter.MALFORMED);
            return;
        }
        final Artifact known = table.find(key);
        if (known != null && known.state != ArtifactState.FAILED) {
            name(known, artifactId, epoch);
            reports.add(known);
            return;
        }
        final int batch = maxBatch == 0 ? maxDeviceBatch() : Math.min(maxBatch, maxDeviceBatch());
        final Artifact artifact = new Artifact(key, fileHash, fileLength, profileName, dimensions, batch, options);
        if (known != null) {
            table.remove(known);
        }
        if (table.size() >= limits.maxArtifacts() && !makeRoom()) {
            artifact.id = artifactId;
            artifact.epoch = epoch;
            end(artifact, Status.TOO_MANY_MODELS, "the worker's table of artifacts is full: limit=" + limits.maxArtifacts());
            return;
        }
        table.add(artifact);
        name(artifact, artifactId, epoch);
        if (artifact.hasFile() && fileLength < 1) {
            end(artifact, Status.INVALID_REGISTRATION, "neither a file nor a profile is named");
        } else if (artifact.hasFile() && fileLength > limits.maxFileBytes()) {
            end(artifact, Status.MODEL_TOO_LARGE,
                "the file is too large: fileBytes=" + fileLength + " limitBytes=" + limits.maxFileBytes());
        } else {
            waiting.add(artifact);
        }
    }

    /** FORGET-ARTIFACT. */
    public void onForget(final int artifactId) {
        final Artifact artifact = table.find(artifactId);
        if (artifact == null) {
            counters.increment(WorkerCounter.UNEXPECTED);
            return;
        }
        table.unname(artifact);
        forget(artifact);
    }

    /** FILE-CHUNK; only while {@link #chunkRoom()} is above 0. */
    public void onFileChunk(
            final long transferId, final long position, final long totalLength,
            final DirectBuffer buffer, final int offset, final int length, final long nowNs) {
        final Artifact artifact = current;
        if (artifact == null || artifact.state != ArtifactState.RECEIVING || artifact.transferId != transferId
            || position < receivedBytes) {
            counters.increment(WorkerCounter.UNEXPECTED);
        } else if (position != receivedBytes || totalLength != artifact.fileLength
            || length < 1 || length > artifact.fileLength - position) {
            fail(artifact, Status.MALFORMED_MESSAGE, "a chunk is missing or does not fit: position=" + position
                + " expected=" + receivedBytes + " length=" + length + " totalLength=" + totalLength
                + " fileBytes=" + artifact.fileLength);
        } else {
            final ChunkTask task = freeChunks[--freeChunkCount];
            task.fill(artifact, incoming, buffer, offset, length);
            receivedBytes += length;
            lastChunkNs = nowNs;
            if (!submit(task)) {
                freeChunks[freeChunkCount++] = task;
                fail(artifact, Status.STORAGE_FULL, "the worker is stopping");
            } else if (receivedBytes == artifact.fileLength) {
                artifact.state = ArtifactState.VERIFYING;
                submitOrFail(artifact, new FinishTask(done, this, artifact, incoming));
            }
        }
    }

    /** The controller's names for artifacts hold no longer; what it was about to send will not come. */
    public void onAuthorityLost() {
        sweepNs = Long.MAX_VALUE;
        table.unnameAll();
        reports.clear();
        waiting.clear();
        for (final Artifact artifact : table.all()) {
            if (artifact.state == ArtifactState.WAITING || artifact.state == ArtifactState.FAILED) {
                table.remove(artifact);
            } else if (artifact == current) {
                giveUp(artifact);
            }
        }
    }

    /** A controller is there: what it does not ask for in a while is closed. */
    public void onAuthorityFound(final long nowNs) {
        sweepNs = nowNs + limits.unusedTimeoutNs();
    }

    /** A device, or an action, holds this artifact no longer. */
    public void onReleased(final Artifact artifact) {
        closeIfUnused(artifact);
    }

    /** Takes back what the executor has done, goes on with the next artifact and reports. */
    public int doWork(final long nowNs) {
        int work = 0;
        if (tasksOut > 0) {
            InstallTask task;
            while ((task = done.poll()) != null) {
                tasksOut--;
                task.complete(nowNs);
                work++;
            }
        }
        if (current != null && current.state == ArtifactState.RECEIVING && nowNs - lastChunkNs >= limits.transferTimeoutNs()) {
            fail(current, Status.TRANSFER_TIMED_OUT, "the file's chunks stopped coming: receivedBytes=" + receivedBytes
                + " fileBytes=" + current.fileLength);
            work++;
        }
        if (canBegin()) {
            begin(waiting.poll());
            work++;
        }
        while (!closing.isEmpty() && tasksOut < OTHER_TASKS / 2) {
            submitClose(closing.poll());
        }
        if (nowNs - sweepNs >= 0 && sweepNs != Long.MAX_VALUE) {
            sweep();
            work++;
        }
        return work + reports.send();
    }

    /** Earliest time at which it has something to do if no message comes. */
    public long nextWakeNs(final long nowNs) {
        if (!reports.isEmpty() || !done.isEmpty() || canBegin()) {
            return nowNs;
        }
        long wakeNs = tasksOut > 0 ? Math.min(nowNs + POLL_NS, sweepNs) : sweepNs;
        if (current != null && current.state == ArtifactState.RECEIVING) {
            wakeNs = Math.min(wakeNs, lastChunkNs + limits.transferTimeoutNs());
        }
        return wakeNs;
    }

    /** Closes every compiled model; the executor has ended, and no device holds any. */
    public void close() {
        InstallTask task;
        while ((task = done.poll()) != null) {
            if (task instanceof CompileTask compile) {
                compile.closeModel();
            }
        }
        if (incoming != null) {
            incoming.abort();
        }
        for (final Artifact artifact : table.all()) {
            closeQuietly(artifact);
        }
        table.clear();
        closing.forEach(Installer::closeQuietly);
        closing.clear();
    }

    void onChecked(final Artifact artifact, final IncomingFile file, final Throwable failure, final long nowNs) {
        if (!isCurrent(artifact, ArtifactState.CHECKING)) {
            if (file != null) {
                submit(new AbortTask(done, file));
            }
        } else if (failure != null) {
            fail(artifact, failure);
        } else if (file == null) {
            compile(artifact, store.file(artifact.fileHash));
        } else {
            incoming = file;
            receivedBytes = 0;
            lastChunkNs = nowNs;
            artifact.transferId = nextTransferId++;
            artifact.state = ArtifactState.RECEIVING;
            reports.add(artifact);
        }
    }

    void onChunkWritten(final ChunkTask task, final Artifact artifact, final Throwable failure) {
        freeChunks[freeChunkCount++] = task;
        if (failure != null && artifact == current
            && (artifact.state == ArtifactState.RECEIVING || artifact.state == ArtifactState.VERIFYING)) {
            fail(artifact, failure);
        }
    }

    void onFinished(final Artifact artifact, final Throwable failure) {
        if (!isCurrent(artifact, ArtifactState.VERIFYING)) {
            return;
        }
        incoming = null;
        if (failure != null) {
            fail(artifact, failure);
            return;
        }
        counters.increment(WorkerCounter.FILES_RECEIVED);
        if (artifact.isForgotten || artifact.id == Artifact.NO_ID) {
            current = null;
            table.remove(artifact);
        } else {
            compile(artifact, store.file(artifact.fileHash));
        }
    }

    void onCompiled(final Artifact artifact, final Throwable failure) {
        current = null;
        if (failure != null) {
            fail(artifact, failure);
            return;
        }
        artifact.state = ArtifactState.READY;
        counters.increment(WorkerCounter.ARTIFACTS_READY);
        reports.add(artifact);
        closeIfUnused(artifact);
    }

    private boolean canBegin() {
        return current == null && !waiting.isEmpty() && tasksOut < OTHER_TASKS / 2;
    }

    private void begin(final Artifact artifact) {
        current = artifact;
        if (artifact.hasFile()) {
            artifact.state = ArtifactState.CHECKING;
            submitOrFail(artifact, new CheckTask(done, this, artifact, store));
        } else {
            compile(artifact, null);
        }
    }

    private void compile(final Artifact artifact, final Path file) {
        artifact.state = ArtifactState.COMPILING;
        reports.add(artifact);
        submitOrFail(artifact, new CompileTask(done, this, artifact, file, backend));
    }

    private boolean isCurrent(final Artifact artifact, final ArtifactState state) {
        return current == artifact && artifact.state == state;
    }

    /** Ends the work on an artifact that nobody wants any more, where it can be ended. */
    private void giveUp(final Artifact artifact) {
        switch (artifact.state) {
            case WAITING -> {
                waiting.remove(artifact);
                table.remove(artifact);
            }
            case FAILED -> table.remove(artifact);
            case CHECKING, RECEIVING -> {
                abortIncoming();
                current = null;
                table.remove(artifact);
            }
            default -> {
                // VERIFYING and COMPILING can't be stopped; READY is closed when no device holds it.
            }
        }
    }

    private void fail(final Artifact artifact, final Throwable cause) {
        if (cause instanceof StoreException e) {
            fail(artifact, e.status(), e.getMessage());
        } else if (cause instanceof ModelException e) {
            fail(artifact, status(e.reason()), String.valueOf(e.getMessage()));
        } else {
            errorHandler.onError(cause);
            fail(artifact, artifact.state == ArtifactState.COMPILING ? Status.COMPILE_FAILED : Status.STORAGE_FULL,
                String.valueOf(cause));
        }
    }

    private void fail(final Artifact artifact, final Status status, final String detail) {
        if (artifact == current) {
            abortIncoming();
            current = null;
        }
        if (artifact.isForgotten || artifact.id == Artifact.NO_ID) {
            table.remove(artifact);
        } else {
            end(artifact, status, detail);
        }
    }

    private void end(final Artifact artifact, final Status status, final String detail) {
        artifact.state = ArtifactState.FAILED;
        artifact.status = status;
        artifact.detail = detail;
        counters.increment(WorkerCounter.ARTIFACTS_FAILED);
        reports.add(artifact);
    }

    private void abortIncoming() {
        if (incoming != null) {
            submit(new AbortTask(done, incoming));
            incoming = null;
        }
    }

    private void name(final Artifact artifact, final int artifactId, final long epoch) {
        final Artifact other = table.name(artifact, artifactId, epoch);
        if (other != null) {
            forget(other);
        }
    }

    private void forget(final Artifact artifact) {
        artifact.isForgotten = true;
        giveUp(artifact);
        closeIfUnused(artifact);
    }

    private void closeIfUnused(final Artifact artifact) {
        if (artifact.isForgotten && artifact.state == ArtifactState.READY && !artifact.isHeld()) {
            table.remove(artifact);
            closing.add(artifact);
        }
    }

    /** Closes what no controller has asked for since the session began. */
    private void sweep() {
        sweepNs = Long.MAX_VALUE;
        for (final Artifact artifact : table.all()) {
            if (artifact.id == Artifact.NO_ID) {
                artifact.isForgotten = true;
                closeIfUnused(artifact);
            }
        }
    }

    /** Drops one artifact that nobody needs; false if all are needed. */
    private boolean makeRoom() {
        for (final Artifact artifact : table.all()) {
            if (artifact.state == ArtifactState.FAILED) {
                table.remove(artifact);
                return true;
            }
            if (artifact.state == ArtifactState.READY && artifact.id == Artifact.NO_ID && !artifact.isHeld()) {
                artifact.isForgotten = true;
                closeIfUnused(artifact);
                return true;
            }
        }
        return false;
    }

    private boolean submit(final InstallTask task) {
        try {
            tasksOut++;
            executor.execute(task);
            return true;
        } catch (final RejectedExecutionException e) {
            tasksOut--;
            return false;
        }
    }

    private void submitOrFail(final Artifact artifact, final InstallTask task) {
        if (!submit(task)) {
            fail(artifact, Status.COMPILE_FAILED, "the worker is stopping");
        }
    }

    private void submitClose(final Artifact artifact) {
        if (!submit(new CloseTask(done, artifact, errorHandler))) {
            closeQuietly(artifact);
        }
    }

    private static void closeQuietly(final Artifact artifact) {
        if (artifact.compiled() != null) {
            artifact.compiled().close();
        }
    }

    private int maxDeviceBatch() {
        int most = 1;
        for (final Device device : backend.devices()) {
            most = Math.max(most, device.maxBatch());
        }
        return Math.min(most, Protocol.MAX_BATCH);
    }

    private static Status status(final ModelException.Reason reason) {
        return switch (reason) {
            case INVALID_FILE -> Status.INVALID_MODEL_FILE;
            case UNSUPPORTED_OPERATOR -> Status.UNSUPPORTED_OPERATOR;
            case TOO_LARGE -> Status.MODEL_TOO_LARGE;
            case DIMENSION_NOT_FIXED -> Status.DIMENSION_NOT_FIXED;
            case UNKNOWN_PROFILE -> Status.UNKNOWN_PROFILE;
            case COMPILE_FAILED -> Status.COMPILE_FAILED;
        };
    }
}
