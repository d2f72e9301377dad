package org.clockwork.device.cpu;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;
import org.clockwork.device.engine.IoLayout;

/**
 * The tensors of one model over the device's I/O slot, one set for each batch size, made when the model is compiled so
 * that an INFER makes none. Used by the execution engine's thread.
 */
final class IoTensors implements AutoCloseable {
    private final OrtRuntime runtime;
    private final IoSlot slot;
    private final IoLayout layout;
    private final int maxBatch;
    private final List<Map<String, OnnxTensor>> inputs = new ArrayList<>();
    private final List<Map<String, OnnxTensor>> outputs = new ArrayList<>();

    IoTensors(final OrtRuntime runtime, final IoSlot slot, final Artifact artifact, final IoLayout layout, final int maxBatch)
            throws OrtException {
        this.runtime = runtime;
        this.slot = slot;
        this.layout = layout;
        this.maxBatch = maxBatch;
        try {
            create(inputs, artifact.inputs(), layout.inputs(), slot.inputAddress(), artifact.batched());
            create(outputs, artifact.outputs(), layout.outputs(), slot.outputAddress(), artifact.batched());
        } catch (final OrtException e) {
            close();
            throw e;
        }
    }

    private void create(final List<Map<String, OnnxTensor>> maps, final List<TensorSpec> specs, final IoLayout.Side side,
        final long address, final boolean isBatched) throws OrtException {
        maps.add(Map.of());
        for (int batch = 1; batch <= maxBatch; batch++) {
            final Map<String, OnnxTensor> map = new LinkedHashMap<>();
            maps.add(map);
            for (int i = 0; i < side.tensors(); i++) {
                final TensorSpec spec = specs.get(i);
                map.put(spec.name(), runtime.tensor(address + side.offset(batch, i), (long) batch * side.bytes(i),
                    shape(spec, batch, isBatched), ElementTypes.toRuntime(spec.type())));
            }
        }
    }

    private static long[] shape(final TensorSpec spec, final int batch, final boolean isBatched) {
        final LongStream dims = spec.shape().stream().mapToLong(Integer::longValue);
        return (isBatched ? LongStream.concat(LongStream.of(batch), dims) : dims).toArray();
    }

    IoLayout layout() {
        return layout;
    }

    /** Largest batch that there are tensors for. */
    int maxBatch() {
        return maxBatch;
    }

    Map<String, OnnxTensor> inputs(final int batchSize) {
        return inputs.get(batchSize);
    }

    Map<String, OnnxTensor> outputs(final int batchSize) {
        return outputs.get(batchSize);
    }

    /** Requests one after the other within each tensor; padding is zero, up to the batch that is executed. */
    void copyIn(final Operation operation, final int executedBatch) {
        final UnsafeBuffer to = slot.inputs();
        final IoLayout.Side side = layout.inputs();
        for (int tensor = 0; tensor < side.tensors(); tensor++) {
            final int bytes = side.bytes(tensor);
            int at = (int) side.offset(executedBatch, tensor);
            for (int i = 0; i < operation.requestCount; i++) {
                to.putBytes(at, operation.inputs[i], operation.inputOffsets[i] + side.requestOffset(tensor), bytes);
                at += bytes;
            }
            to.setMemory(at, (executedBatch - operation.requestCount) * bytes, (byte) 0);
        }
    }

    /** The other way, for those requests that want their outputs. */
    void copyOut(final Operation operation, final int executedBatch) {
        final UnsafeBuffer from = slot.outputs();
        final IoLayout.Side side = layout.outputs();
        for (int tensor = 0; tensor < side.tensors(); tensor++) {
            final int bytes = side.bytes(tensor);
            final int start = (int) side.offset(executedBatch, tensor);
            for (int i = 0; i < operation.requestCount; i++) {
                final MutableDirectBuffer to = operation.outputs[i];
                if (to != null) {
                    to.putBytes(operation.outputOffsets[i] + side.requestOffset(tensor), from, start + i * bytes, bytes);
                }
            }
        }
    }

    @Override
    public void close() {
        inputs.forEach(map -> map.values().forEach(runtime::close));
        outputs.forEach(map -> map.values().forEach(runtime::close));
        inputs.clear();
        outputs.clear();
    }
}
