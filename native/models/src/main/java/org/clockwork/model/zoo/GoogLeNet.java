package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * GoogLeNet, Inception v1 (Szegedy et al. 2014) with batch normalisation as in torchvision and GluonCV.
 *
 * @param imageSize rows and columns of the input.
 * @param classes   outputs.
 */
record GoogLeNet(int imageSize, int classes) implements ZooModel.Recipe {
    private static final int LAST_SIZE = 7;
    private static final String STEM = "64:7/2 max3/2c 64:1 192:3 max3/2c";
    private static final String[][] STAGES = {
        {"64:1", "96:1 128:3", "16:1 32:3", "max3 32:1"},
        {"128:1", "128:1 192:3", "32:1 96:3", "max3 64:1"},
        {"max3/2c"},
        {"192:1", "96:1 208:3", "16:1 48:3", "max3 64:1"},
        {"160:1", "112:1 224:3", "24:1 64:3", "max3 64:1"},
        {"128:1", "128:1 256:3", "24:1 64:3", "max3 64:1"},
        {"112:1", "144:1 288:3", "32:1 64:3", "max3 64:1"},
        {"256:1", "160:1 320:3", "32:1 128:3", "max3 128:1"},
        {"max2/2"},
        {"256:1", "160:1 320:3", "32:1 128:3", "max3 128:1"},
        {"384:1", "192:1 384:3", "48:1 128:3", "max3 128:1"},
    };

    @Override
    public void build(final Net net) {
        Value x = Branches.branch(net, Layers.image(net, imageSize), STEM);
        for (final String[] stage : STAGES) {
            x = stage.length == 1 ? Branches.branch(net, x, stage[0]) : Branches.joined(net, x, stage);
        }
        net.output("output", net.dense(net.avgPool(x, LAST_SIZE, LAST_SIZE, 0), classes, true));
    }
}
