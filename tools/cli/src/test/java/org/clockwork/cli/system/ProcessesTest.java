package org.clockwork.cli.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.clockwork.cli.run.FreePorts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real processes over Aeron UDP: controller, emulated workers and clients, some of them killed. Each request ends exactly
 * once whatever dies. Limits are generous: nothing here asserts how quick anything is. Tag "system": part of a plain
 * {@code mvn verify}.
 */
@Tag("system")
class ProcessesTest {
    private static final long STATUS_LIMIT_NS = TimeUnit.SECONDS.toNanos(90);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;
    private final List<CommandProcess> started = new ArrayList<>();
    private String clients;
    private String workers;
    private int runs;

    @BeforeEach
    void choosePorts() {
        final int port = FreePorts.find();
        clients = "localhost:" + port;
        workers = "localhost:" + (port + 2);
    }

    @AfterEach
    void endAll() {
        started.forEach(CommandProcess::close);
    }

    @Test
    void aKilledWorkerTakesNoRequestWithIt() throws IOException {
        final CommandProcess controller = startController();
        final CommandProcess first = startWorker("w1");
        startWorker("w2");
        awaitStatus(status -> 2 == live(status));
        client(0, "register", "models", "register", "net", "--profile", "resnet50_v2", "--count", "6");
        final Path json = directory.resolve("load.json");
        final CommandProcess load = start("load", "load", "net-*", "--controller", clients, "--rate", "40", "--slo", "250ms",
            "--seconds", "5", "--json", json.toString());
        load.await("offered");
        first.kill();
        load.awaitEnd();
        assertEachEndedOnce(JSON.readTree(json.toFile()));
        awaitStatus(status -> 1 == live(status));

        final JsonNode after = load("after", 0, "net-*", "--rate", "40", "--slo", "2s", "--seconds", "3");
        assertEachEndedOnce(after);
        assertTrue(after.path("inTime").asLong() > 0, after.toString());
        assertEquals(0, after.path("failed").asLong(), after.toString());
        assertEquals(0, controller.terminate(), controller.output());
    }

    @Test
    void aKilledControllerComesBackWithItsModelsWorkersAndClients() throws IOException {
        final CommandProcess controller = startController();
        startWorker("w1");
        startWorker("w2");
        awaitStatus(status -> 2 == live(status));
        client(0, "register", "models", "register", "net", "--profile", "resnet50_v2", "--count", "6");
        final long epoch = awaitStatus(status -> 6 == status.path("modelsReady").asInt()).path("epoch").asLong();
        final Path json = directory.resolve("load.json");
        final CommandProcess load = start("load", "load", "net-*", "--controller", clients, "--rate", "40", "--slo", "500ms",
            "--seconds", "9", "--json", json.toString());
        load.await("offered");
        controller.kill();
        startController();
        final JsonNode status = awaitStatus(now -> 2 == live(now) && 6 == now.path("modelsReady").asInt());
        assertTrue(status.path("epoch").asLong() > epoch, status.toString());
        load.awaitEnd();
        final JsonNode summary = JSON.readTree(json.toFile());
        assertEachEndedOnce(summary);
        assertTrue(summary.path("inTime").asLong() > 0, summary.toString());

        final JsonNode after = load("after", 0, "net-*", "--rate", "40", "--slo", "2s", "--seconds", "2");
        assertEachEndedOnce(after);
        assertTrue(after.path("inTime").asLong() > 0, after.toString());
    }

    @Test
    void aRequestOfNoExecutionTimeCrossesEveryProcessAndBack() throws IOException {
        startController();
        final CommandProcess worker = startWorker("w1");
        awaitStatus(status -> 1 == live(status));
        client(0, "register", "models", "register", "zero", "--profile", "zero");
        final String answer = client(0, "infer", "infer", "zero", "--generated", "7", "--slo", "5s");
        assertTrue(answer.contains("answered in") && answer.contains("EMULATED"), answer);
        final JsonNode summary = load("load", 0, "zero", "--clients", "2", "--seconds", "1");
        assertEachEndedOnce(summary);
        assertTrue(summary.path("emulated").asBoolean(), summary.toString());
        assertEquals("generated", summary.path("input").asText());
        assertTrue(summary.path("phasesUs").path("roundTrip").path("p50").asDouble() > 0.0, summary.toString());

        assertEquals(0, worker.terminate(), worker.output());
        assertTrue(worker.output().contains("drained"), worker.output());
        awaitStatus(status -> 0 == live(status));
        assertTrue(client(1, "unhealthy", "status").contains("NOT HEALTHY"));
    }

    @Test
    void whatCannotWorkIsASentence() {
        final CommandProcess controller = startController();
        final String sameDirectory = CommandProcess.run(1, directory, "same-directory", "controller",
            "--dir", directory.resolve("controller").toString(), "--clients", "localhost:" + FreePorts.find(),
            "--workers", "localhost:" + (FreePorts.find() + 2));
        assertSentence(sameDirectory, "catalogue");
        final String samePort = CommandProcess.run(1, directory, "same-port", "controller",
            "--dir", directory.resolve("other").toString(), "--clients", clients, "--workers", workers);
        assertSentence(samePort, "listen");
        assertSentence(client(1, "unknown", "infer", "nothing", "--generated", "1"), "no model nothing");
        assertSentence(client(1, "no-row", "models", "register", "x", "--profile", "no-such-row", "--max-batch", "2",
            "--registration-timeout", "3s"), "x");
        assertEquals(0, controller.terminate(), controller.output());
        assertSentence(CommandProcess.run(1, directory, "no-controller", "status", "--controller", clients,
            "--connect-timeout", "2s"), "no controller answers");
    }

    private static void assertSentence(final String output, final String part) {
        assertTrue(output.toLowerCase(java.util.Locale.ROOT).contains(part), output);
        assertFalse(output.contains("\tat "), output);
        assertFalse(output.contains("Exception"), output);
    }

    private static void assertEachEndedOnce(final JsonNode summary) {
        long ended = 0;
        for (final String field : List.of("inTime", "late", "refused", "failed", "cancelled")) {
            ended += summary.path(field).asLong();
        }
        assertTrue(summary.path("offered").asLong() > 0, summary.toString());
        assertEquals(summary.path("offered").asLong(), ended, summary.toString());
    }

    private static int live(final JsonNode status) {
        int count = 0;
        for (final JsonNode worker : status.path("workers")) {
            count += "LIVE".equals(worker.path("phase").asText()) ? 1 : 0;
        }
        return count;
    }

    private CommandProcess startController() {
        return start("controller" + runs, "controller", "--dir", directory.resolve("controller").toString(),
            "--clients", clients, "--workers", workers).await("controller ready");
    }

    private CommandProcess startWorker(final String name) {
        return start(name, "worker", "--device", "emulated", "--name", name, "--controller", workers,
            "--dir", directory.resolve("worker").toString()).await("joined a controller");
    }

    private CommandProcess start(final String name, final String... args) {
        runs++;
        final CommandProcess process = CommandProcess.start(directory, name, args);
        started.add(process);
        return process;
    }

    private String client(final int exitCode, final String name, final String... args) {
        final List<String> all = new ArrayList<>(List.of(args));
        all.add("--controller");
        all.add(clients);
        return CommandProcess.run(exitCode, directory, name, all.toArray(new String[0]));
    }

    private JsonNode load(final String name, final int exitCode, final String... args) throws IOException {
        final Path json = directory.resolve(name + ".json");
        final List<String> all = new ArrayList<>(List.of("load"));
        all.addAll(List.of(args));
        all.addAll(List.of("--json", json.toString()));
        client(exitCode, name, all.toArray(new String[0]));
        return JSON.readTree(Files.readString(json));
    }

    private JsonNode awaitStatus(final Predicate<JsonNode> condition) {
        final long limitNs = System.nanoTime() + STATUS_LIMIT_NS;
        String last = "";
        while (System.nanoTime() - limitNs < 0) {
            try (CommandProcess process = CommandProcess.start(
                directory, "status", "status", "--json", "--controller", clients)) {
                process.awaitEnd();
                last = process.output();
            }
            if (last.startsWith("{")) {
                try {
                    final JsonNode status = JSON.readTree(last);
                    if (condition.test(status)) {
                        return status;
                    }
                } catch (final IOException ex) {
                    throw new AssertionError(last, ex);
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
        throw new AssertionError("the status did not become as expected: " + last);
    }
}
