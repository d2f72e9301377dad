package org.clockwork.device.engine;

import java.util.List;
import org.agrona.DirectBuffer;
import org.clockwork.device.ModelException;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;

/** Where the tensors of a model are in requests' buffers and in an I/O slot, for each batch size. Immutable. */
public final class IoLayout {
    private final Side inputs;
    private final Side outputs;

    /** One direction: in the slot tensors one after the other, in each the requests one after the other. */
    public static final class Side {
        private final int alignment;
        private final int[] bytes;
        private final int[] requestOffsets;
        private final int requestBytes;

        private Side(final List<TensorSpec> specs, final int alignment) {
            this.alignment = alignment;
            bytes = specs.stream().mapToInt(TensorSpec::bytes).toArray();
            requestOffsets = new int[bytes.length];
            int total = 0;
            for (int i = 0; i < bytes.length; i++) {
                requestOffsets[i] = total;
                total = Math.addExact(total, bytes[i]);
            }
            requestBytes = total;
        }

        /** Tensors of a request. */
        public int tensors() {
            return bytes.length;
        }

        /** Bytes of one request. */
        public int bytes(final int tensor) {
            return bytes[tensor];
        }

        /** Where the tensor starts in a request's buffer. */
        public int requestOffset(final int tensor) {
            return requestOffsets[tensor];
        }

        /** Where the tensor starts in the slot. */
        public long offset(final int batch, final int tensor) {
            long at = 0;
            for (int i = 0; i < tensor; i++) {
                at = (at + (long) batch * bytes[i] + alignment - 1) / alignment * alignment;
            }
            return at;
        }

        /** Bytes of the slot that a batch takes. */
        public long total(final int batch) {
            final int last = bytes.length - 1;
            return last < 0 ? 0 : offset(batch, last) + (long) batch * bytes[last];
        }
    }

    /**
     * In a slot whose tensors are aligned so.
     *
     * @throws ArithmeticException if a request has more than 2 GiB.
     */
    public IoLayout(final List<TensorSpec> inputSpecs, final List<TensorSpec> outputSpecs, final int alignment) {
        inputs = new Side(inputSpecs, alignment);
        outputs = new Side(outputSpecs, alignment);
    }

    /** What is copied in. */
    public Side inputs() {
        return inputs;
    }

    /** What is copied out. */
    public Side outputs() {
        return outputs;
    }

    /** The largest batch up to {@code most} that fits a slot with so many bytes. */
    public int largestBatch(final int most, final long inputBytes, final long outputBytes) throws ModelException {
        int batch = most;
        while (batch > 0 && (inputs.total(batch) > inputBytes || outputs.total(batch) > outputBytes)) {
            batch--;
        }
        if (batch == 0) {
            throw new ModelException(ModelException.Reason.TOO_LARGE, "One request does not fit the device's I/O slot: "
                + "inputBytes=" + inputs.total(1) + " of " + inputBytes + ", outputBytes=" + outputs.total(1) + " of "
                + outputBytes);
        }
        return batch;
    }

    /** Whether each request's buffers hold its tensors. */
    public boolean fits(final Operation operation) {
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
}
