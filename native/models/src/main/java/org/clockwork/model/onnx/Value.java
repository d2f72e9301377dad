package org.clockwork.model.onnx;

import java.util.List;

/**
 * A tensor on its way through a {@link Net}.
 *
 * @param name   in the file.
 * @param shape  of one request, without the batch: channels first.
 * @param mean   estimate of the mean of its elements.
 * @param square estimate of their mean square.
 */
public record Value(String name, List<Integer> shape, double mean, double square) {
    /** Copies the shape. */
    public Value {
        shape = List.copyOf(shape);
    }

    /** The first dimension. */
    public int channels() {
        return shape.get(0);
    }

    /** Rows of an image. */
    public int height() {
        return shape.get(1);
    }

    /** Columns of an image. */
    public int width() {
        return shape.get(2);
    }

    /** Elements for one request. */
    public int elements() {
        return shape.stream().reduce(1, Math::multiplyExact);
    }

    double variance() {
        return Math.max(0, square - mean * mean);
    }
}
