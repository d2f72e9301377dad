package org.clockwork.cli.run;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.exceptions.AeronException;
import io.aeron.exceptions.DriverTimeoutException;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.IoUtil;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentInvoker;

/**
 * The Aeron of a process: an embedded media driver with a directory of its own, or an external one; and clients whose
 * conductors are invoked by the agents' threads. Made and closed by the command's thread.
 */
public final class Transport implements AutoCloseable {
    private static final String PREFIX = "aeron-clockwork-";
    private static final Pattern LEFTOVER = Pattern.compile(Pattern.quote(PREFIX) + ".*-(\\d+)-[a-z]+");
    private static final long DRIVER_TIMEOUT_MS = TimeUnit.SECONDS.toMillis(10);
    private static final long STATUS_MESSAGE_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LINGER_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int COUNTERS_BYTES = 1024 * 1024;

    private final MediaDriver driver;
    private final String directory;
    private final ErrorHandler errorHandler;
    private final List<Aeron> clients = new ArrayList<>();

    private Transport(final MediaDriver driver, final String directory, final ErrorHandler errorHandler) {
        this.driver = driver;
        this.directory = directory;
        this.errorHandler = errorHandler;
    }

    /**
     * Starts a driver of the process's own, or names an external one.
     *
     * @param role         part of the directory's name.
     * @param directory    of an external driver, or null to embed one.
     * @param plan         threads and idling.
     * @param errorHandler told of errors of driver and clients.
     */
    public static Transport launch(
        final String role, final String directory, final ThreadingPlan plan, final ErrorHandler errorHandler) {
        if (null != directory) {
            return new Transport(null, directory, errorHandler);
        }
        final MediaDriver driver = startDriver(defaultDirectory(role), plan, errorHandler, true);
        return new Transport(driver, driver.aeronDirectoryName(), errorHandler);
    }

    /**
     * Starts a driver.
     *
     * @param isInvoked whether the caller's agent thread runs a shared driver; else it has a thread of its own.
     */
    public static MediaDriver startDriver(
        final String directory, final ThreadingPlan plan, final ErrorHandler errorHandler, final boolean isInvoked) {
        removeLeftovers();
        final boolean isShared = org.clockwork.cli.run.ThreadingMode.SHARED == plan.mode();
        final MediaDriver.Context context = new MediaDriver.Context()
            .aeronDirectoryName(directory)
            .threadingMode(!isShared ? ThreadingMode.DEDICATED : isInvoked ? ThreadingMode.INVOKER : ThreadingMode.SHARED)
            .sharedIdleStrategy(plan.newIdleStrategy())
            .conductorIdleStrategy(plan.newIdleStrategy())
            .senderIdleStrategy(plan.newIdleStrategy())
            .receiverIdleStrategy(plan.newIdleStrategy())
            .statusMessageTimeoutNs(STATUS_MESSAGE_NS)
            .counterValuesBufferLength(COUNTERS_BYTES)
            .dirDeleteOnStart(false)
            .dirDeleteOnShutdown(true)
            .warnIfDirectoryExists(false)
            .errorHandler(errorHandler);
        try {
            return MediaDriver.launch(context);
        } catch (final AeronException ex) {
            throw new UserError("no media driver can be started in " + directory + ": " + ex.getMessage(), ex);
        }
    }

    /** The directory that a process of this role and id has to itself. */
    public static String defaultDirectory(final String role) {
        return baseDirectory() + File.separator + PREFIX + System.getProperty("user.name", "user") + '-'
            + ProcessHandle.current().pid() + '-' + role;
    }

    /** The directory of an external driver unless another is named. */
    public static String sharedDirectory() {
        return baseDirectory() + File.separator + PREFIX + System.getProperty("user.name", "user") + "-driver";
    }

    /** A new client, whose conductor is to be invoked by the thread that uses it. */
    public Aeron newClient() {
        final Aeron.Context context = new Aeron.Context()
            .aeronDirectoryName(directory)
            .useConductorAgentInvoker(true)
            .driverTimeoutMs(DRIVER_TIMEOUT_MS)
            .errorHandler(errorHandler);
        if (isDriverInvoked()) {
            context.driverAgentInvoker(driver.sharedAgentInvoker());
        }
        try {
            final Aeron client = Aeron.connect(context);
            clients.add(client);
            return client;
        } catch (final DriverTimeoutException ex) {
            throw new UserError("no media driver answers in " + directory
                + ": start one with `clockwork driver --aeron-dir " + directory + "`", ex);
        }
    }

    /** Whether the driver is embedded and has no thread: then an agent's thread must run {@link #driverAgent()}. */
    public boolean isDriverInvoked() {
        return null != driver && null != driver.sharedAgentInvoker();
    }

    /** The driver as an agent. */
    public Agent driverAgent() {
        return new InvokerAgent("media-driver", driver.sharedAgentInvoker());
    }

    /** A client's conductor as an agent. */
    public static Agent conductorAgent(final Aeron client) {
        return new InvokerAgent("aeron-client", client.conductorAgentInvoker());
    }

    /** Where the driver keeps its files. */
    public String directory() {
        return directory;
    }

    /** Closes clients and driver; what was sent last is given a moment to leave. */
    @Override
    public void close() {
        if (isDriverInvoked()) {
            final long endNs = System.nanoTime() + LINGER_NS;
            while (System.nanoTime() - endNs < 0) {
                driver.sharedAgentInvoker().invoke();
                clients.forEach(client -> client.conductorAgentInvoker().invoke());
            }
        }
        CloseHelper.quietCloseAll(clients);
        CloseHelper.quietClose(driver);
    }

    private static String baseDirectory() {
        final File shm = new File("/dev/shm");
        return shm.isDirectory() && shm.canWrite() ? shm.getPath() : System.getProperty("java.io.tmpdir");
    }

    /** Processes that were killed leave their directories behind: removes those whose process and driver are gone. */
    private static void removeLeftovers() {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of(baseDirectory()), PREFIX + '*')) {
            for (final Path entry : entries) {
                final Matcher matcher = LEFTOVER.matcher(entry.getFileName().toString());
                if (matcher.matches() && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty()
                    && !CommonContext.isDriverActive(entry.toFile(), DRIVER_TIMEOUT_MS, message -> { })) {
                    IoUtil.delete(entry.toFile(), true);
                }
            }
        } catch (final IOException | RuntimeException ex) {
            System.err.println("could not remove the directories of ended processes: " + ex.getMessage());
        }
    }

    /** Runs an invoker as an agent among others. */
    private record InvokerAgent(String roleName, AgentInvoker invoker) implements Agent {
        @Override
        public int doWork() {
            return invoker.invoke();
        }
    }
}
