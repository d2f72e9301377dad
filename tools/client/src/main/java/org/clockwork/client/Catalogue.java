package org.clockwork.client;

import java.util.HashMap;
import java.util.Map;
import org.agrona.collections.Long2ObjectHashMap;
import org.clockwork.schema.codec.ModelState;

/** The models that the current session has heard of, by name and by id; bounded. Owned by the thread that polls the core. */
final class Catalogue {
    private final int capacity;
    private final Map<String, ModelInfo> byName = new HashMap<>();
    private final Long2ObjectHashMap<ModelInfo> byId = new Long2ObjectHashMap<>();

    Catalogue(final int capacity) {
        this.capacity = capacity;
    }

    ModelInfo byName(final String name) {
        return byName.get(name);
    }

    ModelInfo byId(final long modelId) {
        return byId.get(modelId);
    }

    int size() {
        return byName.size();
    }

    /** Takes over what the controller said of a model; beyond the limit new names are not remembered. */
    void put(final ModelInfo model) {
        if (model.state() == ModelState.UNREGISTERED) {
            forget(model.modelId());
            return;
        }
        final ModelInfo old = byName.get(model.name());
        if (old != null) {
            byId.remove(old.modelId());
        }
        if (old != null || byName.size() < capacity) {
            byName.put(model.name(), model);
            byId.put(model.modelId(), model);
        }
    }

    /** Forgets a model that the controller no longer knows. */
    void forget(final long modelId) {
        final ModelInfo model = byId.remove(modelId);
        if (model != null) {
            byName.remove(model.name());
        }
    }

    void clear() {
        byName.clear();
        byId.clear();
    }
}
