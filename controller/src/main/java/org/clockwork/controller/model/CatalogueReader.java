package org.clockwork.controller.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.clockwork.controller.wire.Names;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;

/** Fills a catalogue with what its file says, and says precisely what is wrong with a file that contradicts itself. */
final class CatalogueReader {
    private static final int DIGEST_CHARACTERS = 64;

    private final Catalogue catalogue;
    private final Path file;

    CatalogueReader(final Catalogue catalogue, final Path file) {
        this.catalogue = catalogue;
        this.file = file;
    }

    void read(final CatalogueRecord record) {
        check(record.epoch() >= 0 && record.nextGeneration() >= 0 && record.nextArtifactId() >= 0,
            "epoch=" + record.epoch() + " nextGeneration=" + record.nextGeneration()
                + " nextArtifactId=" + record.nextArtifactId());
        check(record.artifacts() != null && record.models() != null, "artifacts or models are missing");
        for (final CatalogueRecord.ArtifactRecord artifact : record.artifacts()) {
            check(artifact != null, "an artifact is null");
            read(artifact);
        }
        for (final CatalogueRecord.ModelRecord model : record.models()) {
            check(model != null, "a model is null");
            read(model, record.nextGeneration());
        }
        for (final CatalogueRecord.ArtifactRecord artifact : record.artifacts()) {
            check(catalogue.artifact(artifact.id()).modelCount > 0, "artifact " + artifact.id() + " is used by no model");
        }
    }

    private void read(final CatalogueRecord.ArtifactRecord record) {
        final String what = "artifact " + record.id();
        check(record.id() >= 0 && record.id() < catalogue.maxArtifacts() && catalogue.artifact(record.id()) == null,
            what + " lies outside 0 to " + (catalogue.maxArtifacts() - 1) + " or is there twice");
        final byte[] sha256 = digest(what, record.sha256());
        final boolean isProfile = record.profileName() != null && !record.profileName().isEmpty();
        check(record.profileName() != null && isProfile == ArtifactKey.isZero(sha256)
            && isProfile == (record.fileLength() == 0) && record.fileLength() >= 0, what + " is neither a file nor a profile");
        check(record.dimensions() != null && record.options() != null && record.executeNs() != null && record.tensors() != null,
            what + " lacks dimensions, options or a list");
        check(record.wantedMaxBatch() >= 1 && record.wantedMaxBatch() <= Protocol.MAX_BATCH
            && record.maxBatch() >= 0 && record.maxBatch() <= Protocol.MAX_BATCH && record.weightsBytes() >= 0
            && record.pages() >= 0 && record.loadNs() >= 0, what + " has sizes out of range");
        for (final Map.Entry<String, Integer> dimension : record.dimensions().entrySet()) {
            check(dimension.getValue() != null && dimension.getValue() > 0, what + " dimension " + dimension);
        }
        check(catalogue.findArtifact(keyOf(record, sha256)) == null, what + " equals another artifact");
        final Artifact artifact = catalogue.putArtifact(record.id(), keyOf(record, sha256), sha256, record.fileLength(),
            record.profileName(), record.dimensions(), record.wantedMaxBatch(), record.options());
        artifact.weightsBytes = record.weightsBytes();
        artifact.pages = record.pages();
        artifact.maxBatch = record.maxBatch();
        artifact.describe(tensors(what, record));
        check(record.executeNs().size() <= Profile.indexOf(Protocol.MAX_BATCH) + 1, what + " has too many durations");
        for (int i = 0; i < record.executeNs().size(); i++) {
            final Long executeNs = record.executeNs().get(i);
            check(executeNs != null && executeNs > 0, what + " executeNs=" + executeNs);
            artifact.profile.recordExecute(i, executeNs);
        }
        if (record.loadNs() > 0) {
            artifact.profile.recordLoad(record.loadNs());
        }
        check(!record.profiled() || !record.executeNs().isEmpty(), what + " is profiled without durations");
        artifact.isProfiled = record.profiled();
    }

    private void read(final CatalogueRecord.ModelRecord record, final int nextGeneration) {
        final String what = "model " + record.name();
        check(record.name() != null && Names.isValid(record.name()), what + " has no valid name");
        check(catalogue.byName(record.name()) == null, what + " is there twice");
        check(record.index() >= 0 && record.index() < catalogue.maxModels() && catalogue.model(record.index()) == null,
            what + " index=" + record.index() + " lies outside 0 to " + (catalogue.maxModels() - 1) + " or is there twice");
        check(record.generation() > 0 && record.generation() <= nextGeneration,
            what + " generation=" + record.generation() + " nextGeneration=" + nextGeneration);
        final Artifact artifact = record.artifactId() < 0 || record.artifactId() >= catalogue.maxArtifacts()
            ? null : catalogue.artifact(record.artifactId());
        check(artifact != null, what + " artifactId=" + record.artifactId() + " is not there");
        check(record.defaultSloNs() == null || record.defaultSloNs() > 0, what + " defaultSloNs=" + record.defaultSloNs());
        catalogue.putModel(Ids.id(record.generation(), record.index()), record.name(), artifact,
            record.defaultSloNs() == null ? Protocol.NULL_NS : record.defaultSloNs());
    }

    private static byte[] keyOf(final CatalogueRecord.ArtifactRecord record, final byte[] sha256) {
        return ArtifactKey.of(
            sha256, record.profileName(), record.dimensions(), record.wantedMaxBatch(), record.options());
    }

    private List<Artifact.Tensor> tensors(final String what, final CatalogueRecord.ArtifactRecord record) {
        final List<Artifact.Tensor> tensors = new ArrayList<>();
        for (final CatalogueRecord.TensorRecord tensor : record.tensors()) {
            check(tensor != null && tensor.name() != null && tensor.shape() != null && tensor.bytes() >= 0,
                what + " tensor " + tensor);
            tensors.add(new Artifact.Tensor(
                tensor.output(), type(what, tensor.type()), tensor.bytes(), tensor.name(), tensor.shape()));
        }
        return tensors;
    }

    private DataType type(final String what, final String name) {
        for (final DataType type : DataType.values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        throw new CatalogueException(file, what + " has a tensor of type " + name, null);
    }

    private byte[] digest(final String what, final String text) {
        check(text != null && text.length() == DIGEST_CHARACTERS, what + " has no SHA-256");
        try {
            return HexFormat.of().parseHex(text);
        } catch (final IllegalArgumentException ex) {
            throw new CatalogueException(file, what + " sha256=" + text, ex);
        }
    }

    private void check(final boolean isRight, final String sentence) {
        if (!isRight) {
            throw new CatalogueException(file, sentence, null);
        }
    }
}
