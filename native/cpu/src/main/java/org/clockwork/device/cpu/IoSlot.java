package org.clockwork.device.cpu;

import org.agrona.concurrent.UnsafeBuffer;

/** The device's memory for the tensors of the batch being executed. Used by the execution engine's thread. */
final class IoSlot implements AutoCloseable {
    /** Alignment of each tensor. */
    static final int ALIGNMENT = 64;

    private final NativeMemory memory;
    private final long inputAddress;
    private final long outputAddress;
    private final UnsafeBuffer inputs;
    private final UnsafeBuffer outputs;

    IoSlot(final NativeMemory memory, final int inputBytes, final int outputBytes) {
        this.memory = memory;
        inputAddress = memory.allocate(NativeMemory.Tag.IO_SLOT, inputBytes);
        outputAddress = memory.allocate(NativeMemory.Tag.IO_SLOT, outputBytes);
        inputs = new UnsafeBuffer(inputAddress, inputBytes);
        outputs = new UnsafeBuffer(outputAddress, outputBytes);
    }

    long inputAddress() {
        return inputAddress;
    }

    long outputAddress() {
        return outputAddress;
    }

    UnsafeBuffer inputs() {
        return inputs;
    }

    UnsafeBuffer outputs() {
        return outputs;
    }

    @Override
    public void close() {
        memory.free(NativeMemory.Tag.IO_SLOT, inputAddress, inputs.capacity());
        memory.free(NativeMemory.Tag.IO_SLOT, outputAddress, outputs.capacity());
    }
}
