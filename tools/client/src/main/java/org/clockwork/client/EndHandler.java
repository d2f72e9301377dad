package org.clockwork.client;

import org.clockwork.schema.codec.Status;

/** Told of the end of {@link ClientCore#unregister}. */
@FunctionalInterface
public interface EndHandler {
    /**
     * It ended.
     *
     * @param status OK, or why it was not done.
     * @param detail a sentence for people.
     */
    void onEnd(Status status, String detail);
}
