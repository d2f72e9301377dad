package org.clockwork.cli;

import io.aeron.driver.MediaDriver;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.clockwork.cli.run.ErrorPrinter;
import org.clockwork.cli.run.IdleMode;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.ThreadingMode;
import org.clockwork.cli.run.ThreadingPlan;
import org.clockwork.cli.run.Transport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a media driver that the other commands of a machine may share. */
@Command(
    name = "driver",
    description = "Runs an Aeron media driver that the processes of this machine share (each starts its own otherwise).",
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork driver --aeron-dir /dev/shm/clockwork",
        "  clockwork controller --aeron-dir /dev/shm/clockwork"
    })
final class DriverCommand implements Callable<Integer> {
    private static final long CLOSE_LIMIT_NS = TimeUnit.SECONDS.toNanos(10);

    @Mixin
    private CommonOptions common;

    @Option(
        names = "--aeron-dir", paramLabel = "DIR",
        description = "Directory of the driver. Default: one per user in /dev/shm.")
    private String aeronDirectory;

    @Option(
        names = "--threading", paramLabel = "MODE", defaultValue = "auto",
        description = "auto, shared (one thread) or dedicated (three). Auto looks at the cores. Default: auto.")
    private ThreadingMode threading;

    @Option(
        names = "--idle", paramLabel = "MODE", defaultValue = "auto",
        description = "auto, spin, yield or backoff. Default: auto.")
    private IdleMode idle;

    @Override
    public Integer call() {
        final Shutdown shutdown = new Shutdown(CLOSE_LIMIT_NS).arm();
        final int cores = Runtime.getRuntime().availableProcessors();
        final ThreadingPlan plan = ThreadingPlan.choose(threading, idle, cores, 0, 0);
        final String directory = null != aeronDirectory ? aeronDirectory : Transport.sharedDirectory();
        try (ErrorPrinter errors = new ErrorPrinter(System.err, "driver", Main.isDebug());
            MediaDriver driver = Transport.startDriver(directory, plan, errors, false)) {
            System.out.println(plan.describe());
            System.out.println("media driver ready: --aeron-dir " + driver.aeronDirectoryName());
            shutdown.await(Long.MAX_VALUE);
        } finally {
            shutdown.finished(0);
        }
        return 0;
    }
}
