package org.clockwork.cli;

import java.nio.file.Path;

/** Defaults that several commands share. */
final class Defaults {
    /** Where the controller listens for clients; it also takes the next port, for its answers. */
    static final String CLIENT_ENDPOINT = "localhost:14217";
    /** Where the controller listens for workers; it also takes the next port, for its answers. */
    static final String WORKER_ENDPOINT = "localhost:14219";

    private Defaults() {
    }

    /** A directory of the user's for things that outlive a process. */
    static Path directory(final String name) {
        return Path.of(System.getProperty("user.home", "."), ".clockwork", name);
    }
}
