package org.clockwork.model.zoo;

import java.util.List;
import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * DenseNet-BC (Huang et al. 2016) as in torchvision and GluonCV: each layer sees the outputs of all before it.
 *
 * @param stem   channels of the first convolution.
 * @param growth channels that each layer adds.
 * @param layers layers of each block.
 */
record DenseNet(int stem, int growth, List<Integer> layers) implements ZooModel.Recipe {
    private static final int BOTTLENECK = 4;

    @Override
    public void build(final Net net) {
        final Value image = Layers.image(net, Resnet.IMAGENET_SIZE);
        Value x = net.maxPool(Layers.convBnRelu(net, image, Conv.of(stem, 7).stride(2)), 3, 2, 1);
        for (int block = 0; block < layers.size(); block++) {
            if (block > 0) {
                x = net.avgPool(Layers.bnReluConv(net, x, Conv.of(x.channels() / 2, 1)), 2, 2, 0);
            }
            for (int layer = 0; layer < layers.get(block); layer++) {
                final Value narrow = Layers.bnReluConv(net, x, Conv.of(BOTTLENECK * growth, 1));
                x = net.concat(List.of(x, Layers.bnReluConv(net, narrow, Conv.of(growth, 3))));
            }
        }
        Layers.classify(net, net.relu(net.batchNorm(x)), Resnet.IMAGENET_CLASSES);
    }
}
