package org.clockwork.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.clockwork.cli.run.AgentHost;
import org.clockwork.cli.run.ControllerNode;
import org.clockwork.cli.run.ErrorPrinter;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.TelemetryFiles;
import org.clockwork.cli.run.ThreadingPlan;
import org.clockwork.cli.run.UserError;
import org.clockwork.controller.Controller;
import org.clockwork.controller.RequestPathContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs the controller. */
@Command(
    name = "controller",
    description = "Runs the controller: it knows how long everything takes and decides what each worker does when.",
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork controller",
        "  clockwork controller --clients 0.0.0.0:14217 --workers 0.0.0.0:14219 --dir /var/lib/clockwork",
        "",
        "Each listener also takes the next port, for its answers. Models survive a restart in --dir."
    })
final class ControllerCommand implements Callable<Integer> {
    private static final long CLOSE_LIMIT_NS = TimeUnit.SECONDS.toNanos(15);
    private static final long TICK_NS = TimeUnit.SECONDS.toNanos(1);

    @Mixin
    private CommonOptions common;
    @Mixin
    private ProcessOptions process;

    @Option(
        names = "--clients", paramLabel = "HOST:PORT", defaultValue = Defaults.CLIENT_ENDPOINT,
        description = "Where it listens for clients. Default: ${DEFAULT-VALUE}.")
    private String clientEndpoint;

    @Option(
        names = "--workers", paramLabel = "HOST:PORT", defaultValue = Defaults.WORKER_ENDPOINT,
        description = "Where it listens for workers. Default: ${DEFAULT-VALUE}.")
    private String workerEndpoint;

    @Option(
        names = "--dir", paramLabel = "DIR",
        description = "For the catalogue and model files; one controller at a time. Default: ~/.clockwork/controller.")
    private Path directory;

    @Option(
        names = "--look-ahead", paramLabel = "DURATION", defaultValue = "5ms", converter = DurationConverter.class,
        description = "How far ahead of its start work is sent to a device. Default: ${DEFAULT-VALUE}.")
    private long lookAheadNs;

    @Option(names = "--refuse-generated-inputs", description = "Takes no requests whose input the worker would make up.")
    private boolean isRefusingGenerated;

    @Option(
        names = "--telemetry", paramLabel = "DIR",
        description = "Writes phases.hlog, requests.csv and actions.csv here: each prediction beside what was measured.")
    private Path telemetryDirectory;

    @Override
    public Integer call() {
        final Shutdown shutdown = new Shutdown(CLOSE_LIMIT_NS).arm();
        final ThreadingPlan plan = process.plan(1, 0);
        int exitCode = UserError.FAILED;
        try (ErrorPrinter errors = new ErrorPrinter(System.err, "controller", Main.isDebug());
            TelemetryFiles files = null == telemetryDirectory ? null : new TelemetryFiles(telemetryDirectory, errors)) {
            final ControllerNode[] node = new ControllerNode[1];
            final Controller.Context context = new Controller.Context()
                .directory(null != directory ? directory : Defaults.directory("controller"))
                .build(Version.build())
                .requestPath(requestPath(files));
            try (AgentHost host = AgentHost.start("controller", process.aeronDirectory(), plan, errors, List.of(aeron -> {
                node[0] = ControllerNode.start(aeron, clientEndpoint, workerEndpoint, context, errors);
                return node[0];
            }))) {
                System.out.println(plan.describe());
                System.out.println("catalogue in " + context.directory().toAbsolutePath() + ", epoch " + node[0].epoch());
                System.out.println("controller ready: clients on " + clientEndpoint + ", workers on " + workerEndpoint);
                exitCode = 0;
                while (!shutdown.await(TICK_NS)) {
                    if (!host.isRunning()) {
                        System.err.println("the controller's agent has ended by itself");
                        exitCode = UserError.FAILED;
                        break;
                    }
                }
            }
            return exitCode;
        } finally {
            shutdown.finished(exitCode);
        }
    }

    private RequestPathContext requestPath(final TelemetryFiles files) {
        final RequestPathContext context = new RequestPathContext()
            .lookAheadNs(lookAheadNs).acceptsGeneratedInputs(!isRefusingGenerated);
        return null == files ? context : context.observer(files.telemetry());
    }
}
