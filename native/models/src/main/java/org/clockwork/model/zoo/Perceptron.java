package org.clockwork.model.zoo;

import java.util.List;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * Dense layers with ReLUs between them.
 *
 * @param inputs numbers in.
 * @param widths numbers out of each layer.
 */
record Perceptron(int inputs, List<Integer> widths) implements ZooModel.Recipe {
    @Override
    public void build(final Net net) {
        Value x = net.input("input", inputs);
        for (int layer = 0; layer < widths.size(); layer++) {
            x = net.dense(layer == 0 ? x : net.relu(x), widths.get(layer), true);
        }
        net.output("output", x);
    }
}
