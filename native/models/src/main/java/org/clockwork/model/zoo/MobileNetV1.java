package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/** MobileNet (Howard et al. 2017) of width 1 as in GluonCV. */
record MobileNetV1() implements ZooModel.Recipe, Backbone {
    private static final int[] CHANNELS = {64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024};
    private static final int[] STRIDES = {1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1};

    @Override
    public void build(final Net net) {
        Layers.classify(net, features(net, Layers.image(net, Resnet.IMAGENET_SIZE)), Resnet.IMAGENET_CLASSES);
    }

    @Override
    public Value features(final Net net, final Value image) {
        Value x = Layers.convBnRelu(net, image, Conv.of(32, 3).stride(2));
        for (int i = 0; i < CHANNELS.length; i++) {
            x = Layers.convBnRelu(net, x, Conv.of(x.channels(), 3).stride(STRIDES[i]).groups(x.channels()));
            x = Layers.convBnRelu(net, x, Conv.of(CHANNELS[i], 1));
        }
        return x;
    }
}
