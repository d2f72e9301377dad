package org.clockwork.client;

import org.clockwork.schema.codec.Status;

/** Told of each change of a client's {@link ClientState}, on the thread that polls it. */
@FunctionalInterface
public interface ConnectionHandler {
    /**
     * The connection changed its state.
     *
     * @param from     the state it left.
     * @param to       the state it is in.
     * @param endpoint it concerns.
     * @param status   OK, or why a session was refused or lost.
     * @param reason   a sentence for people.
     */
    void onStateChange(ClientState from, ClientState to, String endpoint, Status status, String reason);
}
