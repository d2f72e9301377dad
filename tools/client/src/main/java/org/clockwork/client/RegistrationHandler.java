package org.clockwork.client;

import java.util.List;
import org.clockwork.schema.codec.Status;

/** Told how a registration goes on, on the thread that polls the core. */
@FunctionalInterface
public interface RegistrationHandler {
    /**
     * The registration ended; called exactly once.
     *
     * @param status OK when all of its models are ready; else why not.
     * @param detail a sentence for people; empty when OK.
     * @param models what is known of its models.
     */
    void onEnd(Status status, String detail, List<ModelInfo> models);

    /** So much of the file was sent. */
    default void onProgress(final long sentBytes, final long totalBytes) {
    }

    /** One of its models has a new state. */
    default void onModel(final ModelInfo model) {
    }
}
