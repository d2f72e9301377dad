package org.clockwork.model.zoo;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * Deep layer aggregation (Yu et al. 2017) as in GluonCV, with basic blocks; its dense layer sees all six levels.
 *
 * @param levels   depth of the tree of each level; the first two are plain convolutions.
 * @param channels channels after each level.
 */
record Dla(List<Integer> levels, List<Integer> channels) implements ZooModel.Recipe {
    private static final int FIRST_TREE = 2;

    @Override
    public void build(final Net net) {
        Value x = Layers.convBnRelu(net, Layers.image(net, Resnet.IMAGENET_SIZE), Conv.of(channels.get(0), 7));
        final List<Value> pooled = new ArrayList<>();
        for (int level = 0; level < levels.size(); level++) {
            final int outputs = channels.get(level);
            if (level < FIRST_TREE) {
                for (int layer = 0; layer < levels.get(level); layer++) {
                    x = Layers.convBnRelu(net, x, Conv.of(outputs, 3).stride(level == 1 && layer == 0 ? 2 : 1));
                }
            } else {
                x = tree(net, x, levels.get(level), outputs, 2, level > FIRST_TREE, new ArrayList<>());
            }
            pooled.add(net.globalAvgPool(x));
        }
        net.output("output", net.dense(net.concat(pooled), Resnet.IMAGENET_CLASSES, true));
    }

    private static Value tree(final Net net, final Value x, final int depth, final int outputs, final int stride,
        final boolean isRootOfLevel, final List<Value> children) {
        final Value bottom = stride > 1 ? net.maxPool(x, stride, stride, 0) : x;
        if (isRootOfLevel) {
            children.add(bottom);
        }
        if (depth > 1) {
            final Value first = tree(net, x, depth - 1, outputs, stride, false, new ArrayList<>());
            children.add(first);
            return tree(net, first, depth - 1, outputs, 1, false, children);
        }
        final Value residual = x.channels() == outputs ? bottom : Layers.convBn(net, bottom, Conv.of(outputs, 1));
        final Value first = block(net, x, residual, outputs, stride);
        final Value second = block(net, first, first, outputs, 1);
        final List<Value> all = new ArrayList<>(List.of(second, first));
        all.addAll(children);
        return Layers.convBnRelu(net, net.concat(all), Conv.of(outputs, 1));
    }

    private static Value block(final Net net, final Value x, final Value residual, final int outputs, final int stride) {
        final Value inner = Layers.convBnRelu(net, x, Conv.of(outputs, 3).stride(stride));
        return net.relu(net.add(Layers.convBn(net, inner, Conv.of(outputs, 3)), residual));
    }
}
