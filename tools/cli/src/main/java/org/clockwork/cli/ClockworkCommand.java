package org.clockwork.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command itself: lists its commands. */
@Command(
    name = "clockwork",
    description = "Predictable DNN serving: one controller that knows how long everything takes, workers that make no choices.",
    subcommands = {
        DemoCommand.class,
        ControllerCommand.class,
        DriverCommand.class,
        WorkerCommand.class,
        ModelsCommand.class,
        InferCommand.class,
        LoadCommand.class,
        StatusCommand.class,
        SimCommand.class,
        CommandLine.HelpCommand.class,
    },
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nFirst look:%n",
    footer = {
        "  clockwork demo                      everything in one process, with real models",
        "Separate processes:",
        "  clockwork controller",
        "  clockwork worker --device cpu",
        "  clockwork models register resnet model.onnx",
        "  clockwork infer resnet --input picture.f32 --slo 100ms",
        "  clockwork load resnet --rate 50 --slo 100ms --seconds 30",
        "",
        "Each option can also be set by a system property or in a file given with --properties:",
        "  clockwork.COMMAND.OPTION, such as clockwork.controller.threading=shared"
    })
final class ClockworkCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
