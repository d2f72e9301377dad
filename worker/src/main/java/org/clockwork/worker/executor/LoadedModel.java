package org.clockwork.worker.executor;

import org.clockwork.worker.install.Artifact;

/** One model in a device's memory, or on its way there. Pooled; owned by its {@link LoadedModels}. */
public final class LoadedModel {
    /** Where it is in its life. */
    enum State {
        /** Its weights are being copied. */
        LOADING,
        /** It can be executed. */
        LOADED,
        /** Its pages are being given back. */
        UNLOADING
    }

    long modelId;
    Artifact artifact;
    State state;
    /** Place in the list of its table. */
    int index;

    LoadedModel() {
    }

    /** As in the LOAD that brought it. */
    public long modelId() {
        return modelId;
    }

    /** What it runs. */
    public Artifact artifact() {
        return artifact;
    }

    /** Whether it can be executed. */
    public boolean isLoaded() {
        return state == State.LOADED;
    }
}
