package org.clockwork.cli;

import java.nio.file.Path;
import java.util.List;
import org.clockwork.sim.scenario.ScenarioOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The scenarios of {@link SimCommand} with the mix of serverless functions. */
final class SimAzureCommands {
    private SimAzureCommands() {
    }

    /** What says which mix. */
    abstract static class MixCommand extends SimCommands.ScenarioCommand {
        @Option(
            names = "--kind-seed", paramLabel = "N", defaultValue = "165",
            description = "Seed of the order of the models' kinds: what the popular ones cost. Default: ${DEFAULT-VALUE}.")
        private long kindSeed;

        @Option(
            names = "--trace", paramLabel = "FILE",
            description = "Draws the functions from a trace in the format of Azure Functions 2019.")
        private Path trace;

        @Option(names = "--rate", paramLabel = "PER-SECOND", split = ",", description = "Mean over all models. Default: 10000.")
        private List<Double> rates;

        @Option(names = "--models", paramLabel = "N", description = "Models, four functions each. Default: 4026.")
        private Integer models;

        @Override
        void fill(final ScenarioOptions options) {
            options.kindSeed = kindSeed;
            options.trace = trace;
            options.rates = rates;
            options.models = models == null ? null : List.of(models);
        }
    }

    /** The mix of serverless functions. */
    @Command(
        name = "azure",
        description = "24 GPUs, 4,026 models with the popularities and rhythm of serverless functions, 10,000 requests/s with "
            + "spike minutes of 12,000/s, SLO 100 ms: requests not in time, refusals included, beside what the mix would need.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  clockwork sim azure --gpus 12 --rate 2000,3500,5000 --policy slack,paper",
            "  clockwork sim azure --requests 208000000",
        })
    static final class AzureCommand extends MixCommand {
        @Option(
            names = "--requests", paramLabel = "N",
            description = "Requests to count, in place of --duration. Default: 5 minutes.")
        private Long requests;

        @Override
        void fill(final ScenarioOptions options) {
            super.fill(options);
            options.requests = requests;
        }
    }

    /** A search for the fewest devices. */
    @Command(
        name = "gpus-needed",
        description = "The fewest GPUs with which 99 % and 99.99 % of the requests are in time, for the mix of azure and for the "
            + "same models in bursts (gamma, coefficient of variation 4).",
        footerHeading = "%nExamples:%n",
        footer = "  clockwork sim gpus-needed --policy slack,paper")
    static final class GpusNeededCommand extends MixCommand {
    }

    /** Ever more devices. */
    @Command(
        name = "scale",
        description = "10 to 1,000 GPUs, 4,026 models, 400 requests/s a GPU: real time of the controller's cycles for a request. "
            + "--rate is that of one GPU here.")
    static final class ScaleCommand extends MixCommand {
    }
}
