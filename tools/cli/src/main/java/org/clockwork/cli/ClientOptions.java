package org.clockwork.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.Configuration;
import org.clockwork.client.CredentialsSupplier;
import picocli.CommandLine.Option;

/** Options of a command that talks to a controller as a client. */
final class ClientOptions {
    @Option(
        names = {"-c", "--controller"}, paramLabel = "HOST:PORT",
        defaultValue = Defaults.CLIENT_ENDPOINT,
        description = "Controllers to ask, with commas between them. Default: ${DEFAULT-VALUE}.")
    private String controller;

    @Option(
        names = "--credentials-file", paramLabel = "FILE",
        description = "Sends the bytes of this file as credentials.")
    private Path credentialsFile;

    @Option(
        names = "--connect-timeout", paramLabel = "DURATION", defaultValue = "5s", converter = DurationConverter.class,
        description = "Gives up when no controller has answered by then. Default: ${DEFAULT-VALUE}.")
    private long connectTimeoutNs;

    String controller() {
        return controller;
    }

    long connectTimeoutNs() {
        return connectTimeoutNs;
    }

    /** A context for one client of this name. */
    ClockworkClient.Context context(final String name) {
        final ClockworkClient.Context context = new ClockworkClient.Context()
            .endpoints(controller)
            .clientName(name + '-' + ProcessHandle.current().pid())
            .connectTimeoutNs(Math.min(Configuration.CONNECT_TIMEOUT_DEFAULT_NS, connectTimeoutNs * 3 / 4));
        if (null != credentialsFile) {
            context.credentialsSupplier(credentials());
        }
        return context;
    }

    private CredentialsSupplier credentials() {
        try {
            final byte[] bytes = Files.readAllBytes(credentialsFile);
            return endpoint -> bytes;
        } catch (final IOException ex) {
            throw new UserError(UserError.USAGE, "the credentials file " + credentialsFile + " cannot be read", ex);
        }
    }
}
