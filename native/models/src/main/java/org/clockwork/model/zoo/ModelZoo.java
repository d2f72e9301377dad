package org.clockwork.model.zoo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Names of the zoo's models and how each is made. Immutable; any thread may read it.
 *
 * <p>All 64 names of the published V100 profiles are here, beside some of torchvision and small ones for demonstrations.
 * Inputs are float images, channels first, of mean 0 and variance 1; the batch is the symbolic dimension {@code N}.
 */
public final class ModelZoo {
    private static final String TORCHVISION = " as in torchvision";
    private static final String GLUONCV = " as in GluonCV";
    private static final String GLUON = " as in MXNet Gluon";
    private static final int KINETICS_CLASSES = 400;

    private final Map<String, ZooModel> models = new LinkedHashMap<>();

    /** All models. */
    public ModelZoo() {
        addDemonstration();
        addTorchvision();
        addDenseNets();
        addInceptions();
        addPoses();
        addResnestAndDla();
        addResnetsV1();
        addPrunedResnets();
        addResnetsV2();
        addResnexts();
        addActionRecognition();
        addCifar();
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
        write(name, seed, Integer.MAX_VALUE, file);
    }

    /** The same for images of so many rows and columns at most: the same layers with less to do. */
    public void write(final String name, final long seed, final int largestImage, final Path file) throws IOException {
        final ZooModel model = find(name);
        if (model == null) {
            throw new IllegalArgumentException("the zoo has no model '" + name + "'; it has " + String.join(", ", names()));
        }
        model.build(seed, largestImage).write(file);
    }

    private void addDemonstration() {
        add("mlp", "784-512-256-10, a small multi-layer perceptron", new Perceptron(784, List.of(512, 256, 10)));
        add("resnet18-64", "resnet18 on images of 64x64", Resnet.v1b(18).on(64, Resnet.IMAGENET_CLASSES));
        add("mobilenet_v2-96", "mobilenet_v2 on images of 96x96", new MobileNetV2(96, Resnet.IMAGENET_CLASSES));
    }

    private void addTorchvision() {
        for (final int depth : new int[] {18, 34, 50, 101, 152}) {
            add("resnet" + depth, "ResNet-" + depth + TORCHVISION, Resnet.v1b(depth));
        }
        add("mobilenet_v2", "MobileNetV2" + TORCHVISION, new MobileNetV2(Resnet.IMAGENET_SIZE, Resnet.IMAGENET_CLASSES));
        add("vgg11", "VGG-11" + TORCHVISION, new Vgg(List.of(1, 1, 2, 2, 2)));
        add("vgg16", "VGG-16" + TORCHVISION, new Vgg(List.of(2, 2, 3, 3, 3)));
    }

    private void addDenseNets() {
        add("densenet121", "DenseNet-121" + TORCHVISION, new DenseNet(64, 32, List.of(6, 12, 24, 16)));
        add("densenet161", "DenseNet-161" + TORCHVISION, new DenseNet(96, 48, List.of(6, 12, 36, 24)));
        add("densenet169", "DenseNet-169" + TORCHVISION, new DenseNet(64, 32, List.of(6, 12, 32, 32)));
        add("densenet201", "DenseNet-201" + TORCHVISION, new DenseNet(64, 32, List.of(6, 12, 48, 32)));
    }

    private void addInceptions() {
        add("googlenet", "GoogLeNet" + GLUONCV, new GoogLeNet(Resnet.IMAGENET_SIZE, Resnet.IMAGENET_CLASSES));
        add("inceptionv3", "Inception v3" + GLUONCV, new InceptionV3(Resnet.IMAGENET_CLASSES));
        add("xception", "Modified Aligned Xception (65 layers)" + GLUONCV, new Xception65());
    }

    private void addPoses() {
        add("mobile_pose_mobilenet1_0", "Mobile pose on MobileNet" + GLUONCV, new Pose(new MobileNetV1(), false));
        add("mobile_pose_mobilenetv3", "Mobile pose on MobileNetV3 Large" + GLUONCV, new Pose(new MobileNetV3(), false));
        add("mobile_pose_resnet18_v1", "Mobile pose on ResNet-18 v1b" + GLUONCV, new Pose(Resnet.v1b(18), false));
        add("mobile_pose_resnet50_v1", "Mobile pose on ResNet-50 v1b" + GLUONCV, new Pose(Resnet.v1b(50), false));
        add("simple_pose_resnet18_v1b", "Simple pose on ResNet-18 v1b" + GLUONCV, new Pose(Resnet.v1b(18), true));
    }

    private void addResnestAndDla() {
        add("resnest14", "ResNeSt-14" + GLUONCV, new Resnest(List.of(1, 1, 1, 1), 32));
        add("resnest26", "ResNeSt-26" + GLUONCV, new Resnest(List.of(2, 2, 2, 2), 32));
        add("resnest50", "ResNeSt-50" + GLUONCV, new Resnest(List.of(3, 4, 6, 3), 32));
        add("resnest101", "ResNeSt-101" + GLUONCV, new Resnest(List.of(3, 4, 23, 3), 64));
        add("dla34", "DLA-34" + GLUONCV, new Dla(List.of(1, 1, 1, 2, 2, 1), List.of(16, 32, 64, 128, 256, 512)));
    }

    private void addResnetsV1() {
        for (final int depth : new int[] {18, 34, 50, 101, 152}) {
            final String title = "ResNet-" + depth + " ";
            final Resnet plain = Resnet.v1b(depth);
            add("resnet" + depth + "_v1", title + "v1" + GLUON, Resnet.v1(depth));
            add("resnet" + depth + "_v1b", title + "v1b" + GLUONCV, plain);
            if (depth >= 50) {
                add("resnet" + depth + "_v1c", title + "v1c" + GLUONCV, plain.stem(32));
                add("resnet" + depth + "_v1d", title + "v1d" + GLUONCV, plain.stem(32).averagedDown());
                add("resnet" + depth + "_v1s", title + "v1s" + GLUONCV, plain.stem(64));
            }
        }
    }

    private void addPrunedResnets() {
        final String pruned = " pruned until so many times as fast" + GLUONCV;
        add("resnet50_tuned_1.8x", "ResNet-50 v1d" + pruned, new PrunedResnet(List.of(16, 24, 40), List.of(80, 280, 856, 2048),
            List.of("16,32 8,16 16,24", "32,88 56,120 80,88 72,80", "128,248 168,240 256,248 216,200 248,256 232,256",
                "480,512 512,512*2")));
        add("resnet101_tuned_1.9x", "ResNet-101 v1d" + pruned, new PrunedResnet(List.of(16, 32, 48), List.of(80, 216, 384, 2048),
            List.of("48,48 16,16 8,8", "8,8 88,128 128,128*2", "224,256 256,256*22", "512,512*3")));
        add("resnet101_tuned_2.2x", "ResNet-101 v1d" + pruned, new PrunedResnet(List.of(16, 24, 32), List.of(40, 200, 392, 2048),
            List.of("16,16 8,8 24,16", "32,128 72,112 8,8 96,96", "72,176 256,256*11 256,8 256,256*10", "512,512*3")));
    }

    private void addResnetsV2() {
        for (final int depth : new int[] {18, 34, 50, 101, 152}) {
            add("resnet" + depth + "_v2", "ResNet-" + depth + " v2" + GLUON, ResnetV2.imagenet(depth));
            if (depth != 34) {
                add("winograd_resnet" + depth + "_v2", "ResNet-" + depth + " v2" + GLUON + "; published with its filters stored "
                    + "transformed for Winograd convolution, here as they are", ResnetV2.imagenet(depth));
            }
        }
    }

    private void addResnexts() {
        for (final int depth : new int[] {50, 101}) {
            for (final int groups : depth == 50 ? new int[] {32} : new int[] {32, 64}) {
                final String name = "resnext" + depth + "_" + groups + "x4d";
                final String title = "ResNeXt-" + depth + " (" + groups + "x4d)" + GLUONCV;
                final Resnet resnext = Resnet.v1b(depth).groups(groups, 4);
                add(name, title, resnext);
                add("se_" + name, "SE-" + title, resnext.squeezed());
            }
        }
    }

    private void addActionRecognition() {
        final String kinetics = " for 400 actions" + GLUONCV;
        add("tsn_inceptionv1_kinetics400", "GoogLeNet" + kinetics, new GoogLeNet(InceptionV3.IMAGE_SIZE, KINETICS_CLASSES));
        add("tsn_inceptionv3_kinetics400", "Inception v3" + kinetics, new InceptionV3(KINETICS_CLASSES));
        for (final int depth : new int[] {18, 34, 50, 101, 152}) {
            add("tsn_resnet" + depth + "_v1b_kinetics400", "ResNet-" + depth + " v1b" + kinetics,
                Resnet.v1b(depth).on(Resnet.IMAGENET_SIZE, KINETICS_CLASSES));
        }
    }

    private void addCifar() {
        add("cifar_wideresnet16_10", "Wide ResNet 16-10 for CIFAR-10" + GLUONCV, ResnetV2.wide(16, 10));
        add("cifar_wideresnet28_10", "Wide ResNet 28-10 for CIFAR-10" + GLUONCV, ResnetV2.wide(28, 10));
        add("cifar_wideresnet40_8", "Wide ResNet 40-8 for CIFAR-10" + GLUONCV, ResnetV2.wide(40, 8));
    }

    private void add(final String name, final String about, final ZooModel.Recipe recipe) {
        if (models.put(name, new ZooModel(name, about, recipe)) != null) {
            throw new IllegalStateException("two models of the name " + name);
        }
    }
}
