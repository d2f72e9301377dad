package org.clockwork.controller.model;

import java.io.IOException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.controller.cluster.ClusterObserver;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.session.Queries;
import org.clockwork.controller.session.Sessions;
import org.clockwork.controller.storage.Storage;
import org.clockwork.controller.storage.StorageTask;
import org.clockwork.controller.wire.Times;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.RegisterModelDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.UnregisterModelDecoder;

/**
 * Registers and unregisters models: judges what is asked, has the file sent if it is not in the store, and answers once
 * the catalogue's file says so too. Owned by the controller agent.
 */
public final class Registrar implements Uploads.Ended {
    private final Catalogue catalogue;
    private final CatalogueStore store;
    private final CatalogueSaver saver;
    private final Uploads uploads;
    private final Storage storage;
    private final Deployer deployer;
    private final ClusterObserver observer;
    private final Sessions sessions;
    private final Queries queries;
    private final ControllerCounters counters;
    private final Registration.Limits limits;
    private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
    /** Digests of the files in the store that a registration may use; looked up only, never iterated. */
    private final Set<String> stored = new HashSet<>();
    private final long profileSaveNs;
    private long nextProfileSaveNs;

    /** What there is to register with. */
    public Registrar(
        final CatalogueStore store,
        final Storage storage,
        final Deployer deployer,
        final ClusterObserver observer,
        final Sessions sessions,
        final Queries queries,
        final ControllerCounters counters,
        final long nowNs) {
        this.store = store;
        this.storage = storage;
        this.deployer = deployer;
        this.observer = observer;
        this.sessions = sessions;
        this.queries = queries;
        this.counters = counters;
        final CatalogueStore.Options options = store.options();
        catalogue = store.catalogue();
        saver = new CatalogueSaver(catalogue, store.file(), storage, counters, options.retryNs());
        uploads = new Uploads(
            options.maxTransfers(), store.files(), storage, options.transferTimeoutNs(), this, counters);
        limits = new Registration.Limits(catalogue.maxModels(), options.maxFileBytes(), options.defaultMaxBatch());
        profileSaveNs = options.profileSaveNs();
        nextProfileSaveNs = nowNs + profileSaveNs;
        stored.addAll(store.storedFiles());
        catalogue.stateListener(queries.watches()::onModelState);
        for (int i = 0; i < catalogue.maxModels(); i++) {
            if (catalogue.model(i) != null) {
                observer.onModelRegistered(catalogue.model(i), nowNs);
            }
        }
    }

    /** A client asks for names over a file or a profile. */
    public void onRegister(final ClientSession session, final RegisterModelDecoder message, final long nowNs) {
        final Registration registration = new Registration(message, limits);
        if (registration.status == Status.OK) {
            judge(registration);
        }
        if (registration.status != Status.OK) {
            refuse(session, registration, registration.status, registration.detail);
        } else if (registration.isFile() && !stored.contains(registration.fileName())) {
            if (uploads.hasRoom()) {
                final Upload upload = uploads.begin(session, registration, nowNs);
                sessions.catalogueAck(session, registration.correlationId, Status.NEED_FILE, upload.id, "");
                queries.activate(session);
            } else {
                refuse(session, registration, Status.TOO_MANY_TRANSFERS, "other files are on their way; try again later");
            }
        } else {
            register(session, registration, nowNs);
        }
    }

    /** A part of a file comes. */
    public void onFileChunk(final ClientSession session, final FileChunkDecoder chunk, final long nowNs) {
        chunk.wrapBytes(bytes);
        uploads.onChunk(session, chunk, bytes, nowNs);
    }

    /** A client wants names to be forgotten. */
    public void onUnregister(final ClientSession session, final UnregisterModelDecoder message, final long nowNs) {
        final long correlationId = message.correlationId();
        final int count = message.count();
        final String name = message.name();
        final Status names = Registration.judgeNames(name, count, catalogue.maxModels());
        String unknown = null;
        for (int i = 0; names == Status.OK && i < count && unknown == null; i++) {
            final String each = Registration.nameOf(name, count, i);
            unknown = catalogue.byName(each) == null ? each : null;
        }
        if (names != Status.OK) {
            answer(session, correlationId, names, "name or count=" + count + " can't have been registered");
        } else if (unknown != null) {
            answer(session, correlationId, Status.UNKNOWN_MODEL, "no model is registered as " + unknown);
        } else {
            for (int i = 0; i < count; i++) {
                remove(catalogue.byName(Registration.nameOf(name, count, i)), nowNs);
            }
            answerWhenSaved(session, correlationId, "unregistered", nowNs);
        }
    }

    /** A session is over: what it was sending goes. */
    public void onSessionClosed(final ClientSession session) {
        uploads.onSessionClosed(session);
    }

    /** Whether the bulk lanes of clients may bring so many chunks each. */
    public boolean hasRoomForChunks(final int each) {
        return uploads.hasRoomForChunks(each);
    }

    /**
     * Time-outs, and writing of the catalogue.
     *
     * @return work done.
     */
    public int poll(final long nowNs) {
        if (nowNs - nextProfileSaveNs >= 0) {
            nextProfileSaveNs = nowNs + profileSaveNs;
            catalogue.changed();
        }
        return uploads.tick(nowNs) + saver.poll(nowNs);
    }

    /** When {@link #poll} has something to do though nothing happened; Long.MAX_VALUE for never. */
    public long nextWakeNs() {
        return Times.earlierWake(nextProfileSaveNs, Times.earlierWake(uploads.nextWakeNs(), saver.nextWakeNs()));
    }

    @Override
    public void onEnded(final Upload upload, final Status status, final String detail, final long nowNs) {
        if (status != Status.OK) {
            refuse(upload.session, upload.registration, status, detail);
            return;
        }
        stored.add(upload.registration.fileName());
        judge(upload.registration);
        if (upload.registration.status == Status.OK) {
            register(upload.session, upload.registration, nowNs);
        } else {
            refuse(upload.session, upload.registration, upload.registration.status, upload.registration.detail);
            deleteIfUnused(upload.registration.sha256);
        }
    }

    @Override
    public void onOrphaned(final Upload upload) {
        deleteIfUnused(upload.registration.sha256);
    }

    /** Sets the registration's status if it is right in itself, but does not fit what is registered. */
    private void judge(final Registration registration) {
        final Artifact artifact = catalogue.findArtifact(registration.key());
        int added = 0;
        for (int i = 0; i < registration.count; i++) {
            final Model taken = catalogue.byName(registration.nameOf(i));
            if (taken == null) {
                added++;
            } else if (taken.artifact != artifact && !registration.isReplacing) {
                registration.status = Status.NAME_TAKEN;
                registration.detail = "the name " + taken.name + " belongs to " + taken.artifact.describedSource()
                    + "; ask to replace it";
                return;
            }
        }
        if (catalogue.modelCount() + added > catalogue.maxModels()
            || artifact == null && catalogue.artifactCount() == catalogue.maxArtifacts()) {
            registration.status = Status.TOO_MANY_MODELS;
            registration.detail = "models=" + catalogue.modelCount() + " and " + added + " more, limit " + catalogue.maxModels()
                + "; files and profiles=" + catalogue.artifactCount() + ", limit " + catalogue.maxArtifacts();
        }
    }

    private void register(final ClientSession session, final Registration registration, final long nowNs) {
        Artifact artifact = catalogue.findArtifact(registration.key());
        if (artifact == null) {
            artifact = catalogue.addArtifact(registration.key(), registration.sha256, registration.fileLength,
                registration.profileName, registration.dimensions, registration.maxBatch, registration.options);
            deployer.onArtifactAdded(artifact);
        }
        artifact.modelCount++; // kept while names go from one artifact to another
        for (int i = 0; i < registration.count; i++) {
            final String name = registration.nameOf(i);
            Model model = catalogue.byName(name);
            if (model != null && model.artifact != artifact) {
                remove(model, nowNs);
                model = null;
            }
            if (model == null) {
                model = catalogue.addModel(name, artifact, registration.defaultSloNs);
                observer.onModelRegistered(model, nowNs);
            } else if (model.defaultSloNs != registration.defaultSloNs) {
                model.defaultSloNs = registration.defaultSloNs;
                catalogue.changed();
            }
            queries.watches().watch(session, model, registration.correlationId);
        }
        artifact.modelCount--;
        counters.increment(ControllerCounter.REGISTRATIONS);
        answerWhenSaved(session, registration.correlationId, "registered", nowNs);
    }

    /** Forgets a model, and what it ran if nothing else does. */
    private void remove(final Model model, final long nowNs) {
        catalogue.removeModel(model, nowNs);
        observer.onModelGone(model, Status.MODEL_GONE, nowNs);
        final Artifact artifact = model.artifact;
        if (artifact.modelCount == 0) {
            deployer.onArtifactRemoved(artifact, nowNs);
            catalogue.removeArtifact(artifact);
            if (artifact.profileName.isEmpty()) {
                deleteIfUnused(artifact.fileSha256());
            }
        }
    }

    private void deleteIfUnused(final byte[] sha256) {
        if (!catalogue.isFileUsed(sha256)) {
            final String name = HexFormat.of().formatHex(sha256);
            stored.remove(name);
            storage.submit(new DeleteTask(name));
        }
    }

    private void answerWhenSaved(
        final ClientSession session, final long correlationId, final String what, final long nowNs) {
        saver.whenSaved((whyNot, savedNs) -> {
            if (whyNot == null) {
                answer(session, correlationId, Status.OK, "");
            } else {
                answer(session, correlationId, Status.STORAGE_FULL,
                    what + ", but not over a restart: the catalogue could not be written: " + whyNot);
            }
        });
    }

    private void refuse(final ClientSession session, final Registration registration, final Status status, final String detail) {
        counters.increment(ControllerCounter.REGISTRATIONS_REFUSED);
        answer(session, registration.correlationId, status, detail == null ? "" : detail);
    }

    private void answer(final ClientSession session, final long correlationId, final Status status, final String detail) {
        sessions.catalogueAck(session, correlationId, status, 0, detail);
        queries.activate(session);
    }

    /** Deletes a file of the store, unless it was sent again meanwhile: the order of tasks is kept. */
    private final class DeleteTask extends StorageTask {
        private final String sha256;

        DeleteTask(final String sha256) {
            this.sha256 = sha256;
        }

        @Override
        protected void execute() throws IOException {
            store.files().port().delete(store.files().path(sha256));
        }

        @Override
        protected void onDone(final IOException why, final long nowNs) {
            // a file that can't be deleted goes when the controller starts again
        }
    }
}
