package org.clockwork.sim.scenario;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clockwork.loadgen.Summary;

/** A short run of a scenario with everything that is random in it, as a program: writes its summary and action log. */
public final class SameRun {
    private SameRun() {
    }

    /** Runs it into a directory, for a seed. */
    public static void main(final String[] args) throws IOException {
        final Path directory = Files.createDirectories(Path.of(args[0]));
        final ScenarioOptions options = new ScenarioOptions();
        options.seed = Long.parseLong(args[1]);
        options.policies = List.of("slack", "paper");
        options.lookAheadsNs = List.of(2_000_000L);
        options.durationNs = 600_000_000L;
        options.warmupNs = 100_000_000L;
        options.gpus = 4;
        options.models = List.of(90);
        options.rates = List.of(1_000.0, 4_000.0);
        options.system.loss = 0.001;
        options.system.outlierProbability = 0.01;
        options.system.checkLog.actionLog(directory.resolve("actions.csv"));
        final Scenario scenario = Scenarios.of("overload");
        final ScenarioReport report = new ScenarioRunner(scenario, options, line -> { }, () -> 0).run();
        final Summary summary = report.summary(new Summary.Run(0, 0, options.seed, "", Map.of(), false));
        final ObjectNode json = report.json(summary);
        for (final String mayDiffer : List.of("environment", "commandLine", "wallS")) {
            json.remove(mayDiffer);
        }
        Files.writeString(directory.resolve("summary.json"), json.toPrettyString());
        Files.writeString(directory.resolve("report.txt"), report.text());
    }
}
