package org.clockwork.controller.model;

/** The catalogue as the way of a request sees it. Owned by the controller agent. */
public interface ModelCatalogue {
    /** The model of this wire id, or null if there is none (any more); the id may be hostile. */
    Model byId(long modelId);

    /**
     * The durations of an artifact are known: its models may take requests from now on. Called at most once for each
     * artifact while the catalogue knows it.
     */
    void onProfiled(Artifact artifact, long nowNs);
}
