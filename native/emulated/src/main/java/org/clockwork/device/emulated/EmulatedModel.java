package org.clockwork.device.emulated;

import java.util.List;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.ElementType;
import org.clockwork.device.TensorSpec;

/** A profile made ready for emulated devices: its durations in an array. Immutable; any thread may read it. */
final class EmulatedModel implements CompiledModel {
    final Profile profile;
    final int pages;
    final int inputBytes;
    final int outputBytes;
    final int maxBatch;
    private final long[] executeNs;
    private final List<TensorSpec> inputs;
    private final List<TensorSpec> outputs;

    EmulatedModel(final Profile profile, final int maxBatch) {
        this.profile = profile;
        this.maxBatch = maxBatch;
        pages = profile.pages();
        inputBytes = profile.inputBytes();
        outputBytes = profile.outputBytes();
        executeNs = new long[maxBatch + 1];
        for (int batchSize = 1; batchSize <= maxBatch; batchSize++) {
            executeNs[batchSize] = profile.executeNs(batchSize);
        }
        inputs = List.of(tensor("input", inputBytes));
        outputs = List.of(tensor("output", outputBytes));
    }

    @Override
    public List<TensorSpec> inputs() {
        return inputs;
    }

    @Override
    public List<TensorSpec> outputs() {
        return outputs;
    }

    @Override
    public long weightsBytes() {
        return profile.weightsBytes();
    }

    @Override
    public int pages() {
        return pages;
    }

    @Override
    public int maxBatch() {
        return maxBatch;
    }

    @Override
    public long knownLoadNs() {
        return profile.loadNs();
    }

    @Override
    public long knownExecuteNs(final int batchSize) {
        return batchSize < 1 || batchSize > maxBatch ? -1 : executeNs[batchSize];
    }

    @Override
    public String engine() {
        return "emulated: the profile " + profile.name();
    }

    @Override
    public void close() {
        // Nothing is held.
    }

    private static TensorSpec tensor(final String name, final int bytes) {
        return bytes % Float.BYTES == 0
            ? new TensorSpec(name, ElementType.FLOAT32, List.of(bytes / Float.BYTES))
            : new TensorSpec(name, ElementType.UINT8, List.of(bytes));
    }
}
