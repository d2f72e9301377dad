package org.clockwork.compiler;

/**
 * What a name of the model's graph stands for: a constant, or a tensor that a step makes.
 *
 * @param name     in the graph.
 * @param constant or null.
 * @param view     or null.
 * @param step     that makes exactly this tensor and nobody else reads it, so that what follows may be fused into it; or null.
 */
record Value(String name, Constant constant, View view, Step step) {
    static Value of(final String name, final Constant constant) {
        return new Value(name, constant, null, null);
    }

    static Value of(final String name, final View view) {
        return new Value(name, null, view, null);
    }

    boolean isConstant() {
        return constant != null;
    }

    long[] dims() {
        return constant != null ? constant.dims() : view.dims();
    }

    int rank() {
        return dims().length;
    }
}
