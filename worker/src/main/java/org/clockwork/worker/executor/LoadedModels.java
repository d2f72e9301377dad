package org.clockwork.worker.executor;

import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;
import org.clockwork.worker.install.Artifact;

/** What one device holds, by model id; as many entries as the device takes models. Owned by the worker agent. */
public final class LoadedModels {
    private static final int INITIAL = 256;
    private static final float LOAD_FACTOR = 0.5f;
    private final Long2ObjectHashMap<LoadedModel> byId = new Long2ObjectHashMap<>(INITIAL, LOAD_FACTOR, true);
    private final List<LoadedModel> list = new ArrayList<>(INITIAL);
    private final List<LoadedModel> pool = new ArrayList<>(INITIAL);

    LoadedModels() {
    }

    /** How many there are. */
    public int size() {
        return list.size();
    }

    /** By place, in an order that depends only on what was loaded and unloaded. */
    public LoadedModel get(final int index) {
        return list.get(index);
    }

    /** By id, or null. */
    LoadedModel find(final long modelId) {
        return byId.get(modelId);
    }

    LoadedModel add(final long modelId, final Artifact artifact) {
        final LoadedModel model = pool.isEmpty() ? new LoadedModel() : pool.remove(pool.size() - 1);
        model.modelId = modelId;
        model.artifact = artifact;
        model.state = LoadedModel.State.LOADING;
        model.index = list.size();
        list.add(model);
        byId.put(modelId, model);
        return model;
    }

    void remove(final LoadedModel model) {
        byId.remove(model.modelId);
        final LoadedModel last = list.remove(list.size() - 1);
        if (last != model) {
            list.set(model.index, last);
            last.index = model.index;
        }
        model.artifact = null;
        pool.add(model);
    }
}
