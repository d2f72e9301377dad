package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/** Modified Aligned Xception with 65 layers (Chen et al. 2018) as in GluonCV. */
record Xception65() implements ZooModel.Recipe {
    private static final int MIDDLE_BLOCKS = 16;
    private static final int MIDDLE_CHANNELS = 728;

    @Override
    public void build(final Net net) {
        Value x = Layers.convBnRelu(net, Layers.image(net, Resnet.IMAGENET_SIZE), Conv.of(32, 3).stride(2));
        x = Layers.convBnRelu(net, x, Conv.of(64, 3));
        x = net.relu(block(net, x, false, 2, 128, 128, 128));
        x = block(net, x, false, 2, 256, 256, 256);
        x = block(net, x, true, 2, MIDDLE_CHANNELS, MIDDLE_CHANNELS, MIDDLE_CHANNELS);
        for (int i = 0; i < MIDDLE_BLOCKS; i++) {
            x = block(net, x, true, 1, MIDDLE_CHANNELS, MIDDLE_CHANNELS, MIDDLE_CHANNELS);
        }
        x = net.relu(block(net, x, true, 2, MIDDLE_CHANNELS, 1024, 1024));
        for (final int channels : new int[] {1536, 1536, 2048}) {
            x = net.relu(separable(net, x, channels, 1));
        }
        Layers.classify(net, x, Resnet.IMAGENET_CLASSES);
    }

    /** Three separable convolutions, of which the last has the step, beside a shortcut. */
    private static Value block(final Net net, final Value x, final boolean isActivatedFirst, final int stride,
        final int... channels) {
        Value main = x;
        for (int i = 0; i < channels.length; i++) {
            final Value active = i > 0 || isActivatedFirst ? net.relu(main) : main;
            main = separable(net, active, channels[i], i == channels.length - 1 ? stride : 1);
        }
        final int outputs = channels[channels.length - 1];
        final boolean isSame = stride == 1 && x.channels() == outputs;
        return net.add(main, isSame ? x : Layers.convBn(net, x, Conv.of(outputs, 1).stride(stride)));
    }

    private static Value separable(final Net net, final Value x, final int channels, final int stride) {
        final Value deep = Layers.convBn(net, x, Conv.of(x.channels(), 3).stride(stride).groups(x.channels()));
        return Layers.convBn(net, deep, Conv.of(channels, 1));
    }
}
