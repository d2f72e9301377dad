package org.clockwork.controller.telemetry;

import org.clockwork.controller.action.Action;
import org.clockwork.controller.request.Request;
import org.clockwork.schema.codec.Status;

/**
 * Sees each request and each action at its end, with all that is known of it. Called on the controller agent: an
 * implementation copies what it wants and returns at once; it allocates nothing.
 */
public interface PathObserver {
    /** Sees nothing. */
    PathObserver NONE = new PathObserver() {
    };

    /**
     * A request that had a slot has ended; its fields are valid during the call only.
     *
     * @param totalNs arrival to now.
     */
    default void onRequestEnded(final Request request, final Status status, final long totalNs, final long nowNs) {
    }

    /** A request was refused before it got a slot. */
    default void onRequestRefused(
        final long sessionId, final long clientId, final long modelId, final Status status, final long nowNs) {
    }

    /** An action was made: its engine is promised. Its window and predictions are set; it is not sent yet. */
    default void onActionMade(final Action action, final long nowNs) {
    }

    /**
     * An action has ended; its fields are valid during the call only.
     *
     * @param startNs   measured start on the engine in our clock, or {@code Protocol.NULL_NS} if it did not run.
     * @param executeNs measured duration on the engine.
     * @param endNs     measured end of the last phase in our clock.
     */
    default void onActionEnded(
        final Action action,
        final Status status,
        final long startNs,
        final long copyInNs,
        final long executeNs,
        final long copyOutNs,
        final long endNs,
        final long nowNs) {
    }
}
