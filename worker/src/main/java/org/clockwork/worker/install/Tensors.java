package org.clockwork.worker.install;

import java.util.List;
import org.clockwork.device.TensorSpec;

/** The tensors of one request or answer with their sizes worked out once, since hot paths ask for them. Immutable. */
public final class Tensors {
    /** None. */
    public static final Tensors NONE = new Tensors(List.of());

    private final List<TensorSpec> specs;
    private final int[] bytes;
    private final int[] elements;
    private final int totalBytes;

    Tensors(final List<TensorSpec> specs) {
        this.specs = List.copyOf(specs);
        bytes = specs.stream().mapToInt(TensorSpec::bytes).toArray();
        elements = specs.stream().mapToInt(TensorSpec::elements).toArray();
        int total = 0;
        for (final int size : bytes) {
            total = Math.addExact(total, size);
        }
        totalBytes = total;
    }

    /** How many there are. */
    public int count() {
        return bytes.length;
    }

    /** One of them. */
    public TensorSpec spec(final int index) {
        return specs.get(index);
    }

    /** Size of one of them, for one request. */
    public int bytes(final int index) {
        return bytes[index];
    }

    /** Elements of one of them, for one request. */
    public int elements(final int index) {
        return elements[index];
    }

    /** Size of all of them together, for one request. */
    public int totalBytes() {
        return totalBytes;
    }
}
