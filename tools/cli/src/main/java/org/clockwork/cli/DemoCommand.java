package org.clockwork.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.clockwork.cli.demo.Demo;
import org.clockwork.cli.demo.DemoOptions;
import org.clockwork.cli.demo.DemoReport;
import org.clockwork.cli.load.LiveRun;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.UserError;
import org.clockwork.loadgen.Summary;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.Spec;

/** Everything in one process, for a first look. */
@Command(
    name = "demo",
    description = "Starts media driver, controller, CPU worker and client in one process, over real Aeron UDP on loopback, and "
        + "serves real models: a sentence transformer, two convolution nets, a perceptron, and twelve rarely used names that do "
        + "not fit into device memory together. Answers are compared with ONNX Runtime run directly.",
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork demo",
        "  clockwork demo --seconds 60 --json demo.json",
        "  clockwork demo --rate 800 --slo 50ms",
        "  clockwork demo --device cuda",
        "",
        "Exit code: 0 if every sampled answer is right and no request failed, however many were in time; else 1."
    })
final class DemoCommand implements Callable<Integer> {
    private static final long CLOSE_LIMIT_NS = TimeUnit.SECONDS.toNanos(90);
    private static final int AGENTS = 3;
    private static final int CPU_ENGINES = 2;

    @Mixin
    private CommonOptions common;
    @Mixin
    private ProcessOptions process;
    @Spec
    private CommandSpec command;

    @Option(
        names = "--device", paramLabel = "KIND", defaultValue = "cpu", converter = DeviceConverter.class,
        description = "cpu, cuda, or cuda-emulated: the CUDA device on stand-ins for its driver, with small models; its figures "
            + "are emulated. Default: ${DEFAULT-VALUE}.")
    private DemoOptions.Device device;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "15", description = "Of serving. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(
        names = "--rate", paramLabel = "PER-SECOND",
        description = "Requests per second over all models. Default: so many that the execution engine is half busy.")
    private Double rate;

    @Option(
        names = "--slo", paramLabel = "DURATION", defaultValue = "100ms", converter = DurationConverter.class,
        description = "Time until an answer must be there. Default: ${DEFAULT-VALUE}.")
    private long sloNs;

    @Option(
        names = "--seed", paramLabel = "N", defaultValue = "1",
        description = "Of models, inputs and arrivals. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
        names = "--memory", paramLabel = "SIZE", defaultValue = "320m", converter = SizeConverter.class,
        description = "Device memory for weights; by default not all models fit. Default: ${DEFAULT-VALUE}.")
    private long memoryBytes;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the summary for programs.")
    private Path jsonFile;

    @Option(
        names = "--hlog", paramLabel = "FILE", defaultValue = "clockwork-demo.hlog",
        description = "HdrHistogram interval log to write. Default: ${DEFAULT-VALUE}.")
    private Path hlogFile;

    @Option(names = "--dir", paramLabel = "DIR", description = "Keeps models and state here. Default: a temporary directory.")
    private Path directory;

    /** Devices by the names that people type. */
    static final class DeviceConverter implements ITypeConverter<DemoOptions.Device> {
        @Override
        public DemoOptions.Device convert(final String text) {
            try {
                return DemoOptions.Device.valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
            } catch (final IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is none of cpu, cuda, cuda-emulated");
            }
        }
    }

    @Override
    public Integer call() throws IOException {
        if (!(seconds > 0) || null != rate && !(rate > 0) || sloNs <= 0) {
            throw new UserError(UserError.USAGE, "--seconds, --rate and --slo are positive", null);
        }
        if (null != process.aeronDirectory()) {
            throw new UserError(UserError.USAGE, "the demo always has a media driver of its own: leave --aeron-dir out", null);
        }
        final Shutdown shutdown = new Shutdown(CLOSE_LIMIT_NS).arm();
        int exitCode = UserError.FAILED;
        try {
            final DemoReport report = new Demo(
                new DemoOptions(seconds, rate, sloNs, seed, memoryBytes, hlogFile, directory,
                    process.plan(AGENTS, CPU_ENGINES), LiveRun.commandLine(command), Main.isDebug(), device),
                System.out, shutdown).run();
            if (null == report) {
                System.out.println("ended before it had begun to serve");
                exitCode = 0;
                return exitCode;
            }
            System.out.println();
            System.out.println(report.text());
            if (null != jsonFile) {
                Summary.write(report.json(), jsonFile);
            }
            exitCode = report.isGood() ? 0 : UserError.FAILED;
            return exitCode;
        } finally {
            shutdown.finished(exitCode);
        }
    }
}
