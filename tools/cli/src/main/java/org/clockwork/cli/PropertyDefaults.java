package org.clockwork.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Takes an option that was not given from the system property of its name: {@code --threading} of {@code clockwork
 * controller} from {@code clockwork.controller.threading}, else from {@code clockwork.threading}.
 */
final class PropertyDefaults implements CommandLine.IDefaultValueProvider {
    private static final String ROOT = "clockwork";

    @Override
    public String defaultValue(final ArgSpec argSpec) {
        if (!argSpec.isOption()) {
            return null;
        }
        final OptionSpec option = (OptionSpec) argSpec;
        if (option.usageHelp() || option.versionHelp()) {
            return null;
        }
        final String name = option.longestName().replaceFirst("^-+", "").replace('-', '.');
        final String specific = System.getProperty(commandName(option.command()) + '.' + name);
        return null != specific ? specific : System.getProperty(ROOT + '.' + name);
    }

    private static String commandName(final CommandSpec command) {
        final Deque<String> names = new ArrayDeque<>();
        CommandSpec at = command;
        while (null != at) {
            names.addFirst(at.name());
            at = at.parent() == null ? null : at.parent();
        }
        return String.join(".", names);
    }
}
