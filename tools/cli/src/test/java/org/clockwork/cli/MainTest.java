package org.clockwork.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What a user types, and what is answered: helps, sentences, exit codes; nothing here starts a process. */
class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @AfterEach
    void clear() {
        for (final String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith("clockwork.test") || name.startsWith("clockwork.load") || name.equals("clockwork.seconds")) {
                System.clearProperty(name);
            }
        }
    }

    @Test
    void everyCommandHasAHelpThatNamesItsOptions() {
        final List<String> seen = new ArrayList<>();
        check(Main.commandLine(), List.of(), seen);
        assertTrue(seen.containsAll(List.of("demo", "driver", "controller", "worker", "models register", "models replace",
            "models unregister", "models list", "models inspect", "models generate", "models compile", "infer", "load",
            "status")),
            seen.toString());
    }

    private void check(final CommandLine command, final List<String> path, final List<String> seen) {
        for (final var entry : command.getSubcommands().entrySet()) {
            if ("help".equals(entry.getKey())) {
                continue;
            }
            final List<String> args = new ArrayList<>(path);
            args.add(entry.getKey());
            seen.add(String.join(" ", args));
            final List<String> asked = new ArrayList<>(args);
            asked.add("--help");
            assertEquals(0, run(asked.toArray(new String[0])), asked + ": " + err);
            final String help = out.toString();
            assertTrue(help.startsWith("Usage: clockwork " + String.join(" ", args)), help);
            entry.getValue().getCommandSpec().options().forEach(option -> {
                assertTrue(help.contains(option.longestName()), option.longestName() + " of " + args);
                assertTrue(option.description().length > 0, option.longestName() + " of " + args);
            });
            check(entry.getValue(), args, seen);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "nonsense", "worker", "worker --device tpu", "worker --device emulated --gpus many", "load", "load x",
        "load x --rate 5 --clients 2", "load x --rate -1", "load x --rate 5 --slo 10parsecs", "load x --rate 5 --slo 0s",
        "load x --rate 5 --input a --generated", "infer x", "infer x --input a --generated 1", "models register a",
        "models register a /no/such/file", "models register a --profile p --dim x", "models generate no-such-model",
        "models compile x --batch 0", "models compile x --precision fp64",
        "demo --seconds 0", "demo --slo -5ms", "demo --memory lots", "demo --aeron-dir /tmp/x",
        "controller --threading sometimes",
        "status --properties /no/such/file", "worker --device emulated --memory 5q"
    })
    void wrongUsageIsASentenceAndExitCode2(final String line) {
        assertEquals(2, run(line.split(" ")), line);
        final String text = err.toString().strip();
        assertFalse(text.isEmpty(), line);
        assertFalse(text.contains("Exception"), text);
        assertFalse(text.contains("\tat "), text);
        assertEquals(1, text.lines().count(), text);
        assertTrue(Character.isUpperCase(text.charAt(0)) || "'-".indexOf(text.charAt(0)) >= 0, text);
    }

    @Test
    void aPlanIsShownOrItIsSaidWhyThereIsNone(@TempDir final Path directory) throws IOException {
        final Path file = directory.resolve("mlp.onnx");
        assertEquals(0, run("models", "generate", "mlp", file.toString()));
        assertEquals(0, run("models", "compile", file.toString(), "--batch", "4"), err.toString());
        assertTrue(out.toString().contains("MatMul") && out.toString().contains("batch=4"), out.toString());
        Files.writeString(file, "this is no model, whatever its name says");
        assertEquals(1, run("models", "compile", file.toString()));
        assertTrue(err.toString().contains("INVALID_FILE"), err.toString());
    }

    @ParameterizedTest
    @CsvSource({"10ms,10000000", "1.5s,1500000000", "100us,100000", "7ns,7"})
    void durationsHaveUnits(final String text, final long ns) {
        assertEquals(ns, new DurationConverter().convert(text));
    }

    @Test
    void anOptionComesFromASystemPropertyOfItsName() {
        System.setProperty("clockwork.load.seconds", "-3");
        assertEquals(2, run("load", "x", "--rate", "5"));
        assertTrue(err.toString().contains("positive"), err.toString());
        System.clearProperty("clockwork.load.seconds");
        System.setProperty("clockwork.seconds", "-3");
        assertEquals(2, run("load", "x", "--rate", "5"));
        assertTrue(err.toString().contains("positive"), err.toString());
    }

    @Test
    void aPropertiesFileSetsWhatIsNotSet(@TempDir final Path directory) throws IOException {
        final Path file = directory.resolve("clockwork.properties");
        Files.writeString(file, "clockwork.test.one = 1\nclockwork.test.two = 2\n");
        System.setProperty("clockwork.test.two", "set before");
        PropertyFiles.load("load", "--properties", file.toString());
        assertEquals("1", System.getProperty("clockwork.test.one"));
        assertEquals("set before", System.getProperty("clockwork.test.two"));
        Files.writeString(file, "clockwork.test.three = 3\n");
        PropertyFiles.load("load", "--properties=" + file);
        assertEquals("3", System.getProperty("clockwork.test.three"));
    }

    @Test
    void theVersionNamesTheProtocol() {
        assertEquals(0, run("--version"));
        assertTrue(out.toString().contains("wire protocol"), out.toString());
    }

    private int run(final String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        try {
            PropertyFiles.load(args);
        } catch (final org.clockwork.cli.run.UserError ex) {
            err.append(Character.toUpperCase(ex.getMessage().charAt(0))).append(ex.getMessage().substring(1));
            return ex.exitCode();
        }
        return Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
    }
}
