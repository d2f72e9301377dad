package org.clockwork.compiler;

import java.nio.FloatBuffer;
import java.util.function.Supplier;

/**
 * A constant tensor of floats that steps read. Its numbers are made when they are asked for, so that a model does not
 * lie in memory twice.
 *
 * @param index  in the list of all weights.
 * @param name   in the model; with a note of what was folded into it.
 * @param dims   sizes.
 * @param source of the numbers, in the order of the dimensions.
 */
public record Weight(int index, String name, long[] dims, Supplier<FloatBuffer> source) {
    /** The numbers in the order of the dimensions. */
    public FloatBuffer data() {
        return source.get();
    }

    /** Number of elements. */
    public long elements() {
        return View.plain(null, dims).elements();
    }
}
