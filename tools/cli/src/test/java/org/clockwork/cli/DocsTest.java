package org.clockwork.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What the documents and helps name is there: links, paths and commands with their options. */
class DocsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)[^)]*\\)");
    private static final Pattern PATH = Pattern.compile("`((?:schema|controller|worker|native|tools|bench|\\.ci)/[\\w./-]+)`");
    private static final Pattern COMMAND = Pattern.compile("^\\s*(?:tools/)?clockwork ([a-z-].*)$");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");

    @Test
    void linksAndPathsInDocumentsExist() throws IOException {
        int checked = 0;
        for (final Path document : documents()) {
            for (final Pattern pattern : List.of(LINK, PATH)) {
                final Matcher matcher = pattern.matcher(Files.readString(document));
                while (matcher.find()) {
                    final String target = matcher.group(1);
                    if (!target.contains("://") && !target.startsWith("mailto:")) {
                        final Path path = LINK == pattern ? document.getParent().resolve(target) : root().resolve(target);
                        assertTrue(Files.exists(path), document + " names " + target + ", which is not there");
                        checked++;
                    }
                }
            }
        }
        assertTrue(checked > 15, "checked=" + checked);
    }

    @Test
    void commandsInDocumentsAreUnderstood() throws IOException {
        final List<String> commands = new ArrayList<>();
        for (final Path document : documents()) {
            boolean isCode = false;
            for (final String line : Files.readAllLines(document)) {
                isCode ^= line.startsWith("```");
                final Matcher matcher = COMMAND.matcher(line);
                if (isCode && matcher.matches()) {
                    commands.add(matcher.group(1));
                }
            }
        }
        assertTrue(commands.size() > 10, commands.toString());
        commands.forEach(DocsTest::checkUnderstood);
    }

    @Test
    void examplesInHelpsAreUnderstood() {
        final List<String> commands = new ArrayList<>();
        collectExamples(Main.commandLine(), commands);
        assertTrue(commands.size() > 20, commands.toString());
        commands.forEach(DocsTest::checkUnderstood);
    }

    private static void collectExamples(final CommandLine command, final List<String> commands) {
        for (final String line : command.getCommandSpec().usageMessage().footer()) {
            final Matcher matcher = COMMAND.matcher(line);
            if (matcher.matches() && !line.contains("COMMAND")) {
                commands.add(matcher.group(1).split(" {3,}")[0]);
            }
        }
        command.getSubcommands().values().forEach(subcommand -> collectExamples(subcommand, commands));
    }

    private static void checkUnderstood(final String line) {
        final List<String> words = new ArrayList<>();
        final Matcher matcher = WORD.matcher(line.split(" [|<>&#] ?")[0]);
        while (matcher.find()) {
            words.add(matcher.group().replaceAll("^['\"]|['\"]$", ""));
        }
        try {
            final CommandLine.ParseResult result = Main.commandLine().parseArgs(words.toArray(new String[0]));
            assertTrue(result.hasSubcommand() || result.isUsageHelpRequested(), line);
        } catch (final CommandLine.ParameterException ex) {
            throw new AssertionError("not understood: clockwork " + line + ": " + ex.getMessage(), ex);
        }
    }

    private static List<Path> documents() throws IOException {
        try (Stream<Path> paths = Files.walk(root(), 4)) {
            final List<Path> documents = paths
                .filter(path -> path.toString().endsWith(".md"))
                .filter(path -> !path.toString().contains("/target/") && !path.toString().contains("/.git/"))
                .toList();
            assertFalse(documents.isEmpty());
            return documents;
        }
    }

    private static Path root() {
        Path path = Path.of("").toAbsolutePath();
        while (!Files.exists(path.resolve("tools/clockwork"))) {
            path = path.getParent();
        }
        return path;
    }
}
