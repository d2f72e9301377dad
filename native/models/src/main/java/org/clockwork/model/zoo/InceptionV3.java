package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * Inception v3 (Szegedy et al. 2015) as in torchvision and GluonCV, without its auxiliary output.
 *
 * @param classes outputs.
 */
record InceptionV3(int classes) implements ZooModel.Recipe {
    /** Rows and columns of its input. */
    static final int IMAGE_SIZE = 299;
    private static final String STEM = "32:3/2v 32:3v 64:3 max3/2 80:1 192:3v max3/2";
    private static final String[] B = {"384:3/2v", "64:1 96:3 96:3/2v", "max3/2"};
    private static final String[] D = {"192:1 320:3/2v", "192:1 192:1x7 192:7x1 192:3/2v", "max3/2"};
    private static final String[] E = {"320:1", "384:1 {384:1x3|384:3x1}", "448:1 384:3 {384:1x3|384:3x1}", "avg3 192:1"};

    @Override
    public void build(final Net net) {
        Value x = Branches.branch(net, Layers.image(net, IMAGE_SIZE), STEM);
        for (final int pooled : new int[] {32, 64, 64}) {
            x = Branches.joined(net, x, "64:1", "48:1 64:5", "64:1 96:3 96:3", "avg3 " + pooled + ":1");
        }
        x = Branches.joined(net, x, B);
        for (final int inner : new int[] {128, 160, 160, 192}) {
            final String c = Integer.toString(inner);
            x = Branches.joined(net, x, "192:1", c + ":1 " + c + ":1x7 192:7x1",
                c + ":1 " + c + ":7x1 " + c + ":1x7 " + c + ":7x1 192:1x7", "avg3 192:1");
        }
        x = Branches.joined(net, x, D);
        x = Branches.joined(net, Branches.joined(net, x, E), E);
        Layers.classify(net, x, classes);
    }
}
