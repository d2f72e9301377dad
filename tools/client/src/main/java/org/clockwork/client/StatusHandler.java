package org.clockwork.client;

import org.clockwork.schema.codec.Status;

/** Told of the end of {@link ClientCore#queryStatus}. */
@FunctionalInterface
public interface StatusHandler {
    /**
     * The answer is complete, or it failed.
     *
     * @param status     OK, or why there is no answer.
     * @param detail     a sentence for people; empty when OK.
     * @param controller the answer; null unless OK.
     */
    void onStatus(Status status, String detail, ControllerStatus controller);
}
