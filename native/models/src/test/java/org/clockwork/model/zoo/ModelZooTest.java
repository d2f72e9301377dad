package org.clockwork.model.zoo;

import static org.junit.jupiter.api.Assertions.*;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.clockwork.model.Runner;
import org.clockwork.model.onnx.Net;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every model has its published size and runs; its answers depend on its input and stay within bounds. */
final class ModelZooTest {
    /** One model of each kind of layer; all others run with the slow tests. */
    private static final List<String> QUICK = List.of("mlp", "resnet18-64", "mobilenet_v2-96", "resnet50", "googlenet",
        "densenet121", "mobile_pose_mobilenetv3", "simple_pose_resnet18_v1b", "resnest14", "resnet18_v2");
    private final ModelZoo zoo = new ModelZoo();
    @TempDir
    private Path directory;

    @TestFactory
    Stream<DynamicTest> everyModelHasItsPublishedSize() throws IOException {
        return published().stream().map(row -> DynamicTest.dynamicTest(row[0], () -> {
            final Net net = zoo.find(row[0]).build(1);
            final long expected = Long.parseLong(row[1]);
            switch (row[2]) {
                case "learned" -> assertEquals(expected, net.parameters());
                case "all" -> assertEquals(expected, net.parameters() + net.buffers());
                case "weights" -> assertEquals(expected, net.parameters() - net.buffers());
                case "rounded" -> assertEquals(expected, net.parameters(), 5000);
                default -> fail("unknown: " + row[2]);
            }
            if (!row[3].isEmpty() && !row[0].startsWith("winograd")) {
                final double measured = Double.parseDouble(row[3]);
                assertEquals(1, 4.0 * (net.parameters() + net.buffers()) / measured, 0.05, "bytes against the V100 profile");
            }
        }));
    }

    @Test
    void everyModelHasAPublishedSize() throws IOException {
        final Set<String> names = published().stream().map(row -> row[0]).collect(Collectors.toSet());
        assertEquals(Set.copyOf(zoo.names()), names);
        assertTrue(published().stream().filter(row -> !row[3].isEmpty()).count() == 64, "all 64 of the table are here");
    }

    @TestFactory
    Stream<DynamicTest> quickModelsAnswer() {
        return QUICK.stream().map(name -> DynamicTest.dynamicTest(name, () -> answers(name)));
    }

    @Tag("slow")
    @TestFactory
    Stream<DynamicTest> allOtherModelsAnswer() {
        return zoo.names().stream().filter(name -> !QUICK.contains(name))
            .map(name -> DynamicTest.dynamicTest(name, () -> answers(name)));
    }

    @Test
    void theSameSeedGivesTheSameFile() throws IOException {
        final Path one = directory.resolve("one.onnx");
        final Path two = directory.resolve("two.onnx");
        zoo.write("mlp", 7, one);
        zoo.write("mlp", 7, two);
        assertEquals(-1, Files.mismatch(one, two));
        zoo.write("mlp", 8, two);
        assertNotEquals(-1, Files.mismatch(one, two));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(2, files.count(), "nothing unfinished is left");
        }
    }

    @Test
    void smallerImagesLeaveTheLayersAsTheyAre() throws Exception {
        final Path file = directory.resolve("small.onnx");
        assertEquals(zoo.find("resnet50").build(1).parameters(), zoo.find("resnet50").build(1, 64).parameters());
        zoo.write("resnet50", 1, 64, file);
        try (Runner runner = new Runner(file)) {
            assertArrayEquals(new long[] {3, 64, 64}, Arrays.stream(runner.inputShape()).skip(1).toArray());
        }
        zoo.write("cifar_wideresnet16_10", 1, 64, file);
        try (Runner runner = new Runner(file)) {
            assertArrayEquals(new long[] {3, 32, 32}, Arrays.stream(runner.inputShape()).skip(1).toArray());
        }
    }

    @Test
    void anUnknownNameIsRefused() {
        final String message = assertThrows(IllegalArgumentException.class,
            () -> zoo.write("resnet19", 1, directory.resolve("x.onnx"))).getMessage();
        assertTrue(message.contains("'resnet19'") && message.contains("resnet18"), message);
    }

    private void answers(final String name) throws Exception {
        final Path file = directory.resolve(name + ".onnx");
        final Net net = zoo.find(name).build(1);
        net.write(file);
        try (Runner runner = new Runner(file)) {
            final int inputs = (int) Arrays.stream(runner.inputShape()).skip(1).reduce(1, (a, b) -> a * b);
            final int outputs = (int) Arrays.stream(runner.outputShape()).skip(1).reduce(1, (a, b) -> a * b);
            checkSizes(name, inputs, outputs);
            final float[] both = new float[2 * inputs];
            System.arraycopy(noise(1, inputs), 0, both, 0, inputs);
            System.arraycopy(noise(2, inputs), 0, both, inputs, inputs);
            final float[] batch = runner.run(2, both);
            final float[] first = runner.run(1, Arrays.copyOf(both, inputs));
            assertEquals(outputs, first.length);
            double alone = 0;
            double square = 0;
            double apart = 0;
            for (int i = 0; i < outputs; i++) {
                assertTrue(Float.isFinite(batch[i]) && Float.isFinite(batch[outputs + i]));
                alone = Math.max(alone, Math.abs(first[i] - batch[i]));
                square += (double) first[i] * first[i];
                apart += Math.pow(batch[outputs + i] - batch[i], 2);
            }
            final double size = Math.sqrt(square / outputs);
            final double difference = Math.sqrt(apart / square);
            System.out.printf("%s: parameters=%d nodes=%d outputRms=%.3f difference=%.3f batchError=%.2g%n", name,
                net.parameters(), net.nodes(), size, difference, alone / size);
            assertTrue(size > 0.1 && size < 10, name + ": root mean square of the output is " + size);
            assertTrue(difference > 0.02, name + ": two inputs give answers that differ by only " + difference);
            assertTrue(alone < 1e-4 * size, name + ": alone and in a batch differ by " + alone);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static void checkSizes(final String name, final int inputs, final int outputs) throws IOException {
        for (final String[] row : published()) {
            if (row[0].equals(name) && !row[4].isEmpty()) {
                assertEquals(Integer.parseInt(row[4]), inputs * Float.BYTES, "input of " + name);
                assertEquals(Integer.parseInt(row[5]), outputs * Float.BYTES, "output of " + name);
            }
        }
    }

    private static List<String[]> published() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
            ModelZooTest.class.getResourceAsStream("published-parameters.csv"), StandardCharsets.UTF_8))) {
            return reader.lines().filter(line -> !line.startsWith("#")).skip(1).map(line -> line.split(",", 7)).toList();
        }
    }

    private static float[] noise(final long seed, final int length) {
        final SplittableRandom random = new SplittableRandom(seed);
        final float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) ((random.nextDouble() * 2 - 1) * Math.sqrt(3));
        }
        return values;
    }
}
