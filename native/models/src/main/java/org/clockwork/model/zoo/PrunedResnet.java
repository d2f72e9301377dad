package org.clockwork.model.zoo;

import java.util.List;
import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * ResNet v1d with channels taken out until it was so many times as fast, as in GluonCV.
 *
 * @param stem     channels of the three first convolutions.
 * @param channels channels after each stage.
 * @param blocks   for each stage its blocks: channels of the first and the second convolution, {@code *} how often.
 */
record PrunedResnet(List<Integer> stem, List<Integer> channels, List<String> blocks) implements ZooModel.Recipe {
    @Override
    public void build(final Net net) {
        Value x = Layers.convBnRelu(net, Layers.image(net, Resnet.IMAGENET_SIZE), Conv.of(stem.get(0), 3).stride(2));
        x = Layers.convBnRelu(net, x, Conv.of(stem.get(1), 3));
        x = net.maxPool(Layers.convBnRelu(net, x, Conv.of(stem.get(2), 3)), 3, 2, 1);
        for (int stage = 0; stage < channels.size(); stage++) {
            int stride = stage > 0 ? 2 : 1;
            boolean isFirst = true;
            for (final String block : blocks.get(stage).split(" ")) {
                final String[] counted = block.split("\\*");
                final String[] inner = counted[0].split(",");
                for (int i = 0; i < (counted.length > 1 ? Integer.parseInt(counted[1]) : 1); i++) {
                    x = block(net, x, Integer.parseInt(inner[0]), Integer.parseInt(inner[1]), channels.get(stage), stride,
                        isFirst);
                    isFirst = false;
                    stride = 1;
                }
            }
        }
        Layers.classify(net, x, Resnet.IMAGENET_CLASSES);
    }

    private static Value block(final Net net, final Value x, final int first, final int second, final int outputs,
        final int stride, final boolean isProjected) {
        final Value narrow = Layers.convBnRelu(net, x, Conv.of(first, 1));
        final Value middle = Layers.convBnRelu(net, narrow, Conv.of(second, 3).stride(stride));
        final Value wide = Layers.convBn(net, middle, Conv.of(outputs, 1));
        if (!isProjected) {
            return net.relu(net.add(wide, x));
        }
        final Value small = stride == 1 ? x : net.avgPool(x, stride, stride, 0, true, false);
        return net.relu(net.add(wide, Layers.convBn(net, small, Conv.of(outputs, 1))));
    }
}
