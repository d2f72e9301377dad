package org.clockwork.cli;

import java.util.Locale;
import org.clockwork.cli.run.UserError;
import picocli.CommandLine;

/** Entry point of the {@code clockwork} command. */
public final class Main {
    /** Ends with stack traces, for those who look for the cause. */
    static final String DEBUG_PROP_NAME = "clockwork.debug";

    private static final int HELP_WIDTH = 110;

    private Main() {
    }

    /** Runs a command and ends the process with its exit code. */
    public static void main(final String[] args) {
        System.exit(run(args));
    }

    /** Runs a command. */
    static int run(final String... args) {
        try {
            PropertyFiles.load(args);
        } catch (final UserError ex) {
            System.err.println(ex.getMessage());
            return ex.exitCode();
        }
        return commandLine().execute(args);
    }

    static CommandLine commandLine() {
        return new CommandLine(new ClockworkCommand())
            .setUsageHelpWidth(HELP_WIDTH)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setAbbreviatedSubcommandsAllowed(false)
            .setDefaultValueProvider(new PropertyDefaults())
            .setParameterExceptionHandler(Main::onWrongUsage)
            .setExecutionExceptionHandler(Main::onFailure);
    }

    static boolean isDebug() {
        return Boolean.getBoolean(DEBUG_PROP_NAME);
    }

    private static int onWrongUsage(final CommandLine.ParameterException ex, final String[] args) {
        final CommandLine command = ex.getCommandLine();
        final String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(sentence(ex.getMessage()) + " Try: " + name + " --help");
        return UserError.USAGE;
    }

    private static int onFailure(final Exception ex, final CommandLine command, final CommandLine.ParseResult result) {
        final boolean isSentence = ex instanceof UserError || ex instanceof IllegalArgumentException;
        command.getErr().println(sentence(isSentence && null != ex.getMessage() ? ex.getMessage()
            : ex.getClass().getSimpleName() + ": " + ex.getMessage()));
        if (isDebug()) {
            ex.printStackTrace(command.getErr());
        } else if (!isSentence) {
            command.getErr().println("(CLOCKWORK_DEBUG=1 shows where)");
        }
        return ex instanceof UserError ? ((UserError) ex).exitCode()
            : ex instanceof IllegalArgumentException ? UserError.USAGE : UserError.FAILED;
    }

    private static String sentence(final String text) {
        final String trimmed = String.valueOf(text).strip();
        if (trimmed.isEmpty()) {
            return "Failed for an unknown reason.";
        }
        final String capital = trimmed.substring(0, 1).toUpperCase(Locale.ROOT) + trimmed.substring(1);
        return ".!?".indexOf(capital.charAt(capital.length() - 1)) >= 0 ? capital : capital + '.';
    }
}
