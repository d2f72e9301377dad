package org.clockwork.cli.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.clockwork.cli.run.FreePorts;
import org.clockwork.client.Answer;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.InferCall;
import org.clockwork.client.RegisterSpec;
import org.clockwork.model.zoo.ModelZoo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thousand names over 64 networks, one CPU worker whose memory holds a few of them: each name is served, nearly always by
 * a cold start, and the worker's process stays within the memory that it stated. Takes 10 to 30 minutes and 30 GB of disk;
 * {@code -Dclockwork.test.kinds=8 -Dclockwork.test.names=80} makes it short.
 */
@Tag("system")
@Tag("slow")
class ThousandNamesTest {
    /** The largest of the zoo are left out: 64 remain. */
    private static final Set<String> TOO_LARGE = Set.of("vgg11", "vgg16", "resnext101_64x4d", "se_resnext101_64x4d",
        "resnet152_v1", "resnet152_v1b", "resnet152_v1c", "resnet152_v1d", "resnet152_v1s", "resnet152_v2",
        "winograd_resnet152_v2");
    private static final int KINDS = Integer.getInteger("clockwork.test.kinds", 64);
    private static final int NAMES = Integer.getInteger("clockwork.test.names", 1000);
    private static final int IN_FLIGHT = 4;
    private static final int MAX_BATCH = 2;
    private static final long LIMIT_S = 600;
    private static final long KIB = 1024;
    private static final Pattern STATED = Pattern.compile("resident at most (\\d+) MiB while serving");
    private static final Pattern COMPILING = Pattern.compile("six times its size and (\\d+) MiB");

    @TempDir
    private Path directory;
    private final List<CommandProcess> started = new ArrayList<>();
    private CommandProcess worker;
    private long largestFileBytes;
    private long largestResidentBytes;

    @AfterEach
    void endAll() {
        started.forEach(CommandProcess::close);
    }

    private CommandProcess start(final String name, final String... args) {
        final CommandProcess process = CommandProcess.start(directory, name, args);
        started.add(process);
        return process;
    }

    private long status(final String field) throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/" + worker.pid() + "/status"))) {
            if (line.startsWith(field + ":")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * KIB;
            }
        }
        throw new AssertionError("the system does not say " + field);
    }

    private static long mebibytes(final Pattern pattern, final String text) {
        final Matcher matcher = pattern.matcher(text);
        assertTrue(matcher.find(), text);
        return Long.parseLong(matcher.group(1)) << 20;
    }

    @Test
    void eachNameIsServedWithinTheMemoryStated() throws Exception {
        final int port = FreePorts.find();
        final String aeron = directory.resolve("aeron").toString();
        start("driver", "driver", "--aeron-dir", aeron).await("ready");
        // long, as the machine is busy for minutes with compiling and nobody is killed here
        start("controller", "controller", "-Dclockwork.controller.timeout=30s", "--aeron-dir", aeron, "--dir",
            directory.resolve("c").toString(), "--clients", "localhost:" + port, "--workers", "localhost:" + (port + 2))
            .await("controller ready");
        worker = start("worker", "worker", "--device", "cpu", "--aeron-dir", aeron, "--dir", directory.resolve("w").toString(),
            "--controller", "localhost:" + (port + 2), "--memory", "1g", "--host-memory", "9g").await("joined");
        final long stated = mebibytes(STATED, worker.output());
        try (ClockworkClient client = ClockworkClient.connect(new ClockworkClient.Context()
            .endpoints("localhost:" + port).aeronDirectoryName(aeron))) {
            final List<String> names = register(client);
            final long whileCompiling = status("VmHWM");
            final long allowed = stated + 6 * largestFileBytes + mebibytes(COMPILING, worker.output());
            assertTrue(whileCompiling <= allowed, "resident=" + whileCompiling + " allowed=" + allowed);
            final int cold = serve(client, names);
            final String figures = String.format(Locale.ROOT, "names=%d kinds=%d cold=%d residentServing=%d MiB stated=%d MiB "
                + "residentCompiling=%d MiB", names.size(), KINDS, cold, largestResidentBytes >> 20, stated >> 20,
                whileCompiling >> 20);
            System.out.println(figures);
            assertEquals(NAMES, names.size());
            assertTrue(cold >= NAMES / 2, figures);
            assertTrue(largestResidentBytes <= stated, figures);
        }
    }

    /** All names, one of each kind first. */
    private List<String> register(final ClockworkClient client) throws Exception {
        final ModelZoo zoo = new ModelZoo();
        final List<String> kinds = zoo.names().stream().filter(kind -> !TOO_LARGE.contains(kind)).limit(KINDS).toList();
        assertEquals(KINDS, kinds.size());
        final List<String> names = new ArrayList<>();
        for (int i = 0; i < kinds.size(); i++) {
            final int count = NAMES / KINDS + (i < NAMES % KINDS ? 1 : 0);
            final Path file = directory.resolve("model.onnx");
            zoo.write(kinds.get(i), 1, file);
            largestFileBytes = Math.max(largestFileBytes, Files.size(file));
            client.register(RegisterSpec.file("zoo/" + kinds.get(i), file).count(count).maxBatch(MAX_BATCH))
                .get(LIMIT_S, TimeUnit.SECONDS);
            Files.delete(file);
        }
        for (int copy = 0; names.size() < NAMES; copy++) {
            for (int i = 0; i < kinds.size() && names.size() < NAMES; i++) {
                names.add("zoo/" + kinds.get(i) + '-' + copy);
            }
        }
        return names;
    }

    /** Asks each name once and returns how many had to be loaded first. */
    private int serve(final ClockworkClient client, final List<String> names) throws Exception {
        final Deque<CompletableFuture<Answer>> flying = new ArrayDeque<>();
        int cold = 0;
        for (int i = 0; i < names.size() || !flying.isEmpty(); i++) {
            if (i < names.size()) {
                flying.add(client.infer(InferCall.model(names.get(i)).generatedInput(i).timeout(Duration.ofSeconds(LIMIT_S))));
            }
            if (flying.size() >= IN_FLIGHT || i >= names.size()) {
                cold += flying.remove().get(LIMIT_S, TimeUnit.SECONDS).orThrow().isCold() ? 1 : 0;
                largestResidentBytes = Math.max(largestResidentBytes, status("VmRSS"));
            }
        }
        return cold;
    }
}
