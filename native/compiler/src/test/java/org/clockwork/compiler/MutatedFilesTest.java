package org.clockwork.compiler;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.model.zoo.ModelZoo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files with random damage give a plan or a {@link ModelException}, nothing else, and soon. */
final class MutatedFilesTest {
    private static final int HEAD = 40_000;
    private static final Duration LIMIT = Duration.ofSeconds(20);
    @TempDir
    private Path directory;

    @Test
    void damagedFilesAreRefusedOrPlanned() throws Exception {
        fuzz("mlp", 17, 150);
        fuzz(new Nets().input("x", -1, 3, 8, 8).noise("w", 4, 3, 3, 3).noise("v", 4, 4).integers("s", 0, -1, 4)
            .node("Conv", "c", "x", "w").node("Relu", "r", "c").node("MaxPool", "p", java.util.List.of("r"),
                Map.of("kernel_shape", new long[] {2, 2}, "strides", new long[] {2, 2}))
            .node("Reshape", "f", "p", "s").node("MatMul", "m", "f", "v").node("Softmax", "y", "m").model("y").toByteArray(),
            18, 600);
    }

    @Tag("slow")
    @Test
    void manyMore() throws Exception {
        fuzz("mobilenet_v2-96", 19, 2000);
        fuzz("resnet18-64", 20, 500);
    }

    private void fuzz(final String model, final long seed, final int rounds) throws Exception {
        final Path file = directory.resolve(model + ".onnx");
        new ModelZoo().write(model, 1, file);
        fuzz(Files.readAllBytes(file), seed, rounds);
    }

    private void fuzz(final byte[] good, final long seed, final int rounds) throws Exception {
        final SplittableRandom random = new SplittableRandom(seed);
        final Path file = directory.resolve("mutated.onnx");
        int refused = 0;
        for (int round = 0; round < rounds; round++) {
            final byte[] bytes = random.nextInt(4) == 0
                ? java.util.Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
            for (int i = random.nextInt(1, 8); i > 0 && bytes.length > 0; i--) {
                final int at = random.nextBoolean() ? random.nextInt(bytes.length) : random.nextInt(Math.min(HEAD, bytes.length));
                bytes[at] = (byte) random.nextInt();
            }
            Files.write(file, bytes);
            final int number = round;
            refused += assertTimeoutPreemptively(LIMIT, () -> isRefused(file), () -> "seed=" + seed + " round=" + number) ? 1 : 0;
        }
        assertTrue(refused > rounds / 10, "damage is noticed: refused=" + refused + " of " + rounds);
    }

    private static boolean isRefused(final Path file) {
        try {
            final Plan plan = PlanCompiler.open(file, Integer.MAX_VALUE, Map.of()).plan(2, ElementType.FLOAT32);
            assertFalse(plan.text().isEmpty());
            return false;
        } catch (final ModelException e) {
            assertFalse(e.getMessage().isEmpty());
            return true;
        }
    }
}
