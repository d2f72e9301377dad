package org.clockwork.worker.install;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.agrona.DirectBuffer;
import org.agrona.ErrorHandler;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ArtifactPhase;
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
    /** Most input tensors of a model. */
    public static final int MAX_INPUT_TENSORS = 16;
    /** Most output tensors of a model. */
    public static final int MAX_OUTPUT_TENSORS = 64;
    private static final int REPORTS_PER_CYCLE = 16;
    private static final int OTHER_TASKS = 64;
    private static final long POLL_NS = 1_000_000L;

    private final Backend backend;
    private final ModelStore store;
    private final Executor executor;
    private final ArtifactReport publisher;
    private final WorkerCounters counters;
    private final ErrorHandler errorHandler;
    private final InstallLimits limits;
    private final Queue<InstallTask> done;
    private final ChunkTask[] freeChunks;
    private final Map<String, Artifact> byKey = new LinkedHashMap<>();
    private final Int2ObjectHashMap<Artifact> byId = new Int2ObjectHashMap<>();
    private final ArrayDeque<Artifact> waiting = new ArrayDeque<>();
    private final ArrayDeque<Artifact> reports = new ArrayDeque<>();
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
        this.publisher = publisher;
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
        final Artifact artifact = byId.get(artifactId);
        return artifact != null && artifact.isReady() ? artifact : null;
    }

    /** How many FILE-CHUNK messages can be taken now; while it is 0 the bulk lane is left alone. */
    public int chunkRoom() {
        return freeChunkCount;
    }

    /** INSTALL-ARTIFACT. */
    public void onInstall(
            final long epoch, final int artifactId, final String key, final String fileHash, final long fileLength,
            final int maxBatch, final Map<String, Integer> dimensions, final String profileName) {
        if (artifactId < 0 || reports.size() >= limits.maxArtifacts() * 2) {
            counters.increment(WorkerCounter.MALFORMED);
            return;
        }
        final Artifact known = byKey.get(key);
        if (known != null && known.state != ArtifactState.FAILED) {
            name(known, artifactId, epoch);
            report(known);
            return;
        }
        final int batch = maxBatch == 0 ? maxDeviceBatch() : Math.min(maxBatch, maxDeviceBatch());
        final Artifact artifact = new Artifact(key, fileHash, fileLength, profileName, dimensions, batch);
        if (known != null) {
            remove(known);
        }
        if (byKey.size() >= limits.maxArtifacts() && !makeRoom()) {
            artifact.id = artifactId;
            artifact.epoch = epoch;
            end(artifact, Status.TOO_MANY_MODELS, "the worker's table of artifacts is full: limit=" + limits.maxArtifacts());
            return;
        }
        byKey.put(key, artifact);
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
        final Artifact artifact = byId.get(artifactId);
        if (artifact == null) {
            counters.increment(WorkerCounter.UNEXPECTED);
            return;
        }
        unname(artifact);
        artifact.isForgotten = true;
        giveUp(artifact);
        closeIfUnused(artifact);
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
                submitOrFail(artifact, new FinishTask(artifact, incoming));
            }
        }
    }

    /** The controller's names for artifacts hold no longer; what it was about to send will not come. */
    public void onAuthorityLost() {
        sweepNs = Long.MAX_VALUE;
        byId.clear();
        reports.clear();
        waiting.clear();
        for (final Artifact artifact : byKey.values().toArray(new Artifact[0])) {
            artifact.id = Artifact.NO_ID;
            artifact.isReportPending = false;
            if (artifact.state == ArtifactState.WAITING || artifact.state == ArtifactState.FAILED) {
                remove(artifact);
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
        return work + sendReports();
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
            if (task instanceof CompileTask compile && compile.model != null) {
                compile.model.close();
            }
        }
        if (incoming != null) {
            incoming.abort();
        }
        for (final Artifact artifact : byKey.values()) {
            closeQuietly(artifact);
        }
        byKey.clear();
        closing.forEach(Installer::closeQuietly);
        closing.clear();
    }

    void onChunkWritten(final ChunkTask task, final Artifact artifact, final Throwable failure) {
        freeChunks[freeChunkCount++] = task;
        if (failure != null && artifact == current
            && (artifact.state == ArtifactState.RECEIVING || artifact.state == ArtifactState.VERIFYING)) {
            fail(artifact, failure);
        }
    }

    private boolean canBegin() {
        return current == null && !waiting.isEmpty() && tasksOut < OTHER_TASKS / 2;
    }

    private void begin(final Artifact artifact) {
        current = artifact;
        if (artifact.hasFile()) {
            artifact.state = ArtifactState.CHECKING;
            submitOrFail(artifact, new CheckTask(artifact));
        } else {
            compile(artifact, null);
        }
    }

    private void compile(final Artifact artifact, final Path file) {
        artifact.state = ArtifactState.COMPILING;
        report(artifact);
        submitOrFail(artifact, new CompileTask(artifact, file));
    }

    private boolean isCurrent(final Artifact artifact, final ArtifactState state) {
        return current == artifact && artifact.state == state;
    }

    /** Ends the work on an artifact that nobody wants any more, where it can be ended. */
    private void giveUp(final Artifact artifact) {
        switch (artifact.state) {
            case WAITING -> {
                waiting.remove(artifact);
                remove(artifact);
            }
            case FAILED -> remove(artifact);
            case CHECKING, RECEIVING -> {
                abortIncoming();
                current = null;
                remove(artifact);
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
            remove(artifact);
        } else {
            end(artifact, status, detail);
        }
    }

    private void end(final Artifact artifact, final Status status, final String detail) {
        artifact.state = ArtifactState.FAILED;
        artifact.status = status;
        artifact.detail = detail;
        counters.increment(WorkerCounter.ARTIFACTS_FAILED);
        report(artifact);
    }

    private void abortIncoming() {
        if (incoming != null) {
            submit(new AbortTask(incoming));
            incoming = null;
        }
    }

    private void name(final Artifact artifact, final int artifactId, final long epoch) {
        final Artifact other = byId.put(artifactId, artifact);
        if (other != null && other != artifact) {
            other.id = Artifact.NO_ID;
            other.isForgotten = true;
            giveUp(other);
            closeIfUnused(other);
        }
        if (artifact.id != artifactId && artifact.id != Artifact.NO_ID) {
            byId.remove(artifact.id);
        }
        artifact.id = artifactId;
        artifact.epoch = epoch;
        artifact.isForgotten = false;
    }

    private void unname(final Artifact artifact) {
        if (artifact.id != Artifact.NO_ID) {
            if (byId.get(artifact.id) == artifact) {
                byId.remove(artifact.id);
            }
            artifact.id = Artifact.NO_ID;
        }
    }

    private void remove(final Artifact artifact) {
        unname(artifact);
        byKey.remove(artifact.key, artifact);
        artifact.state = ArtifactState.GONE;
    }

    private void closeIfUnused(final Artifact artifact) {
        if (artifact.isForgotten && artifact.state == ArtifactState.READY && !artifact.isHeld()) {
            remove(artifact);
            closing.add(artifact);
        }
    }

    /** Closes what no controller has asked for since the session began. */
    private void sweep() {
        sweepNs = Long.MAX_VALUE;
        for (final Artifact artifact : byKey.values().toArray(new Artifact[0])) {
            if (artifact.id == Artifact.NO_ID) {
                artifact.isForgotten = true;
                closeIfUnused(artifact);
            }
        }
    }

    /** Drops one artifact that nobody needs; false if all are needed. */
    private boolean makeRoom() {
        for (final Artifact artifact : byKey.values()) {
            if (artifact.state == ArtifactState.FAILED) {
                remove(artifact);
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

    private void report(final Artifact artifact) {
        if (!artifact.isReportPending && artifact.id != Artifact.NO_ID) {
            artifact.isReportPending = true;
            reports.add(artifact);
        }
    }

    private int sendReports() {
        int sent = 0;
        while (!reports.isEmpty() && sent < REPORTS_PER_CYCLE) {
            final Artifact artifact = reports.peek();
            if (artifact.isReportPending && artifact.id != Artifact.NO_ID && !send(artifact)) {
                break;
            }
            artifact.isReportPending = false;
            reports.poll();
            sent++;
        }
        return sent;
    }

    private boolean send(final Artifact artifact) {
        return switch (artifact.state) {
            case RECEIVING -> publisher.send(artifact, ArtifactPhase.NEED_FILE, Status.NEED_FILE, artifact.transferId, "");
            case READY -> publisher.send(artifact, ArtifactPhase.READY, Status.OK, 0, "");
            case FAILED -> publisher.send(artifact, ArtifactPhase.FAILED, artifact.status, 0, artifact.detail);
            default -> publisher.send(artifact, ArtifactPhase.COMPILING, Status.OK, 0, "");
        };
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
        if (!submit(new CloseTask(artifact))) {
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

    /** Looks for the file; where it is missing, makes ready to receive it. */
    private final class CheckTask extends InstallTask {
        private final Artifact artifact;
        private IncomingFile file;

        CheckTask(final Artifact artifact) {
            super(done);
            this.artifact = artifact;
        }

        @Override
        void perform() throws Exception {
            if (!store.contains(artifact.fileHash, artifact.fileLength)) {
                file = store.receive(artifact.fileHash, artifact.fileLength);
            }
        }

        @Override
        void complete(final long nowNs) {
            if (!isCurrent(artifact, ArtifactState.CHECKING)) {
                if (file != null) {
                    submit(new AbortTask(file));
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
                report(artifact);
            }
        }
    }

    /** Compares the digest of a whole file and keeps it. */
    private final class FinishTask extends InstallTask {
        private final Artifact artifact;
        private final IncomingFile file;

        FinishTask(final Artifact artifact, final IncomingFile file) {
            super(done);
            this.artifact = artifact;
            this.file = file;
        }

        @Override
        void perform() throws Exception {
            file.finish();
        }

        @Override
        void complete(final long nowNs) {
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
                remove(artifact);
            } else {
                compile(artifact, store.file(artifact.fileHash));
            }
        }
    }

    /** Deletes what came of a file. */
    private final class AbortTask extends InstallTask {
        private final IncomingFile file;

        AbortTask(final IncomingFile file) {
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

    /** Compiles. */
    private final class CompileTask extends InstallTask {
        private final Artifact artifact;
        private final Path file;
        private CompiledModel model;

        CompileTask(final Artifact artifact, final Path file) {
            super(done);
            this.artifact = artifact;
            this.file = file;
        }

        @Override
        void perform() throws Exception {
            model = backend.compile(artifact.source(file));
            try {
                artifact.compiled(model, MAX_INPUT_TENSORS, MAX_OUTPUT_TENSORS);
                int mostPages = 0;
                for (final Device device : backend.devices()) {
                    mostPages = Math.max(mostPages, device.totalPages());
                }
                if (model.pages() > mostPages) {
                    throw new ModelException(ModelException.Reason.TOO_LARGE, "no device has enough memory for the model:"
                        + " modelPages=" + model.pages() + " largestDevicePages=" + mostPages);
                }
            } catch (final ModelException e) {
                model.close();
                model = null;
                throw e;
            }
        }

        @Override
        void complete(final long nowNs) {
            current = null;
            if (failure != null) {
                fail(artifact, failure);
                return;
            }
            artifact.state = ArtifactState.READY;
            counters.increment(WorkerCounter.ARTIFACTS_READY);
            report(artifact);
            closeIfUnused(artifact);
        }
    }

    /** Frees a compiled model. */
    private final class CloseTask extends InstallTask {
        private final Artifact artifact;

        CloseTask(final Artifact artifact) {
            super(done);
            this.artifact = artifact;
        }

        @Override
        void perform() {
            closeQuietly(artifact);
        }

        @Override
        void complete(final long nowNs) {
            if (failure != null) {
                errorHandler.onError(failure);
            }
        }
    }
}
