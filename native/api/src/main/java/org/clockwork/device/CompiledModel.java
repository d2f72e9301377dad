package org.clockwork.device;

import java.util.List;

/** A model made ready for the devices of one backend: compiled form and host weights. Immutable; any thread may read it. */
public interface CompiledModel extends AutoCloseable {
    /** Tensors of one request, in the order of the wire. */
    List<TensorSpec> inputs();

    /** Tensors of one answer, in the order of the wire. */
    List<TensorSpec> outputs();

    /** Size of the weights as they lie on a device. */
    long weightsBytes();

    /** Device pages that a LOAD takes. */
    int pages();

    /** Largest batch that it can run. */
    int maxBatch();

    /** Duration of a LOAD if it is known before it was ever measured, as with an emulated device; else negative. */
    default long knownLoadNs() {
        return -1;
    }

    /** Duration of an execution if it is known before it was ever measured; else negative. */
    default long knownExecuteNs(final int batchSize) {
        return -1;
    }

    /**
     * What executes it. The first word names engine and precision, such as {@code onednn/bf16}; what follows is for people:
     * the error that was measured, the library's version, why it is this one.
     */
    default String engine() {
        return "";
    }

    /** Frees the host memory. The caller makes sure that no device holds the model. */
    @Override
    void close();
}
