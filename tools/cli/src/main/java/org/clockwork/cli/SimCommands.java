package org.clockwork.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.clockwork.sim.scenario.ScenarioOptions;
import org.clockwork.sim.scenario.Scenarios;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The scenarios of {@link SimCommand}, each with the options that it alone has. */
final class SimCommands {
    private SimCommands() {
    }

    /** What all of them do. */
    abstract static class ScenarioCommand implements Callable<Integer> {
        @Mixin
        private CommonOptions common;
        @Mixin
        private SimOptionsMixin shared;
        @Spec
        private CommandSpec command;

        @Override
        public Integer call() throws IOException {
            final ScenarioOptions options = shared.options();
            fill(options);
            return shared.run(Scenarios.of(command.name()), options, command);
        }

        /** Adds its own options. */
        abstract void fill(ScenarioOptions options);
    }

    /** Closed-loop clients over a range of SLOs. */
    @Command(
        name = "compare",
        description = "One GPU, 15 models of ResNet-50 with 16 closed-loop clients each, SLOs from 10 to 500 ms: goodput beside "
            + "that of the best batch without a gap, and how even the models' shares are.")
    static final class CompareCommand extends ScenarioCommand {
        @Option(
            names = "--slo", paramLabel = "DURATION", split = ",", converter = DurationConverter.class,
            description = "SLOs to run. Default: 10ms,25ms,50ms,100ms,250ms,500ms.")
        private List<Long> slosNs;

        @Option(names = "--models", paramLabel = "N", description = "Models. Default: 15.")
        private Integer models;

        @Override
        void fill(final ScenarioOptions options) {
            options.slosNs = slosNs;
            options.models = models == null ? null : List.of(models);
        }
    }

    /** Ever more cold models. */
    @Command(
        name = "thousands",
        description = "One GPU, SLO 100 ms: an established model of 200 requests/s keeps its share while 1,000 requests/s go to "
            + "ever more others, one more becoming active each second up to 3,600. Default length: an hour and a minute.")
    static final class ThousandsCommand extends ScenarioCommand {
        @Option(
            names = "--active", paramLabel = "N", split = ",",
            description = "Holds N others active, for 60s after 10s, instead of one more each second.")
        private List<Integer> active;

        @Option(names = "--models", paramLabel = "N", description = "Others in the end. Default: 3600.")
        private Integer models;

        @Option(
            names = "--slo", paramLabel = "DURATION", converter = DurationConverter.class,
            description = "SLO of each request. Default: 100ms.")
        private Long sloNs;

        @Override
        void fill(final ScenarioOptions options) {
            options.active = active;
            options.models = models == null ? null : List.of(models);
            options.slosNs = sloNs == null ? null : List.of(sloNs);
        }
    }

    /** Batch work beside latency-sensitive work. */
    @Command(
        name = "isolation",
        description = "Six GPUs, six latency-sensitive models of 200 requests/s each (Poisson), SLOs of 1.5 to 100 times an "
            + "execution, alone and beside 12 x 16 or 48 x 4 closed-loop clients without SLO: what the sensitive ones lose, and "
            + "how much batch work gets done.")
    static final class IsolationCommand extends ScenarioCommand {
        @Option(
            names = "--multiple", paramLabel = "X", split = ",",
            description = "SLOs to run, as multiples of 2.73 ms. Default: 1.5 to the power of 1, 2, 3... up to 100.")
        private List<Double> multiples;

        @Override
        void fill(final ScenarioOptions options) {
            options.multiples = multiples;
        }
    }

    /** Poisson load over a range of tight SLOs. */
    @Command(
        name = "how-low",
        description = "Six GPUs, 12 and 48 models of ResNet-50 at 600, 1,200 and 2,400 requests/s (Poisson), SLOs of 1 to 100 "
            + "times an execution of 2.73 ms: the share in time beside the most that is possible without pre-emption.")
    static final class HowLowCommand extends ScenarioCommand {
        @Option(
            names = "--multiple", paramLabel = "X", split = ",",
            description = "SLOs to run, as multiples of 2.73 ms. Default: 1.5 to the power of 0, 1, 2... up to 100.")
        private List<Double> multiples;

        @Option(
            names = "--rate", paramLabel = "PER-SECOND", split = ",",
            description = "Over all models. Default: 600,1200,2400.")
        private List<Double> rates;

        @Option(names = "--models", paramLabel = "N", split = ",", description = "Numbers of models. Default: 12,48.")
        private List<Integer> models;

        @Override
        void fill(final ScenarioOptions options) {
            options.multiples = multiples;
            options.rates = rates;
            options.models = models;
        }
    }

    /** Far more load than can be served. */
    @Command(
        name = "overload",
        description = "Twelve GPUs, 400 models of 64 kinds, popularity by Zipf's law with exponent 1, offered 0.5 to 8 times "
            + "5,000 requests/s: goodput must not fall when more is offered, and no model may be starved.")
    static final class OverloadCommand extends ScenarioCommand {
        @Option(
            names = "--rate", paramLabel = "PER-SECOND", split = ",",
            description = "Over all models. Default: 2500,5000,7500,10000,15000,20000,30000,40000.")
        private List<Double> rates;

        @Option(names = "--models", paramLabel = "N", description = "Models. Default: 400.")
        private Integer models;

        @Option(
            names = "--slo", paramLabel = "DURATION", converter = DurationConverter.class,
            description = "SLO of each request. Default: 100ms.")
        private Long sloNs;

        @Override
        void fill(final ScenarioOptions options) {
            options.rates = rates;
            options.models = models == null ? null : List.of(models);
            options.slosNs = sloNs == null ? null : List.of(sloNs);
        }
    }

    /** Everything breaks for a while. */
    @Command(
        name = "faults",
        description = "Eight GPUs, 60 models: workers and the controller die and come back, packets are lost and late, links "
            + "break, clocks step and drift, devices are slow; then all must be served again within a second.",
        footerHeading = "%nExamples:%n",
        footer = "  clockwork sim faults --seeds 20")
    static final class FaultsCommand extends ScenarioCommand {
        @Override
        void fill(final ScenarioOptions options) {
            // Nothing of its own.
        }
    }
}
