package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;

import jcuda.driver.CUevent;
import org.agrona.concurrent.UnsafeBuffer;

/** Memory on both sides for one batch on its way through a GPU, and the events of its phases. Used by the execution engine. */
final class IoSlot implements AutoCloseable {
    /** In front of the outputs: the error word, on both sides. */
    static final int HEAD_BYTES = 256;

    private final Gpu gpu;
    private final HostMemory host;
    private final int inputBytes;
    private final int outputBytes;
    final CUevent inputStart = new CUevent();
    final CUevent inputEnd = new CUevent();
    final CUevent executeStart = new CUevent();
    final CUevent executeEnd = new CUevent();
    final CUevent outputStart = new CUevent();
    final CUevent outputEnd = new CUevent();
    private final CUevent[] events = {inputStart, inputEnd, executeStart, executeEnd, outputStart, outputEnd};
    private int created;
    private long deviceInputs;
    private long deviceOutputs;
    private long hostInputs;
    private long hostOutputs;
    private UnsafeBuffer inputs;
    private UnsafeBuffer outputs;

    IoSlot(final Gpu gpu, final HostMemory host, final int inputBytes, final int outputBytes) {
        this.gpu = gpu;
        this.host = host;
        this.inputBytes = inputBytes;
        this.outputBytes = outputBytes;
    }

    /** Takes memory and events; {@link #close} gives back what was taken. */
    void open() throws CudaException {
        deviceInputs = gpu.allocate(inputBytes);
        deviceOutputs = gpu.allocate(HEAD_BYTES + (long) outputBytes);
        hostInputs = host.allocate(inputBytes);
        inputs = new UnsafeBuffer(hostInputs, inputBytes);
        hostOutputs = host.allocate(HEAD_BYTES + (long) outputBytes);
        outputs = new UnsafeBuffer(hostOutputs, HEAD_BYTES + outputBytes);
        for (final CUevent event : events) {
            CudaException.check(cuEventCreate(event, 0), "cuEventCreate");
            created++;
        }
    }

    long deviceInputs() {
        return deviceInputs;
    }

    /** First byte of the outputs on the device. */
    long deviceOutputs() {
        return deviceOutputs + HEAD_BYTES;
    }

    /** The error word on the device. */
    long deviceError() {
        return deviceOutputs;
    }

    long hostInputs() {
        return hostInputs;
    }

    /** First byte of the error word and the outputs on the host. */
    long hostOutputs() {
        return hostOutputs;
    }

    UnsafeBuffer inputs() {
        return inputs;
    }

    UnsafeBuffer outputs() {
        return outputs;
    }

    @Override
    public void close() {
        for (int i = 0; i < created; i++) {
            cuEventDestroy(events[i]);
        }
        created = 0;
        free(hostInputs);
        free(hostOutputs);
        hostInputs = 0;
        hostOutputs = 0;
    }

    private void free(final long address) {
        try {
            if (address != 0) {
                host.free(address);
            }
        } catch (final CudaException e) {
            // a lost device; the process is about to end
            return;
        }
    }
}
