package org.clockwork.cli.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.cli.load.ClientAgent;
import org.clockwork.cli.run.AgentHost;
import org.clockwork.cli.run.ControllerNode;
import org.clockwork.cli.run.CudaDevices;
import org.clockwork.cli.run.ErrorPrinter;
import org.clockwork.cli.run.FreePorts;
import org.clockwork.client.ClockworkClient;
import org.clockwork.controller.Controller;
import org.clockwork.device.Backend;
import org.clockwork.device.cpu.CpuBackend;
import org.clockwork.schema.link.aeron.AeronDialer;
import org.clockwork.schema.link.aeron.AeronLinks;
import org.clockwork.worker.Worker;

/** Media driver, controller, worker and client in one process, joined by Aeron UDP on loopback. */
final class DemoSystem implements AutoCloseable {
    private static final int MAX_IN_FLIGHT = 4096;
    private static final long MAX_BYTES_IN_FLIGHT = 256L << 20;
    /** Of a process that was held up, all parts were: silence says little, and there is nobody to take over. */
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private final DemoOptions options;
    private final Path directory;
    private final PrintStream out;
    private final ErrorPrinter errors;
    private AgentHost host;
    private ClientAgent client;

    DemoSystem(final DemoOptions options, final Path directory, final PrintStream out) {
        this.options = options;
        this.directory = directory;
        this.out = out;
        this.errors = new ErrorPrinter(System.err, "demo", options.isDebug());
    }

    /** Starts everything. */
    void start() {
        final Backend backend = newBackend();
        final int port = FreePorts.find();
        final String clientEndpoint = "localhost:" + port;
        final String workerEndpoint = "localhost:" + (port + 2);
        host = AgentHost.start("demo", null, options.plan(), errors, List.of(
            aeron -> ControllerNode.start(aeron, clientEndpoint, workerEndpoint,
                new Controller.Context().directory(directory.resolve("controller")).timeoutNs(TIMEOUT_NS), errors),
            aeron -> Worker.launch(new Worker.Context()
                .name(options.device().name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .controllers(List.of(workerEndpoint))
                .storeDirectory(directory.resolve("store"))
                .incarnation(new SecureRandom().nextLong() | 1)
                .dialer(new AeronDialer(new AeronLinks.Context().aeron(aeron).workerStreams().errorHandler(errors)))
                .backend(backend)
                .nanoClock(SystemNanoClock.INSTANCE)
                .errorHandler(errors)).agent(),
            aeron -> {
                client = new ClientAgent(new ClockworkClient.Context()
                    .endpoints(clientEndpoint)
                    .clientName("demo")
                    .maxInFlight(MAX_IN_FLIGHT)
                    .maxBytesInFlight(MAX_BYTES_IN_FLIGHT)
                    .aeron(aeron)
                    .errorHandler(errors), SystemNanoClock.INSTANCE);
                return client;
            }));
        out.println("         " + options.plan().describe());
        out.println("         media driver in " + host.aeronDirectory() + "; controller on " + clientEndpoint
            + " (clients) and " + workerEndpoint + " (workers), UDP");
    }

    private Backend newBackend() {
        if (options.device() != DemoOptions.Device.CPU) {
            return CudaDevices.open(options.device() == DemoOptions.Device.CUDA_EMULATED, 1, options.memoryBytes(),
                directory.resolve("compiled"), errors);
        }
        return new CpuBackend(new CpuBackend.Context()
            .memoryBytes(options.memoryBytes())
            .cacheDirectory(directory.resolve("compiled"))
            .clock(SystemNanoClock.INSTANCE)
            .errorHandler(errors));
    }

    AgentHost host() {
        return host;
    }

    ClientAgent client() {
        return client;
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(host, errors);
    }

    /** Deletes a directory and all in it. */
    static void delete(final Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (final Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
