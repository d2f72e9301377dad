package org.clockwork.controller.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;

/**
 * Registered models and what they run, in dense tables. A model's state follows from its artifact's: where it is
 * installed, and whether it was measured. Owned by the controller agent.
 */
public final class Catalogue implements ModelCatalogue {
    private final Options profiles;
    private final Model[] models;
    private final BitSet usedModels;
    private final Artifact[] artifacts;
    /** By name and by key; looked up only, never iterated. */
    private final Map<String, Model> byName = new HashMap<>();
    private final Map<String, Artifact> byKey = new HashMap<>();
    private final long epoch;
    private int nextGeneration;
    private int nextArtifactId;
    private int modelCount;
    private int readyCount;
    private int artifactCount;
    private long changes;
    private StateListener stateListener = (model, nowNs) -> { };

    /**
     * Limits, and how profiles are kept.
     *
     * @param maxModels         registered at once.
     * @param maxArtifacts      that they run.
     * @param profileWindow     measurements that count.
     * @param profilePercentile of them that is expected.
     */
    public record Options(int maxModels, int maxArtifacts, int profileWindow, double profilePercentile) {
    }

    /** Told of each change of a model's state. */
    @FunctionalInterface
    interface StateListener {
        /** The model is in another state, or came to it again for another reason. */
        void onModelState(Model model, long nowNs);
    }

    /** The catalogue as its file left it, for a controller that starts now: in a new epoch. */
    Catalogue(final Options options, final CatalogueRecord record, final Path file) {
        profiles = options;
        models = new Model[options.maxModels];
        usedModels = new BitSet(options.maxModels);
        artifacts = new Artifact[options.maxArtifacts];
        epoch = record.epoch() + 1;
        new CatalogueReader(this, file).read(record);
        nextGeneration = record.nextGeneration();
        nextArtifactId = record.nextArtifactId() % options.maxArtifacts;
    }

    void stateListener(final StateListener listener) {
        stateListener = listener;
    }

    /** Of this controller: higher than that of any that used this catalogue before. */
    public long epoch() {
        return epoch;
    }

    /** Slots for models. */
    public int maxModels() {
        return models.length;
    }

    /** Models registered. */
    public int modelCount() {
        return modelCount;
    }

    /** Models that take requests. */
    public int readyCount() {
        return readyCount;
    }

    /** The model in a slot, or null. */
    public Model model(final int index) {
        return models[index];
    }

    /** The model of a name, or null. */
    public Model byName(final String name) {
        return byName.get(name);
    }

    @Override
    public Model byId(final long modelId) {
        final int index = Ids.index(modelId);
        if (index < 0 || index >= models.length) {
            return null;
        }
        final Model model = models[index];
        return model != null && model.id == modelId ? model : null;
    }

    @Override
    public void onProfiled(final Artifact artifact, final long nowNs) {
        artifact.isProfiled = true;
        changed();
        refresh(artifact, nowNs);
    }

    int maxArtifacts() {
        return artifacts.length;
    }

    int artifactCount() {
        return artifactCount;
    }

    Artifact artifact(final int id) {
        return artifacts[id];
    }

    Artifact findArtifact(final byte[] key) {
        return byKey.get(HexFormat.of().formatHex(key));
    }

    /** Whether an artifact runs this file. */
    boolean isFileUsed(final byte[] sha256) {
        for (final Artifact artifact : artifacts) {
            if (artifact != null && artifact.profileName.isEmpty() && Arrays.equals(artifact.fileSha256(), sha256)) {
                return true;
            }
        }
        return false;
    }

    /** Number of the latest change that the file is to know of. */
    long changes() {
        return changes;
    }

    /** Something changed that the file is to know of. */
    void changed() {
        changes++;
    }

    /** A new artifact under a free id; only if {@link #artifactCount()} is below the limit. */
    Artifact addArtifact(
        final byte[] key, final byte[] sha256, final long fileLength, final String profileName,
        final Map<String, Integer> dimensions, final int maxBatch, final String options) {
        while (artifacts[nextArtifactId] != null) {
            nextArtifactId = nextArtifactId + 1 == artifacts.length ? 0 : nextArtifactId + 1;
        }
        final int id = nextArtifactId;
        nextArtifactId = id + 1 == artifacts.length ? 0 : id + 1;
        changed();
        return putArtifact(id, key, sha256, fileLength, profileName, dimensions, maxBatch, options);
    }

    Artifact putArtifact(
        final int id, final byte[] key, final byte[] sha256, final long fileLength, final String profileName,
        final Map<String, Integer> dimensions, final int maxBatch, final String options) {
        final Artifact artifact = new Artifact(id, key, sha256, fileLength, profileName, dimensions, maxBatch, options,
            new Profile(profiles.profileWindow, profiles.profilePercentile));
        artifacts[id] = artifact;
        byKey.put(HexFormat.of().formatHex(key), artifact);
        artifactCount++;
        return artifact;
    }

    void removeArtifact(final Artifact artifact) {
        artifacts[artifact.id] = null;
        byKey.remove(HexFormat.of().formatHex(artifact.key()));
        artifactCount--;
        changed();
    }

    /** A new model in the lowest free slot; only if {@link #modelCount()} is below the limit and the name is free. */
    Model addModel(final String name, final Artifact artifact, final long defaultSloNs) {
        nextGeneration = nextGeneration == Integer.MAX_VALUE ? 1 : nextGeneration + 1;
        changed();
        return putModel(Ids.id(nextGeneration, usedModels.nextClearBit(0)), name, artifact, defaultSloNs);
    }

    Model putModel(final long id, final String name, final Artifact artifact, final long defaultSloNs) {
        final int index = Ids.index(id);
        final Model model = new Model(id, index, name, artifact);
        model.defaultSloNs = defaultSloNs;
        model.state = ModelState.INSTALLING;
        apply(model);
        models[index] = model;
        usedModels.set(index);
        byName.put(name, model);
        modelCount++;
        readyCount += model.isReady() ? 1 : 0;
        artifact.modelCount++;
        return model;
    }

    void removeModel(final Model model, final long nowNs) {
        models[model.index] = null;
        usedModels.clear(model.index);
        byName.remove(model.name);
        modelCount--;
        readyCount -= model.isReady() ? 1 : 0;
        model.artifact.modelCount--;
        model.state = ModelState.UNREGISTERED;
        changed();
        stateListener.onModelState(model, nowNs);
    }

    /** Brings the models of an artifact to the state that follows from it. */
    void refresh(final Artifact artifact, final long nowNs) {
        for (int i = usedModels.nextSetBit(0); i >= 0; i = usedModels.nextSetBit(i + 1)) {
            final Model model = models[i];
            if (model.artifact == artifact && apply(model)) {
                stateListener.onModelState(model, nowNs);
            }
        }
    }

    /** Brings all models to the state that follows from their artifacts. */
    void refreshAll(final long nowNs) {
        for (int i = usedModels.nextSetBit(0); i >= 0; i = usedModels.nextSetBit(i + 1)) {
            if (apply(models[i])) {
                stateListener.onModelState(models[i], nowNs);
            }
        }
    }

    /** The catalogue as its file is to keep it. */
    CatalogueRecord toRecord() {
        final List<CatalogueRecord.ArtifactRecord> artifactRecords = new ArrayList<>();
        for (final Artifact artifact : artifacts) {
            if (artifact != null) {
                artifactRecords.add(toRecord(artifact));
            }
        }
        final List<CatalogueRecord.ModelRecord> modelRecords = new ArrayList<>(modelCount);
        for (int i = usedModels.nextSetBit(0); i >= 0; i = usedModels.nextSetBit(i + 1)) {
            final Model model = models[i];
            modelRecords.add(new CatalogueRecord.ModelRecord(i, Ids.generation(model.id), model.name, model.artifact.id,
                model.defaultSloNs == Protocol.NULL_NS ? null : model.defaultSloNs));
        }
        return new CatalogueRecord(
            CatalogueRecord.FORMAT, epoch, nextGeneration, nextArtifactId, artifactRecords, modelRecords);
    }

    private static CatalogueRecord.ArtifactRecord toRecord(final Artifact artifact) {
        final List<Long> executeNs = new ArrayList<>();
        for (int i = 0; i < artifact.profile.batchSizeCount(); i++) {
            executeNs.add(artifact.profile.executeNs(i));
        }
        final List<CatalogueRecord.TensorRecord> tensors = new ArrayList<>();
        for (final Artifact.Tensor tensor : artifact.tensors) {
            tensors.add(new CatalogueRecord.TensorRecord(
                tensor.isOutput(), tensor.type().name(), tensor.bytes(), tensor.name(), tensor.shape()));
        }
        return new CatalogueRecord.ArtifactRecord(
            artifact.id, HexFormat.of().formatHex(artifact.fileSha256()), artifact.fileLength, artifact.profileName,
            new TreeMap<>(artifact.dimensions), artifact.wantedMaxBatch, artifact.options, artifact.weightsBytes, artifact.pages,
            artifact.maxBatch, artifact.isProfiled, artifact.profile.loadNs(), executeNs, tensors);
    }

    /** Whether this changed the model. */
    private boolean apply(final Model model) {
        final Artifact artifact = model.artifact;
        final ModelState state;
        if (artifact.installedOn > 0) {
            state = artifact.isProfiled ? ModelState.READY : ModelState.PROFILING;
        } else {
            state = artifact.failure == Status.OK ? ModelState.INSTALLING : ModelState.FAILED;
        }
        final boolean isFailed = state == ModelState.FAILED;
        final Status status = isFailed ? artifact.failure : Status.OK;
        if (model.state == state && model.status == status) {
            return false;
        }
        if (models[model.index] == model) {
            readyCount += (state == ModelState.READY ? 1 : 0) - (model.isReady() ? 1 : 0);
        }
        model.state = state;
        model.status = status;
        model.detail = isFailed ? artifact.failureDetail : "";
        return true;
    }
}
