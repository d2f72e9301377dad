package org.clockwork.model.zoo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Names of the zoo's models and how each is made. Immutable; any thread may read it.
 *
 * <p>Inputs are float images, channels first, of mean 0 and variance 1; the batch is the symbolic dimension {@code N}.
 */
public final class ModelZoo {
    private final Map<String, ZooModel> models = new LinkedHashMap<>();

    /** All models. */
    public ModelZoo() {
        addDemonstration();
        addTorchvision();
    }

    /** All names: small ones for demonstrations first, then family by family. */
    public List<String> names() {
        return List.copyOf(models.keySet());
    }

    /** All models in the order of their names. */
    public List<ZooModel> models() {
        return List.copyOf(models.values());
    }

    /** The model of this name, or null. */
    public ZooModel find(final String name) {
        return models.get(name);
    }

    /**
     * Writes a model's ONNX file; it appears complete or not at all, and the same seed gives the same bytes.
     *
     * @throws IllegalArgumentException if there is no model of this name.
     * @throws IOException              if the file can't be written.
     */
    public void write(final String name, final long seed, final Path file) throws IOException {
        final ZooModel model = find(name);
        if (model == null) {
            throw new IllegalArgumentException("the zoo has no model '" + name + "'; it has " + String.join(", ", names()));
        }
        model.build(seed).write(file);
    }

    private void addDemonstration() {
        add("mlp", "784-512-256-10, a small multi-layer perceptron", 535_818, new Perceptron(784, List.of(512, 256, 10)));
        add("resnet18-64", "resnet18 on images of 64x64", 11_689_512, Resnet.v1b(18).on(64, Resnet.IMAGENET_CLASSES));
        add("mobilenet_v2-96", "mobilenet_v2 on images of 96x96", 3_504_872, new MobileNetV2(96, Resnet.IMAGENET_CLASSES));
    }

    private void addTorchvision() {
        final String source = " as in torchvision";
        add("resnet18", "ResNet-18" + source, 11_689_512, Resnet.v1b(18));
        add("resnet34", "ResNet-34" + source, 21_797_672, Resnet.v1b(34));
        add("resnet50", "ResNet-50" + source, 25_557_032, Resnet.v1b(50));
        add("resnet101", "ResNet-101" + source, 44_549_160, Resnet.v1b(101));
        add("resnet152", "ResNet-152" + source, 60_192_808, Resnet.v1b(152));
        add("mobilenet_v2", "MobileNetV2" + source, 3_504_872, new MobileNetV2(Resnet.IMAGENET_SIZE, Resnet.IMAGENET_CLASSES));
        add("vgg11", "VGG-11" + source, 132_863_336, new Vgg(List.of(1, 1, 2, 2, 2)));
        add("vgg16", "VGG-16" + source, 138_357_544, new Vgg(List.of(2, 2, 3, 3, 3)));
    }

    private void add(final String name, final String about, final long parameters, final ZooModel.Recipe recipe) {
        if (models.put(name, new ZooModel(name, about, parameters, recipe)) != null) {
            throw new IllegalStateException("two models of the name " + name);
        }
    }
}
