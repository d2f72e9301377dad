package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Net;

/**
 * One model of the zoo.
 *
 * @param name   by which it is asked for.
 * @param about  what it is and who published it.
 * @param recipe how it is built.
 */
public record ZooModel(String name, String about, Recipe recipe) {
    /** Builds a model's layers. */
    @FunctionalInterface
    public interface Recipe {
        /** Adds all layers, from inputs to outputs. */
        void build(Net net);
    }

    /** The net with the weights of a seed. */
    public Net build(final long seed) {
        return build(seed, Integer.MAX_VALUE);
    }

    /** The same for images of so many rows and columns at most: the same layers with less to do. */
    public Net build(final long seed, final int largestImage) {
        final Net net = new Net(name, seed, largestImage);
        recipe.build(net);
        return net;
    }
}
