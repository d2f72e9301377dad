package org.clockwork.controller.model;

import java.util.List;
import java.util.SortedMap;

/**
 * The catalogue as it is kept in its file.
 *
 * @param format         of this record: {@link #FORMAT}.
 * @param epoch          of the last controller that started with it.
 * @param nextGeneration for the next model's id.
 * @param nextArtifactId at which the search for a free artifact id goes on.
 * @param artifacts      what models run, by id.
 * @param models         registered names, by slot.
 */
record CatalogueRecord(
    int format, long epoch, int nextGeneration, int nextArtifactId, List<ArtifactRecord> artifacts, List<ModelRecord> models) {

    static final int FORMAT = 2;

    /** One artifact; sizes, tensors and durations are as workers stated and as they were measured last. */
    record ArtifactRecord(
        int id, String sha256, long fileLength, String profileName, SortedMap<String, Integer> dimensions, int wantedMaxBatch,
        String options,
        long weightsBytes, int pages, int maxBatch, boolean profiled, long loadNs, List<Long> executeNs,
        List<TensorRecord> tensors) {
    }

    /** One tensor. */
    record TensorRecord(boolean output, String type, int bytes, String name, String shape) {
    }

    /** One registered name; no default SLO is null. */
    record ModelRecord(int index, int generation, String name, int artifactId, Long defaultSloNs) {
    }
}
