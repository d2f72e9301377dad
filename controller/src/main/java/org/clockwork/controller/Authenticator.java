package org.clockwork.controller;

/** Decides who may connect. Called on the controller agent: it must answer at once. */
@FunctionalInterface
public interface Authenticator {
    /** Lets everybody in. */
    Authenticator ACCEPT_ALL = (name, credentials) -> true;

    /**
     * Whether a peer may connect.
     *
     * @param name        it gives itself.
     * @param credentials it sent; opaque, perhaps empty.
     */
    boolean accepts(String name, byte[] credentials);
}
