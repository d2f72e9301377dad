package org.clockwork.client;

/** Gives the opaque credentials that CONNECT carries for the controller's authenticator; asked before each CONNECT. */
@FunctionalInterface
public interface CredentialsSupplier {
    /** Carries nothing: what the default authenticator accepts. */
    CredentialsSupplier NONE = endpoint -> new byte[0];

    /**
     * Credentials for the controller at {@code endpoint}; at most 32 KiB. It must not block: it runs on the thread that
     * polls the client.
     */
    byte[] credentials(String endpoint);
}
