package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.clockwork.device.Operation;
import org.clockwork.device.engine.IoLayout;

/** Copies between the requests' buffers and a slot on the GPU. Used by the execution engine's thread. */
final class SlotCopies {
    /** Tensors smaller than this are gathered on the host: one copy for all requests costs less than one for each. */
    private static final int SMALLEST_DIRECT_BYTES = 32 * 1024;

    private final Gpu gpu;
    private final HostMemory host;
    private final IoSlot slot;
    private final CUdeviceptr device = new CUdeviceptr();
    private final Pointer memory = new Pointer();

    SlotCopies(final Gpu gpu, final HostMemory host, final IoSlot slot) {
        this.gpu = gpu;
        this.host = host;
        this.slot = slot;
    }

    /** Requests one after the other within each tensor; padding is zero, up to the batch that is executed. */
    void copyIn(final Operation operation, final IoLayout io, final int executedBatch) throws CudaException {
        final IoLayout.Side side = io.inputs();
        for (int tensor = 0; tensor < side.tensors(); tensor++) {
            final int bytes = side.bytes(tensor);
            final long start = side.offset(executedBatch, tensor);
            final int requests = operation.requestCount;
            if (bytes > 0 && requests > 0) {
                if (bytes >= SMALLEST_DIRECT_BYTES && arePinned(operation, side, tensor)) {
                    for (int i = 0; i < requests; i++) {
                        in(start + (long) i * bytes, address(operation, side, tensor, i), bytes);
                    }
                } else {
                    for (int i = 0; i < requests; i++) {
                        slot.inputs().putBytes((int) (start + (long) i * bytes), operation.inputs[i],
                            operation.inputOffsets[i] + side.requestOffset(tensor), bytes);
                    }
                    in(start, slot.hostInputs() + start, (long) requests * bytes);
                }
            }
            final long padding = (long) (executedBatch - requests) * bytes;
            if (padding > 0) {
                Address.move(device, slot.deviceInputs() + start + (long) requests * bytes);
                CudaException.check(cuMemsetD8Async(device, (byte) 0, padding, gpu.inputStream()), "cuMemsetD8Async");
            }
        }
    }

    private static long address(final Operation operation, final IoLayout.Side side, final int tensor, final int request) {
        return operation.inputs[request].addressOffset() + operation.inputOffsets[request] + side.requestOffset(tensor);
    }

    private boolean arePinned(final Operation operation, final IoLayout.Side side, final int tensor) {
        for (int i = 0; i < operation.requestCount; i++) {
            final DirectBuffer input = operation.inputs[i];
            if (input.byteArray() != null || !host.isPinned(address(operation, side, tensor, i), side.bytes(tensor))) {
                return false;
            }
        }
        return true;
    }

    private void in(final long offset, final long from, final long bytes) throws CudaException {
        Address.move(device, slot.deviceInputs() + offset);
        Address.move(memory, from);
        final int result = cuMemcpyHtoDAsync(device, memory, bytes, gpu.inputStream());
        if (result != 0) {
            CudaException.check(result, "cuMemcpyHtoDAsync");
        }
    }

    /** To the host's side of the slot: what any request wants, and the error word if there may be an error. */
    void copyOut(final Operation operation, final IoLayout io, final Program program) throws CudaException {
        final IoLayout.Side side = io.outputs();
        if (program.canFail()) {
            out(0, Integer.BYTES);
        }
        int wanted = 0;
        for (int i = 0; i < operation.requestCount; i++) {
            wanted = operation.outputs[i] == null ? wanted : i + 1;
        }
        for (int tensor = 0; wanted > 0 && tensor < side.tensors(); tensor++) {
            if (side.bytes(tensor) > 0) {
                out(IoSlot.HEAD_BYTES + side.offset(program.batchSize(), tensor), (long) wanted * side.bytes(tensor));
            }
        }
    }

    private void out(final long offset, final long bytes) throws CudaException {
        Address.move(device, slot.deviceError() + offset);
        Address.move(memory, slot.hostOutputs() + offset);
        final int result = cuMemcpyDtoHAsync(memory, device, bytes, gpu.outputStream());
        if (result != 0) {
            CudaException.check(result, "cuMemcpyDtoHAsync");
        }
    }

    /** After the copy: whether a kernel has set the error word. */
    boolean hasError() {
        return slot.outputs().getInt(0) != 0;
    }

    /** After the copy: to those requests that want their outputs. */
    void handOut(final Operation operation, final IoLayout io, final int executedBatch) {
        final IoLayout.Side side = io.outputs();
        for (int tensor = 0; tensor < side.tensors(); tensor++) {
            final int bytes = side.bytes(tensor);
            final long start = IoSlot.HEAD_BYTES + side.offset(executedBatch, tensor);
            for (int i = 0; i < operation.requestCount; i++) {
                final MutableDirectBuffer to = operation.outputs[i];
                if (to != null) {
                    to.putBytes(operation.outputOffsets[i] + side.requestOffset(tensor), slot.outputs(),
                        (int) (start + (long) i * bytes), bytes);
                }
            }
        }
    }
}
