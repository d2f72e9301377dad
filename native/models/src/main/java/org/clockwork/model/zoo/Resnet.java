package org.clockwork.model.zoo;

import java.util.List;
import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * Residual nets that add before the last ReLU: He et al. 2015 and their descendants as in torchvision and GluonCV (v1, v1b,
 * v1c, v1d, v1s), ResNeXt (Xie et al. 2016) and SE-ResNeXt (Hu et al. 2017).
 *
 * @param layers          blocks of each stage.
 * @param isBottleneck    1x1, 3x3, 1x1 with four times the channels; else 3x3, 3x3.
 * @param cardinality     groups of the 3x3 convolution of a bottleneck.
 * @param width           channels of a group in the first stage; 64 for one group.
 * @param stemWidth       channels of the three 3x3 convolutions in place of the first 7x7 (the last has twice as many); or 0.
 * @param isAveragedDown  whether a stage's first shortcut averages, then projects without a step.
 * @param isStridedFirst  whether the step of a bottleneck is in its first convolution instead of its second.
 * @param isBiased        whether the 1x1 convolutions of a bottleneck's main path have a bias.
 * @param isSqueezed      whether blocks end with squeeze and excitation.
 * @param imageSize       rows and columns of the input.
 * @param classes         outputs.
 */
record Resnet(List<Integer> layers, boolean isBottleneck, int cardinality, int width, int stemWidth, boolean isAveragedDown,
    boolean isStridedFirst, boolean isBiased, boolean isSqueezed, int imageSize, int classes)
    implements ZooModel.Recipe, Backbone {
    private static final int FIRST_CHANNELS = 64;
    private static final int SQUEEZE = 16;
    static final int IMAGENET_SIZE = 224;
    static final int IMAGENET_CLASSES = 1000;

    /** The net as in torchvision (and GluonCV's v1b) of this depth: 18, 34, 50, 101 or 152. */
    static Resnet v1b(final int depth) {
        return new Resnet(layersOf(depth), depth >= 50, 1, 64, 0, false, false, false, false, IMAGENET_SIZE, IMAGENET_CLASSES);
    }

    /** The net as first published and in MXNet's Gluon. */
    static Resnet v1(final int depth) {
        return new Resnet(layersOf(depth), depth >= 50, 1, 64, 0, false, true, true, false, IMAGENET_SIZE, IMAGENET_CLASSES);
    }

    /** Three 3x3 convolutions in place of the 7x7. */
    Resnet stem(final int stemChannels) {
        return new Resnet(layers, isBottleneck, cardinality, width, stemChannels, isAveragedDown, isStridedFirst, isBiased,
            isSqueezed, imageSize, classes);
    }

    /** Shortcuts that average before they project. */
    Resnet averagedDown() {
        return new Resnet(layers, isBottleneck, cardinality, width, stemWidth, true, isStridedFirst, isBiased, isSqueezed,
            imageSize, classes);
    }

    /** Grouped 3x3 convolutions. */
    Resnet groups(final int count, final int groupWidth) {
        return new Resnet(layers, isBottleneck, count, groupWidth, stemWidth, isAveragedDown, isStridedFirst, isBiased,
            isSqueezed, imageSize, classes);
    }

    /** Squeeze and excitation. */
    Resnet squeezed() {
        return new Resnet(layers, isBottleneck, cardinality, width, stemWidth, isAveragedDown, isStridedFirst, isBiased, true,
            imageSize, classes);
    }

    /** Other images and classes. */
    Resnet on(final int size, final int outputs) {
        return new Resnet(layers, isBottleneck, cardinality, width, stemWidth, isAveragedDown, isStridedFirst, isBiased,
            isSqueezed, size, outputs);
    }

    @Override
    public void build(final Net net) {
        Layers.classify(net, features(net, Layers.image(net, imageSize)), classes);
    }

    @Override
    public Value features(final Net net, final Value image) {
        Value x = net.maxPool(stem(net, image), 3, 2, 1);
        for (int stage = 0; stage < layers.size(); stage++) {
            for (int block = 0; block < layers.get(stage); block++) {
                final int stride = stage > 0 && block == 0 ? 2 : 1;
                x = block(net, x, FIRST_CHANNELS << stage, stride);
            }
        }
        return x;
    }

    private Value stem(final Net net, final Value image) {
        if (stemWidth == 0) {
            return Layers.convBnRelu(net, image, Conv.of(FIRST_CHANNELS, 7).stride(2));
        }
        final Value first = Layers.convBnRelu(net, image, Conv.of(stemWidth, 3).stride(2));
        return Layers.convBnRelu(net, Layers.convBnRelu(net, first, Conv.of(stemWidth, 3)), Conv.of(2 * stemWidth, 3));
    }

    private Value block(final Net net, final Value x, final int channels, final int stride) {
        final int outputs = isBottleneck ? 4 * channels : channels;
        Value main = isBottleneck ? bottleneck(net, x, channels, stride) : basic(net, x, channels, stride);
        if (isSqueezed) {
            main = squeezeAndExcite(net, main);
        }
        final Value shortcut = stride == 1 && x.channels() == outputs ? x : project(net, x, outputs, stride);
        return net.relu(net.add(main, shortcut));
    }

    private static Value basic(final Net net, final Value x, final int channels, final int stride) {
        return Layers.convBn(net, Layers.convBnRelu(net, x, Conv.of(channels, 3).stride(stride)), Conv.of(channels, 3));
    }

    private Value bottleneck(final Net net, final Value x, final int channels, final int stride) {
        final int inner = channels * width / FIRST_CHANNELS * cardinality;
        final Conv narrow = biased(Conv.of(inner, 1).stride(isStridedFirst ? stride : 1));
        final Conv middle = Conv.of(inner, 3).stride(isStridedFirst ? 1 : stride).groups(cardinality);
        final Conv wide = biased(Conv.of(4 * channels, 1));
        return Layers.convBn(net, Layers.convBnRelu(net, Layers.convBnRelu(net, x, narrow), middle), wide);
    }

    private Conv biased(final Conv conv) {
        return isBiased ? conv.bias() : conv;
    }

    private Value project(final Net net, final Value x, final int channels, final int stride) {
        if (isAveragedDown) {
            final Value small = stride == 1 ? x : net.avgPool(x, stride, stride, 0, true, false);
            return Layers.convBn(net, small, Conv.of(channels, 1));
        }
        return Layers.convBn(net, x, Conv.of(channels, 1).stride(stride));
    }

    private static Value squeezeAndExcite(final Net net, final Value x) {
        final Value squeezed = net.relu(net.conv(net.globalAvgPool(x), Conv.of(x.channels() / SQUEEZE, 1).bias()));
        return net.mul(x, net.sigmoid(net.conv(squeezed, Conv.of(x.channels(), 1).bias())));
    }

    static List<Integer> layersOf(final int depth) {
        return switch (depth) {
            case 18 -> List.of(2, 2, 2, 2);
            case 34, 50 -> List.of(3, 4, 6, 3);
            case 101 -> List.of(3, 4, 23, 3);
            case 152 -> List.of(3, 8, 36, 3);
            default -> throw new IllegalArgumentException("no residual net has " + depth + " layers");
        };
    }
}
