package org.clockwork.worker.install;

import java.util.LinkedHashMap;
import java.util.Map;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * The artifacts of a worker: by key, which lasts, and by the id that the present controller gives them. Owned by the
 * worker agent.
 */
final class ArtifactTable {
    private static final Artifact[] NONE = {};
    /** In the order of their arrival. */
    private final Map<String, Artifact> byKey = new LinkedHashMap<>();
    private final Int2ObjectHashMap<Artifact> byId = new Int2ObjectHashMap<>();

    int size() {
        return byKey.size();
    }

    Artifact find(final String key) {
        return byKey.get(key);
    }

    Artifact find(final int artifactId) {
        return byId.get(artifactId);
    }

    /** A copy, oldest first, so that one may remove while walking over it. */
    Artifact[] all() {
        return byKey.values().toArray(NONE);
    }

    void add(final Artifact artifact) {
        byKey.put(artifact.key, artifact);
    }

    /**
     * Gives an artifact an id.
     *
     * @return the one that had this id until now and has none any more, or null.
     */
    Artifact name(final Artifact artifact, final int artifactId, final long epoch) {
        final Artifact other = byId.get(artifactId);
        if (other != null) {
            unname(other);
        }
        unname(artifact);
        byId.put(artifactId, artifact);
        artifact.id = artifactId;
        artifact.epoch = epoch;
        artifact.isForgotten = false;
        return other == artifact ? null : other;
    }

    void unname(final Artifact artifact) {
        if (artifact.id != Artifact.NO_ID && byId.get(artifact.id) == artifact) {
            byId.remove(artifact.id);
        }
        artifact.id = Artifact.NO_ID;
    }

    void unnameAll() {
        byId.clear();
        for (final Artifact artifact : byKey.values()) {
            artifact.id = Artifact.NO_ID;
        }
    }

    void remove(final Artifact artifact) {
        unname(artifact);
        byKey.remove(artifact.key, artifact);
        artifact.state = ArtifactState.GONE;
    }

    void clear() {
        byKey.clear();
        byId.clear();
    }
}
