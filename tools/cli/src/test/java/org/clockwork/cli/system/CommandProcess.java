package org.clockwork.cli.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A {@code clockwork} command as a process of its own, its output in a file. */
final class CommandProcess implements AutoCloseable {
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LIMIT_S = 90;

    private final String name;
    private final Path output;
    private final Process process;

    private CommandProcess(final String name, final Path output, final Process process) {
        this.name = name;
        this.output = output;
        this.process = process;
    }

    /** Starts {@code clockwork args}; those that begin with {@code -D} are the JVM's. */
    static CommandProcess start(final Path directory, final String name, final String... args) {
        final List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED",
            "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.home=" + directory));
        Arrays.stream(args).filter(arg -> arg.startsWith("-D")).forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "org.clockwork.cli.Main"));
        Arrays.stream(args).filter(arg -> !arg.startsWith("-D")).forEach(command::add);
        final Path output = directory.resolve(name + ".log");
        try {
            return new CommandProcess(name, output, new ProcessBuilder(command)
                .redirectErrorStream(true).redirectOutput(output.toFile()).start());
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Runs {@code clockwork args} to its end and returns its output; fails unless it ends with this code. */
    static String run(final int exitCode, final Path directory, final String name, final String... args) {
        try (CommandProcess process = start(directory, name, args)) {
            final int code = process.awaitEnd();
            if (exitCode != code) {
                throw new AssertionError(process.describe("ended with " + code + " instead of " + exitCode));
            }
            return process.output();
        }
    }

    /** Waits until its output contains the text. */
    CommandProcess await(final String text) {
        final long limitNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (!output().contains(text)) {
            if (!process.isAlive() && !output().contains(text)) {
                throw new AssertionError(describe("ended without saying '" + text + '\''));
            }
            if (System.nanoTime() - limitNs > 0) {
                throw new AssertionError(describe("did not say '" + text + '\''));
            }
            LockSupport.parkNanos(POLL_NS);
        }
        return this;
    }

    /** Its exit code. */
    int awaitEnd() {
        try {
            if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                throw new AssertionError(describe("did not end"));
            }
            return process.exitValue();
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new AssertionError(ex);
        }
    }

    long pid() {
        return process.pid();
    }

    /** kill -9. */
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** SIGTERM; its exit code. */
    int terminate() {
        process.destroy();
        return awaitEnd();
    }

    /** What it has printed so far. */
    String output() {
        try {
            return Files.readString(output);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            process.destroyForcibly();
            awaitEnd();
        }
    }

    private String describe(final String what) {
        return name + ' ' + what + (process.isAlive() ? "" : ", exit code " + process.exitValue()) + ":\n" + output();
    }
}
