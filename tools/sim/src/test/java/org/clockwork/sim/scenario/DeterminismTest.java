package org.clockwork.sim.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same seed gives the same run, byte for byte, in another process, whose hashes and addresses are others. */
class DeterminismTest {
    private static final List<String> FILES =
        List.of("summary.json", "report.txt", "actions.csv", "actions.csv.2", "actions.csv.3", "actions.csv.4");

    @TempDir
    private Path directory;

    @Test
    void anotherProcessDoesTheSame() throws IOException, InterruptedException {
        SameRun.main(new String[] {directory.resolve("here").toString(), "7"});
        assertEquals(0, inAnotherProcess("there"));
        for (final String file : FILES) {
            assertEquals(-1, Files.mismatch(directory.resolve("here").resolve(file), directory.resolve("there").resolve(file)),
                file);
        }
        assertTrue(Files.readAllLines(directory.resolve("here").resolve("actions.csv.2")).size() > 300);
    }

    @Test
    void anotherSeedDoesNot() throws IOException {
        SameRun.main(new String[] {directory.resolve("7").toString(), "7"});
        SameRun.main(new String[] {directory.resolve("8").toString(), "8"});
        for (final String file : FILES) {
            assertNotEquals(-1, Files.mismatch(directory.resolve("7").resolve(file), directory.resolve("8").resolve(file)), file);
        }
    }

    private int inAnotherProcess(final String name) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED",
            "-Xmx1g", "-XX:+UseSerialGC",
            "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            SameRun.class.getName(), directory.resolve(name).toString(), "7")
            .redirectErrorStream(true).redirectOutput(directory.resolve(name + ".log").toFile()).start();
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "no end");
            if (process.exitValue() != 0) {
                throw new AssertionError(Files.readString(directory.resolve(name + ".log")));
            }
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }
}
