package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/** MobileNetV3 Large (Howard et al. 2019) as in GluonCV, up to its last convolution of images. */
record MobileNetV3() implements Backbone {
    /** Per block: kernel, channels inside, channels out, whether squeezed, whether hard swish, step. */
    private static final int[][] BLOCKS = {
        {3, 16, 16, 0, 0, 1}, {3, 64, 24, 0, 0, 2}, {3, 72, 24, 0, 0, 1}, {5, 72, 40, 1, 0, 2}, {5, 120, 40, 1, 0, 1},
        {5, 120, 40, 1, 0, 1}, {3, 240, 80, 0, 1, 2}, {3, 200, 80, 0, 1, 1}, {3, 184, 80, 0, 1, 1}, {3, 184, 80, 0, 1, 1},
        {3, 480, 112, 1, 1, 1}, {3, 672, 112, 1, 1, 1}, {5, 672, 160, 1, 1, 2}, {5, 960, 160, 1, 1, 1}, {5, 960, 160, 1, 1, 1},
    };
    private static final int LAST_CHANNELS = 960;
    private static final int DIVISOR = 8;

    @Override
    public Value features(final Net net, final Value image) {
        Value x = net.hardSwish(Layers.convBn(net, image, Conv.of(16, 3).stride(2)));
        for (final int[] block : BLOCKS) {
            x = block(net, x, block);
        }
        return net.hardSwish(Layers.convBn(net, x, Conv.of(LAST_CHANNELS, 1)));
    }

    private static Value block(final Net net, final Value x, final int[] block) {
        final int inner = block[1];
        final int outputs = block[2];
        final boolean isSwish = block[4] == 1;
        final int stride = block[5];
        final Value wide = inner == outputs ? x : activate(net, Layers.convBn(net, x, Conv.of(inner, 1)), isSwish);
        final Conv depthwise = Conv.of(inner, block[0]).stride(stride).groups(inner);
        final Value deep = activate(net, Layers.convBn(net, wide, depthwise), isSwish);
        final Value squeezed = block[3] == 1 ? squeezeAndExcite(net, deep) : deep;
        final Value narrow = Layers.convBn(net, squeezed, Conv.of(outputs, 1));
        return stride == 1 && x.channels() == outputs ? net.add(x, narrow) : narrow;
    }

    private static Value squeezeAndExcite(final Net net, final Value x) {
        final int inner = (x.channels() / 4 + DIVISOR - 1) / DIVISOR * DIVISOR;
        final Value squeezed = net.relu(net.conv(net.globalAvgPool(x), Conv.of(inner, 1).bias()));
        return net.mul(x, net.hardSigmoid(net.conv(squeezed, Conv.of(x.channels(), 1).bias())));
    }

    private static Value activate(final Net net, final Value x, final boolean isSwish) {
        return isSwish ? net.hardSwish(x) : net.relu(x);
    }
}
