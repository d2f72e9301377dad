package org.clockwork.client;

import java.util.List;
import org.clockwork.schema.codec.Status;

/** Told of the end of {@link ClientCore#listModels}. */
@FunctionalInterface
public interface ModelsHandler {
    /**
     * The list is complete, or it failed.
     *
     * @param status OK, or why the list is not complete.
     * @param detail a sentence for people; empty when OK.
     * @param models what came, in the controller's order.
     */
    void onModels(Status status, String detail, List<ModelInfo> models);
}
