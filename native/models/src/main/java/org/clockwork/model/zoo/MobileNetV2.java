package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * MobileNetV2 (Sandler et al. 2018) as in torchvision: inverted residuals with linear bottlenecks.
 *
 * @param imageSize rows and columns of the input.
 * @param classes   outputs.
 */
record MobileNetV2(int imageSize, int classes) implements ZooModel.Recipe {
    /** Per stage: expansion, channels, blocks, step of the first. */
    private static final int[][] STAGES = {
        {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
    };
    private static final int FIRST_CHANNELS = 32;
    private static final int LAST_CHANNELS = 1280;

    @Override
    public void build(final Net net) {
        Value x = convBnRelu6(net, Layers.image(net, imageSize), Conv.of(FIRST_CHANNELS, 3).stride(2));
        for (final int[] stage : STAGES) {
            for (int block = 0; block < stage[2]; block++) {
                x = invertedResidual(net, x, stage[0], stage[1], block == 0 ? stage[3] : 1);
            }
        }
        Layers.classify(net, convBnRelu6(net, x, Conv.of(LAST_CHANNELS, 1)), classes);
    }

    private static Value invertedResidual(final Net net, final Value x, final int expansion, final int channels,
        final int stride) {
        final int inner = x.channels() * expansion;
        final Value wide = expansion == 1 ? x : convBnRelu6(net, x, Conv.of(inner, 1));
        final Value deep = convBnRelu6(net, wide, Conv.of(inner, 3).stride(stride).groups(inner));
        final Value narrow = Layers.convBn(net, deep, Conv.of(channels, 1));
        return stride == 1 && x.channels() == channels ? net.add(x, narrow) : narrow;
    }

    private static Value convBnRelu6(final Net net, final Value x, final Conv conv) {
        return net.relu6(Layers.convBn(net, x, conv));
    }
}
