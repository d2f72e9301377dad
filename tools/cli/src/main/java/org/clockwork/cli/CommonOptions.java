package org.clockwork.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options that every command has. */
final class CommonOptions {
    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Shows this and ends.")
    private boolean isHelp;

    @Option(
        names = PropertyFiles.OPTION, paramLabel = "FILE",
        description = "Takes options and system properties from this file (java.util.Properties).")
    private Path properties;
}
