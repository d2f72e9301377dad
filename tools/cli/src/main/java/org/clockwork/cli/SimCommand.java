package org.clockwork.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Simulations of the whole system: lists its scenarios. */
@Command(
    name = "sim",
    description = "Runs the production controller, worker and client under virtual time, with emulated V100s, and shows what a "
        + "scheduling policy reaches beside the theoretical bound. The same seed gives the same result.",
    synopsisSubcommandLabel = "SCENARIO",
    subcommands = {
        SimCommands.CompareCommand.class,
        SimCommands.ThousandsCommand.class,
        SimCommands.HowLowCommand.class,
        SimCommands.IsolationCommand.class,
        SimAzureCommands.AzureCommand.class,
        SimCommands.OverloadCommand.class,
        SimAzureCommands.GpusNeededCommand.class,
        SimAzureCommands.ScaleCommand.class,
        SimCommands.FaultsCommand.class,
    },
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork sim compare",
        "  clockwork sim compare --slo 25ms --policy slack,paper --seeds 5",
        "  clockwork sim thousands --active 1,10,100,200,1000,3600",
        "  clockwork sim how-low --models 12 --rate 600 --json how-low.json",
        "",
        "Each scenario has a --help of its own. Progress goes to standard error."
    })
final class SimCommand implements Runnable {
    @Mixin
    private CommonOptions common;
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "choose a scenario");
    }
}
