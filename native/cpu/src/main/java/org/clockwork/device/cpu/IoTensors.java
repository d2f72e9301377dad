package org.clockwork.device.cpu;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;

/**
 * The tensors of one model over the device's I/O slot, one set for each batch size, made when the model is compiled so
 * that an INFER makes none. Used by the execution engine's thread.
 */
final class IoTensors implements AutoCloseable {
    private final OrtRuntime runtime;
    private final IoSlot slot;
    private final Side inputs;
    private final Side outputs;

    IoTensors(final OrtRuntime runtime, final IoSlot slot, final Artifact artifact, final int maxBatch) throws OrtException {
        this.runtime = runtime;
        this.slot = slot;
        inputs = new Side(artifact.inputs(), artifact.batched(), maxBatch);
        outputs = new Side(artifact.outputs(), artifact.batched(), maxBatch);
        try {
            inputs.create(runtime, slot.inputAddress());
            outputs.create(runtime, slot.outputAddress());
        } catch (final OrtException e) {
            close();
            throw e;
        }
    }

    /** Bytes that a batch takes on one side of the slot. */
    static long bytes(final List<TensorSpec> specs, final int batchSize) {
        long bytes = 0;
        for (final TensorSpec spec : specs) {
            bytes = NativeMemory.roundUp(bytes, IoSlot.ALIGNMENT) + (long) batchSize * spec.bytes();
        }
        return bytes;
    }

    Map<String, OnnxTensor> inputs(final int batchSize) {
        return inputs.maps.get(batchSize);
    }

    Map<String, OnnxTensor> outputs(final int batchSize) {
        return outputs.maps.get(batchSize);
    }

    /** First byte of an input in the slot for a batch of this size. */
    int inputOffset(final int batchSize, final int index) {
        return inputs.offsets[batchSize][index];
    }

    /** First byte of an output in the slot for a batch of this size. */
    int outputOffset(final int batchSize, final int index) {
        return outputs.offsets[batchSize][index];
    }

    /** Whether each request's buffers hold its tensors. */
    boolean fits(final Operation operation) {
        for (int i = 0; i < operation.requestCount; i++) {
            final DirectBuffer input = operation.inputs[i];
            if (input == null || !isInside(input, operation.inputOffsets[i], inputs.requestBytes)) {
                return false;
            }
            final DirectBuffer output = operation.outputs[i];
            if (output != null && !isInside(output, operation.outputOffsets[i], outputs.requestBytes)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isInside(final DirectBuffer buffer, final int offset, final int bytes) {
        return offset >= 0 && (long) offset + bytes <= buffer.capacity();
    }

    /** Requests one after the other within each tensor; padding is zero, up to the batch that is executed. */
    void copyIn(final Operation operation, final int executedBatch) {
        final UnsafeBuffer to = slot.inputs();
        final int[] offsets = inputs.offsets[executedBatch];
        for (int tensor = 0; tensor < offsets.length; tensor++) {
            final int bytes = inputs.bytes[tensor];
            int at = offsets[tensor];
            for (int i = 0; i < operation.requestCount; i++) {
                to.putBytes(at, operation.inputs[i], operation.inputOffsets[i] + inputs.requestOffsets[tensor], bytes);
                at += bytes;
            }
            to.setMemory(at, (executedBatch - operation.requestCount) * bytes, (byte) 0);
        }
    }

    /** The other way, for those requests that want their outputs. */
    void copyOut(final Operation operation, final int executedBatch) {
        final UnsafeBuffer from = slot.outputs();
        final int[] offsets = outputs.offsets[executedBatch];
        for (int tensor = 0; tensor < offsets.length; tensor++) {
            final int bytes = outputs.bytes[tensor];
            for (int i = 0; i < operation.requestCount; i++) {
                final MutableDirectBuffer to = operation.outputs[i];
                if (to != null) {
                    final int at = operation.outputOffsets[i] + outputs.requestOffsets[tensor];
                    to.putBytes(at, from, offsets[tensor] + i * bytes, bytes);
                }
            }
        }
    }

    @Override
    public void close() {
        inputs.close(runtime);
        outputs.close(runtime);
    }

    /** One side of the slot. */
    private static final class Side {
        private final List<TensorSpec> specs;
        private final boolean batched;
        private final int[] bytes;
        private final int[] requestOffsets;
        private final int requestBytes;
        private final int[][] offsets;
        private final List<Map<String, OnnxTensor>> maps = new ArrayList<>();

        Side(final List<TensorSpec> specs, final boolean batched, final int maxBatch) {
            this.specs = specs;
            this.batched = batched;
            bytes = new int[specs.size()];
            requestOffsets = new int[specs.size()];
            int total = 0;
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = specs.get(i).bytes();
                requestOffsets[i] = total;
                total = Math.addExact(total, bytes[i]);
            }
            requestBytes = total;
            offsets = new int[maxBatch + 1][bytes.length];
            for (int batch = 1; batch <= maxBatch; batch++) {
                long at = 0;
                for (int i = 0; i < bytes.length; i++) {
                    at = NativeMemory.roundUp(at, IoSlot.ALIGNMENT);
                    offsets[batch][i] = Math.toIntExact(at);
                    at += (long) batch * bytes[i];
                }
            }
        }

        void create(final OrtRuntime runtime, final long address) throws OrtException {
            maps.add(Map.of());
            for (int batch = 1; batch < offsets.length; batch++) {
                final Map<String, OnnxTensor> map = new LinkedHashMap<>();
                maps.add(map);
                for (int i = 0; i < bytes.length; i++) {
                    final TensorSpec spec = specs.get(i);
                    map.put(spec.name(), runtime.tensor(address + offsets[batch][i], (long) batch * bytes[i],
                        shape(spec, batch), ElementTypes.toRuntime(spec.type())));
                }
            }
        }

        private long[] shape(final TensorSpec spec, final int batch) {
            final int lead = batched ? 1 : 0;
            final long[] shape = new long[spec.shape().size() + lead];
            if (batched) {
                shape[0] = batch;
            }
            for (int axis = 0; axis < spec.shape().size(); axis++) {
                shape[axis + lead] = spec.shape().get(axis);
            }
            return shape;
        }

        void close(final OrtRuntime runtime) {
            maps.forEach(map -> map.values().forEach(runtime::close));
            maps.clear();
        }
    }
}
