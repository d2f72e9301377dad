package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ONNX Runtime starts in a process with a long command line, and leaves nothing in the user's home directory. */
final class CommandLineTest {
    private static final int LENGTH = 20_000;
    private static final int LIMIT_S = 60;
    @TempDir
    private Path home;

    /** The process under test. */
    static final class Main {
        private Main() {
        }

        /** Starts ONNX Runtime. */
        public static void main(final String[] args) {
            System.out.println(new OrtRuntime(new NativeMemory(Posix.bind())).version());
        }
    }

    @Test
    void aLongCommandLineEndsNothing() throws Exception {
        final Path output = home.resolve("output");
        final ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dlong=" + "x".repeat(LENGTH), "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), Main.class.getName());
        builder.environment().put("HOME", home.toString());
        final Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue(), Files.readString(output));
            assertTrue(Files.notExists(home.resolve(".cache/Microsoft")), "telemetry");
        } finally {
            process.destroyForcibly();
        }
    }
}
