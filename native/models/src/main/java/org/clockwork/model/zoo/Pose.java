package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * Nets that find 17 joints of a body in an image of 256 x 192, as in GluonCV: a map of 64 x 48 for each joint.
 *
 * @param backbone what sees the image.
 * @param isSimple whether transposed convolutions make the maps (Xiao et al. 2018); else pixel shuffles do.
 */
record Pose(Backbone backbone, boolean isSimple) implements ZooModel.Recipe {
    private static final int JOINTS = 17;
    private static final int ROWS = 256;
    private static final int COLUMNS = 192;
    private static final int CHANNELS = 256;

    @Override
    public void build(final Net net) {
        final Value features = backbone.features(net, net.input("input", 3, ROWS, COLUMNS));
        net.output("output", isSimple ? simple(net, features) : shuffled(net, features));
    }

    private static Value simple(final Net net, final Value features) {
        Value x = features;
        for (int i = 0; i < 3; i++) {
            x = net.relu(net.batchNorm(net.convTranspose(x, Conv.of(CHANNELS, 4).stride(2).pad(1))));
        }
        return net.conv(x, Conv.of(JOINTS, 1).bias());
    }

    private static Value shuffled(final Net net, final Value features) {
        Value x = net.conv(features, Conv.of(CHANNELS, 1));
        for (final int channels : new int[] {512, 256, 128}) {
            x = net.pixelShuffle(Layers.convBnRelu(net, x, Conv.of(channels, 3)), 2);
        }
        return net.conv(x, Conv.of(JOINTS, 1));
    }
}
