package org.clockwork.model.zoo;

import java.util.List;
import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * Residual nets that normalise and activate before each convolution (He et al. 2016) as in MXNet's Gluon, and wide residual
 * nets for small images (Zagoruyko and Komodakis 2016) as in GluonCV.
 *
 * @param layers       blocks of each stage.
 * @param channels     channels after each stage.
 * @param isBottleneck 1x1, 3x3, 1x1 with a quarter of the channels inside; else 3x3, 3x3.
 * @param stemChannels channels of the first convolution.
 * @param imageSize    rows and columns of the input; small images keep their size in the stem.
 * @param classes      outputs.
 */
record ResnetV2(List<Integer> layers, List<Integer> channels, boolean isBottleneck, int stemChannels, int imageSize, int classes)
    implements ZooModel.Recipe {
    private static final int CIFAR_SIZE = 32;
    private static final int CIFAR_CLASSES = 10;
    private static final int CIFAR_STEM = 16;

    /** The net of this depth: 18, 34, 50, 101 or 152. */
    static ResnetV2 imagenet(final int depth) {
        final boolean isBottleneck = depth >= 50;
        return new ResnetV2(Resnet.layersOf(depth), isBottleneck ? List.of(256, 512, 1024, 2048) : List.of(64, 128, 256, 512),
            isBottleneck, 64, Resnet.IMAGENET_SIZE, Resnet.IMAGENET_CLASSES);
    }

    /** The wide net of this depth (6 n + 4) for CIFAR-10. */
    static ResnetV2 wide(final int depth, final int width) {
        final int blocks = (depth - 4) / 6;
        return new ResnetV2(List.of(blocks, blocks, blocks), List.of(16 * width, 32 * width, 64 * width), false, CIFAR_STEM,
            CIFAR_SIZE, CIFAR_CLASSES);
    }

    @Override
    public void build(final Net net) {
        Value x = stem(net, net.standardise(Layers.image(net, imageSize)));
        for (int stage = 0; stage < layers.size(); stage++) {
            for (int block = 0; block < layers.get(stage); block++) {
                x = block(net, x, channels.get(stage), stage > 0 && block == 0 ? 2 : 1);
            }
        }
        Layers.classify(net, net.relu(net.batchNorm(x)), classes);
    }

    private Value stem(final Net net, final Value image) {
        return imageSize == CIFAR_SIZE ? Layers.convBn(net, image, Conv.of(stemChannels, 3))
            : net.maxPool(Layers.convBnRelu(net, image, Conv.of(stemChannels, 7).stride(2)), 3, 2, 1);
    }

    private Value block(final Net net, final Value x, final int outputs, final int stride) {
        final Value active = net.relu(net.batchNorm(x));
        final Value shortcut = x.channels() == outputs ? x : net.conv(active, Conv.of(outputs, 1).stride(stride));
        if (isBottleneck) {
            final Value narrow = net.conv(active, Conv.of(outputs / 4, 1));
            final Value middle = Layers.bnReluConv(net, narrow, Conv.of(outputs / 4, 3).stride(stride));
            return net.add(Layers.bnReluConv(net, middle, Conv.of(outputs, 1)), shortcut);
        }
        final Value first = net.conv(active, Conv.of(outputs, 3).stride(stride));
        return net.add(Layers.bnReluConv(net, first, Conv.of(outputs, 3)), shortcut);
    }
}
