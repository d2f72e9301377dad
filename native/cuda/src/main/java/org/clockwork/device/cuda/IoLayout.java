package org.clockwork.device.cuda;

import java.util.List;
import org.agrona.DirectBuffer;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;

/** Where the tensors of a model are in an I/O slot, for each batch size that is executed. Immutable. */
final class IoLayout {
    private static final long ALIGNMENT = 256;
    private final Side inputs;
    private final Side outputs;

    /** One direction: tensors one after the other, in each the requests one after the other. */
    static final class Side {
        private final int[] bytes;
        private final int[] requestOffsets;
        private final int requestBytes;

        private Side(final List<TensorSpec> specs) {
            bytes = specs.stream().mapToInt(TensorSpec::bytes).toArray();
            requestOffsets = new int[bytes.length];
            int total = 0;
            for (int i = 0; i < bytes.length; i++) {
                requestOffsets[i] = total;
                total = Math.addExact(total, bytes[i]);
            }
            requestBytes = total;
        }

        int tensors() {
            return bytes.length;
        }

        /** Bytes of one request. */
        int bytes(final int tensor) {
            return bytes[tensor];
        }

        /** Where the tensor starts in a request's buffer. */
        int requestOffset(final int tensor) {
            return requestOffsets[tensor];
        }

        /** Where the tensor starts in the slot. */
        long offset(final int batch, final int tensor) {
            long at = 0;
            for (int i = 0; i < tensor; i++) {
                at += rounded((long) batch * bytes[i]);
            }
            return at;
        }

        /** Bytes of the slot that a batch takes. */
        long total(final int batch) {
            return offset(batch, bytes.length);
        }

        private static long rounded(final long size) {
            return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
    }

    IoLayout(final List<TensorSpec> inputSpecs, final List<TensorSpec> outputSpecs) {
        inputs = new Side(inputSpecs);
        outputs = new Side(outputSpecs);
    }

    Side inputs() {
        return inputs;
    }

    Side outputs() {
        return outputs;
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
}
