package org.clockwork.model.zoo;

import java.util.List;
import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * ResNeSt (Zhang et al. 2020) as in GluonCV: bottlenecks whose 3x3 convolution is split in two, weighed by attention.
 *
 * @param layers    blocks of each stage.
 * @param stemWidth channels of the three first convolutions (the last has twice as many).
 */
record Resnest(List<Integer> layers, int stemWidth) implements ZooModel.Recipe {
    private static final int RADIX = 2;
    private static final int FIRST_CHANNELS = 64;
    private static final int MIN_ATTENTION = 32;

    @Override
    public void build(final Net net) {
        Value x = Layers.convBnRelu(net, Layers.image(net, Resnet.IMAGENET_SIZE), Conv.of(stemWidth, 3).stride(2));
        x = Layers.convBnRelu(net, x, Conv.of(stemWidth, 3));
        x = net.maxPool(Layers.convBnRelu(net, x, Conv.of(2 * stemWidth, 3)), 3, 2, 1);
        for (int stage = 0; stage < layers.size(); stage++) {
            for (int block = 0; block < layers.get(stage); block++) {
                x = block(net, x, FIRST_CHANNELS << stage, stage > 0 && block == 0 ? 2 : 1);
            }
        }
        Layers.classify(net, x, Resnet.IMAGENET_CLASSES);
    }

    private static Value block(final Net net, final Value x, final int channels, final int stride) {
        final Value narrow = Layers.convBnRelu(net, x, Conv.of(channels, 1));
        final Value split = splitAttention(net, narrow, channels);
        final Value small = stride > 1 ? net.avgPool(split, 3, stride, 1) : split;
        final Value wide = Layers.convBn(net, small, Conv.of(4 * channels, 1));
        return net.relu(net.add(wide, shortcut(net, x, 4 * channels, stride)));
    }

    private static Value shortcut(final Net net, final Value x, final int channels, final int stride) {
        if (x.channels() == channels && stride == 1) {
            return x;
        }
        final Value small = stride == 1 ? x : net.avgPool(x, stride, stride, 0, true, false);
        return Layers.convBn(net, small, Conv.of(channels, 1));
    }

    private static Value splitAttention(final Net net, final Value x, final int channels) {
        final Value both = Layers.convBnRelu(net, x, Conv.of(RADIX * channels, 3).groups(RADIX));
        final Value pooled = net.globalAvgPool(halvesSummed(net, both));
        final int inner = Math.max(channels * RADIX / 2 / 2, MIN_ATTENTION);
        final Value hidden = net.relu(net.batchNorm(net.conv(pooled, Conv.of(inner, 1).bias())));
        final Value scores = net.conv(hidden, Conv.of(RADIX * channels, 1).bias());
        final Value shares = net.softmax(net.reshape(scores, RADIX, channels), 0);
        return halvesSummed(net, net.mul(both, net.reshape(shares, RADIX * channels, 1, 1)));
    }

    private static Value halvesSummed(final Net net, final Value x) {
        final int half = x.channels() / RADIX;
        return net.add(net.channels(x, 0, half), net.channels(x, half, x.channels()));
    }
}
