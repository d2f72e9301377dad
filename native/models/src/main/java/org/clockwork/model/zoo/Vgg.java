package org.clockwork.model.zoo;

import java.util.List;
import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * VGG (Simonyan and Zisserman 2014) as in torchvision, without batch normalisation.
 *
 * @param layers 3x3 convolutions of each of the five stages.
 */
record Vgg(List<Integer> layers) implements ZooModel.Recipe {
    private static final List<Integer> CHANNELS = List.of(64, 128, 256, 512, 512);
    private static final int HIDDEN = 4096;

    @Override
    public void build(final Net net) {
        Value x = Layers.image(net, Resnet.IMAGENET_SIZE);
        for (int stage = 0; stage < layers.size(); stage++) {
            for (int layer = 0; layer < layers.get(stage); layer++) {
                x = net.relu(net.conv(x, Conv.of(CHANNELS.get(stage), 3).bias()));
            }
            x = net.maxPool(x, 2, 2, 0);
        }
        x = net.relu(net.dense(x, HIDDEN, true));
        x = net.relu(net.dense(x, HIDDEN, true));
        net.output("output", net.dense(x, Resnet.IMAGENET_CLASSES, true));
    }
}
