package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was compiled once is found again; what is damaged or of another kind of processor is made again. */
final class ArtifactCacheTest {
    @TempDir
    private Path directory;
    private Path artifact;
    private ModelSource source;
    private Driver driver;
    private byte[] request;
    private byte[] answer;

    @BeforeEach
    void compileOnce() throws Exception {
        final Path file = new TestModels(directory).zoo("mlp");
        source = new ModelSource("abc123", file, null, Map.of(), 2);
        artifact = directory.resolve("cache").resolve("abc123.cpu");
        driver = new Driver(directory.resolve("cache"), 2);
        answer = compileAndRun(source);
    }

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void isFoundAgainWithoutTheModelFile() throws Exception {
        Files.delete(source.file());
        assertArrayEquals(answer, compileAndRun(source));
    }

    @Test
    void isMadeAgainForAnotherBatch() throws Exception {
        try (CompiledModel model = driver.backend.compile(new ModelSource("abc123", source.file(), null, Map.of(), 3))) {
            assertEquals(3, model.maxBatch());
        }
    }

    @Test
    void isOfOneEnvironment() {
        assertNull(ArtifactFile.read(artifact, "another processor", 2));
    }

    @Test
    void eachDamagedByteIsFound() throws Exception {
        final byte[] good = Files.readAllBytes(artifact);
        final OrtRuntime runtime = new OrtRuntime(new NativeMemory(Posix.bind()));
        final String environment = new ModelCompiler(runtime, null, directory, 0, 0).environment();
        assertNotNull(ArtifactFile.read(artifact, environment, 2));
        final SplittableRandom random = new SplittableRandom(8);
        for (int i = 0; i < 60; i++) {
            final byte[] bad = good.clone();
            final int at = i < 30 ? random.nextInt(4096) : random.nextInt(good.length);
            bad[at] ^= 0x10;
            Files.write(artifact, bad);
            final ArtifactFile.Content content = ArtifactFile.read(artifact, environment, 2);
            if (content != null) {
                assertEquals(0, good[at], "only padding may be damaged unseen: at=" + at);
            }
        }
    }

    @Test
    void damagedIsMadeAgain() throws Exception {
        // whether packing pays is measured again, and may turn out otherwise: the last bits of an answer may differ
        final byte[] good = Files.readAllBytes(artifact);
        for (final int length : new int[] {0, 5, 40, good.length / 2, good.length - 1}) {
            Files.write(artifact, Arrays.copyOf(good, length));
            Answers.assertClose(Answers.floats(answer), compileAndRun(source));
        }
        final byte[] bad = good.clone();
        bad[good.length - 100] ^= 1;
        Files.write(artifact, bad);
        Answers.assertClose(Answers.floats(answer), compileAndRun(source));
    }

    @Test
    void leftoversOfProcessesThatAreGoneAreCleared() throws Exception {
        final long gone = 4_194_305;
        final Path left = Files.createDirectories(directory.resolve("cache").resolve("compile-" + gone + "-x"));
        final Path mine = Files.createDirectories(
            directory.resolve("cache").resolve("compile-" + ProcessHandle.current().pid() + "-x"));
        Files.write(left.resolve("skeleton.onnx"), new byte[10]);
        new Driver(directory.resolve("cache"), 1).close();
        assertFalse(Files.exists(left));
        assertTrue(Files.exists(mine));
    }

    private byte[] compileAndRun(final ModelSource from) throws ModelException, IOException {
        try (CompiledModel model = driver.backend.compile(from)) {
            if (request == null) {
                request = Answers.request(model.inputs(), 5);
            }
            driver.load(1, model);
            final byte[] result = driver.infer(1, model, 1, request)[0];
            driver.unload(1);
            return result;
        }
    }
}
