package org.clockwork.onednn;

/** Where a model's tensors are, as addresses that stay the same while the model is open. */
public interface Places {
    /** An input of the model for a batch of this size. */
    long input(int batchSize, int index);

    /** An output of the model for a batch of this size. */
    long output(int batchSize, int index);

    /** Memory between the steps, shared by all models as one executes at a time. */
    long workspace();

    /** Bytes of it. */
    long workspaceBytes();
}
