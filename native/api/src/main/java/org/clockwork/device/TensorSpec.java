package org.clockwork.device;

import java.util.List;

/**
 * One tensor of a request or an answer.
 *
 * @param name  as in the model file.
 * @param type  of its elements.
 * @param shape dimensions for one request, without the batch.
 */
public record TensorSpec(String name, ElementType type, List<Integer> shape) {
    /** Copies the shape. */
    public TensorSpec {
        shape = List.copyOf(shape);
    }

    /** Elements for one request. */
    public int elements() {
        return shape.stream().reduce(1, Math::multiplyExact);
    }

    /** Bytes for one request. */
    public int bytes() {
        return Math.multiplyExact(elements(), type.bytes());
    }
}
