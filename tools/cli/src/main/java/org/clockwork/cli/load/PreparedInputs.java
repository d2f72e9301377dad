package org.clockwork.cli.load;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Inputs made before the load, so that sending one copies nothing. Immutable once made; used in turn. */
public final class PreparedInputs {
    private final UnsafeBuffer memory;
    private final int inputBytes;
    private final int count;

    /** Wraps inputs of equal size that lie one after the other. */
    public PreparedInputs(final UnsafeBuffer memory, final int inputBytes) {
        if (inputBytes <= 0 || memory.capacity() < inputBytes || memory.capacity() % inputBytes != 0) {
            throw new IllegalArgumentException(
                "inputs are of equal size: capacity=" + memory.capacity() + " inputBytes=" + inputBytes);
        }
        this.memory = memory;
        this.inputBytes = inputBytes;
        this.count = memory.capacity() / inputBytes;
    }

    /** How many there are. */
    public int count() {
        return count;
    }

    /** Size of each: all tensors of a request. */
    public int inputBytes() {
        return inputBytes;
    }

    /** Where they lie. */
    public DirectBuffer memory() {
        return memory;
    }

    /** Offset of one. */
    public int offset(final int index) {
        return index * inputBytes;
    }
}
