package org.clockwork.client;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.schema.codec.Status;

/** LIST-MODELS and its entries. */
final class ListExchange extends Exchange {
    private final String prefix;
    private final ModelsHandler handler;
    private final int limit;
    private final List<ModelInfo> models = new ArrayList<>();

    ListExchange(final long correlationId, final String prefix, final int limit, final ModelsHandler handler) {
        super(correlationId);
        this.prefix = prefix;
        this.limit = limit;
        this.handler = handler;
    }

    @Override
    boolean send(final ControllerPublisher publisher) {
        return publisher.listModels(correlationId, prefix);
    }

    @Override
    boolean onModel(final ModelInfo model) {
        if (models.size() >= limit) {
            return false;
        }
        models.add(model);
        return true;
    }

    @Override
    boolean onQueryEnd(final Status status) {
        end(status, status == Status.OK ? "" : "the controller did not complete the list");
        return true;
    }

    @Override
    void end(final Status status, final String detail) {
        handler.onModels(status, detail, List.copyOf(models));
    }
}
