package org.clockwork.cli.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.SystemEpochClock;
import org.clockwork.controller.telemetry.Telemetry;
import org.clockwork.controller.telemetry.TelemetryWriter;

/**
 * Writes a controller's telemetry on a thread of its own: {@code phases.hlog}, {@code requests.csv} and
 * {@code actions.csv} in a directory. Made and closed by the command's thread.
 */
public final class TelemetryFiles implements AutoCloseable {
    private static final long INTERVAL_MS = TimeUnit.SECONDS.toMillis(1);

    private final Telemetry telemetry = new Telemetry(true, true);
    private final AgentRunner runner;

    /** Opens the files, replacing earlier ones, and starts to write. */
    public TelemetryFiles(final Path directory, final ErrorHandler errorHandler) {
        try {
            Files.createDirectories(directory);
            runner = new AgentRunner(new SleepingMillisIdleStrategy(1), errorHandler, null, new TelemetryWriter(
                telemetry, SystemEpochClock.INSTANCE, directory.resolve("phases.hlog"), directory.resolve("requests.csv"),
                directory.resolve("actions.csv"), INTERVAL_MS));
        } catch (final IOException ex) {
            throw new UserError("telemetry cannot be written to " + directory + ": " + ex.getMessage(), ex);
        }
        AgentRunner.startOnThread(runner);
    }

    /** For the controller's context. */
    public Telemetry telemetry() {
        return telemetry;
    }

    @Override
    public void close() {
        CloseHelper.quietClose(runner);
    }
}
