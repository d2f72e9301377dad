package org.clockwork.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.clockwork.cli.load.LiveRun;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.Durations;
import org.clockwork.loadgen.Environment;
import org.clockwork.loadgen.Summary;
import org.clockwork.loadgen.SummaryText;
import org.clockwork.sim.scenario.Scenario;
import org.clockwork.sim.scenario.ScenarioOptions;
import org.clockwork.sim.scenario.ScenarioReport;
import org.clockwork.sim.scenario.ScenarioRunner;
import org.clockwork.sim.scenario.SimOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Options that all simulations share, and how a scenario is run and told of. */
final class SimOptionsMixin {
    private static final double PPB_PER_PPM = 1e3;
    private static final double BYTES_PER_GB = 1e9;
    private static final SimOptions STANDARD = new SimOptions();

    @Option(
        names = "--policy", paramLabel = "NAME", split = ",", defaultValue = "slack",
        description = "Scheduling policies: slack (the default of the controller), paper; several run one after the other.")
    private List<String> policies;

    @Option(
        names = "--look-ahead", paramLabel = "DURATION", split = ",", converter = DurationConverter.class,
        description = "How far ahead work is sent to a GPU; of several the best is shown. Default: each policy's own; for "
            + "paper the best of 2ms, 5ms and 10ms.")
    private List<Long> lookAheadsNs;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of all randomness. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
        names = "--seeds", paramLabel = "K", defaultValue = "1",
        description = "Seeds, from --seed on: each is shown, then mean and range. Default: ${DEFAULT-VALUE}.")
    private int seeds;

    @Option(
        names = "--duration", paramLabel = "DURATION", converter = DurationConverter.class,
        description = "Virtual time that is counted. Default: 60s unless the scenario says otherwise.")
    private Long durationNs;

    @Option(
        names = "--warm-up", paramLabel = "DURATION", converter = DurationConverter.class,
        description = "Load before that which is not counted. Default: 5s unless the scenario says otherwise.")
    private Long warmupNs;

    @Option(names = "--gpus", paramLabel = "N", description = "Emulated V100s. Default: as the scenario says.")
    private Integer gpus;

    @Option(names = "--gpus-per-worker", paramLabel = "N", defaultValue = "2", description = "Default: ${DEFAULT-VALUE}.")
    private int gpusPerWorker;

    @Option(
        names = "--hop", paramLabel = "DURATION", defaultValue = "50us", converter = DurationConverter.class,
        description = "What each message travels at least. Default: ${DEFAULT-VALUE}.")
    private long hopNs;

    @Option(
        names = "--hop-jitter", paramLabel = "DURATION", defaultValue = "5us", converter = DurationConverter.class,
        description = "Mean of what it travels beyond that. Default: ${DEFAULT-VALUE}.")
    private long hopJitterNs;

    @Option(
        names = "--loss", paramLabel = "SHARE", defaultValue = "0",
        description = "Share of messages that are lost and repeated; all behind them wait. Default: ${DEFAULT-VALUE}.")
    private double loss;

    @Option(
        names = "--loss-delay", paramLabel = "DURATION", defaultValue = "1ms", converter = DurationConverter.class,
        description = "What a repetition takes. Default: ${DEFAULT-VALUE}.")
    private long lossNs;

    @Option(
        names = "--pcie-gbps", paramLabel = "GB", defaultValue = "12",
        description = "Gigabytes a second each way; LOADs and inputs share one, inputs first. Default: ${DEFAULT-VALUE}.")
    private double pcieGbPerS;

    @Option(
        names = "--memory", paramLabel = "BYTES", defaultValue = "23085449216", converter = SizeConverter.class,
        description = "Weights memory of each GPU. Default: ${DEFAULT-VALUE}.")
    private long memoryBytes;

    @Option(
        names = "--jitter", paramLabel = "SIGMA", defaultValue = "0.00007",
        description = "Standard deviation of executions and LOADs, as a fraction. Default: ${DEFAULT-VALUE}.")
    private double jitter;

    @Option(
        names = "--outliers", paramLabel = "P[xFACTOR]", defaultValue = "0.00001x2",
        description = "Executions that take FACTOR times as long, with probability P. Default: ${DEFAULT-VALUE}.")
    private String outliers;

    @Option(
        names = "--controller-cost", paramLabel = "IN/OUT", defaultValue = "300ns/500ns",
        description = "Virtual time of the controller's cycle for each message in, and for each action or response out. "
            + "Default: ${DEFAULT-VALUE}.")
    private String controllerCost;

    @Option(
        names = "--clock-offset", paramLabel = "DURATION", defaultValue = "10s", converter = DurationConverter.class,
        description = "Workers' clocks differ by up to this, either way. Default: ${DEFAULT-VALUE}.")
    private long clockOffsetNs;

    @Option(
        names = "--clock-drift", paramLabel = "PPM", defaultValue = "20",
        description = "Workers' clocks drift by up to this, either way. Default: ${DEFAULT-VALUE}.")
    private double clockDriftPpm;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the summary for programs.")
    private Path jsonFile;

    @Option(
        names = "--csv", paramLabel = "FILE",
        description = "Also writes a line for each run: its case, policy, seed and all figures, to draw curves from.")
    private Path csvFile;

    @Option(
        names = "--action-log", paramLabel = "FILE",
        description = "Also writes a line for each action in the order in which they ended; further runs add .2, .3 and so on.")
    private Path actionLog;

    /** What was asked for, without what a scenario adds. */
    ScenarioOptions options() {
        final ScenarioOptions options = new ScenarioOptions();
        options.policies = policies;
        options.lookAheadsNs = lookAheadsNs;
        options.seed = seed;
        options.seeds = seeds;
        options.durationNs = durationNs;
        options.warmupNs = warmupNs;
        options.gpus = gpus;
        final SimOptions system = options.system;
        system.checkLog.actionLog(actionLog);
        system.gpusPerWorker = gpusPerWorker;
        system.hopNs = hopNs;
        system.hopJitterNs = hopJitterNs;
        system.loss = loss;
        system.lossNs = lossNs;
        system.pcieBytesPerSecond = (long) (pcieGbPerS * BYTES_PER_GB);
        system.memoryBytes = memoryBytes;
        system.jitter = jitter;
        system.clockOffsetNs = clockOffsetNs;
        system.clockDriftPpb = (int) (clockDriftPpm * PPB_PER_PPM);
        final String[] outlier = outliers.split("x", 2);
        system.outlierProbability = number("--outliers", outlier[0]);
        system.outlierFactor = outlier.length == 1 ? STANDARD.outlierFactor : number("--outliers", outlier[1]);
        final String[] costs = controllerCost.split("/", 2);
        system.messageCostNs = Durations.parseNs(costs[0]);
        system.actionCostNs = costs.length == 1 ? system.messageCostNs : Durations.parseNs(costs[1]);
        return options;
    }

    /** Runs a scenario, prints what it showed, and answers the exit code. */
    int run(final Scenario scenario, final ScenarioOptions options, final CommandSpec command) throws IOException {
        final long wallStartNs = System.nanoTime();
        final ScenarioRunner runner = new ScenarioRunner(scenario, options, System.err::println, System::nanoTime);
        System.out.println(ScenarioReport.head(scenario, options));
        final ScenarioReport report = runner.run();
        final Summary summary = report.summary(new Summary.Run(
            0, System.nanoTime() - wallStartNs, options.seed, LiveRun.commandLine(command), Environment.capture(), false));
        System.out.println(SummaryText.of(summary));
        System.out.println();
        System.out.println(report.text());
        if (null != jsonFile) {
            Summary.write(report.json(summary), jsonFile);
        }
        if (null != csvFile) {
            Files.write(csvFile, report.csv());
        }
        final boolean isRight = 0 == options.system.checkLog.wrong();
        final boolean hasFailed = !scenario.mayFail() && 0 != summary.total().failed();
        return isRight && !hasFailed && 0 == summary.total().missing() ? 0 : UserError.FAILED;
    }

    private static double number(final String option, final String text) {
        try {
            return Double.parseDouble(text);
        } catch (final NumberFormatException ex) {
            throw new IllegalArgumentException(option + ": '" + text + "' is no number", ex);
        }
    }
}
