package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuMemAddressFree;
import static jcuda.driver.JCudaDriver.cuMemAddressReserve;
import static jcuda.driver.JCudaDriver.cuMemMap;
import static jcuda.driver.JCudaDriver.cuMemRelease;
import static jcuda.driver.JCudaDriver.cuMemUnmap;

import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUmemGenericAllocationHandle;
import org.clockwork.device.Device;

/**
 * The pages of weights memory of one GPU: all taken at the start, mapped behind a model's range of addresses by a LOAD, so
 * that pages from anywhere look like one piece. Mapping is the load engine's thread's; ranges come and go on any thread.
 */
final class PageMemory implements AutoCloseable {
    private static final long PAGE = Device.PAGE_BYTES;
    private final List<CUmemGenericAllocationHandle> handles = new ArrayList<>();
    private final VirtualMemory memory;
    private final CUdeviceptr target = new CUdeviceptr();

    /** Takes the memory; the calling thread has the GPU's context. */
    PageMemory(final int ordinal, final int pages) throws CudaException {
        memory = new VirtualMemory(ordinal);
        final long granularity = memory.granularity();
        if (granularity < 1 || PAGE % granularity != 0) {
            throw new CudaException("pages of " + PAGE + " bytes are no multiple of the granularity of " + granularity, false);
        }
        try {
            for (int i = 0; i < pages; i++) {
                final CUmemGenericAllocationHandle handle = new CUmemGenericAllocationHandle();
                Address.move(handle, memory.create(PAGE));
                handles.add(handle);
            }
        } catch (final CudaException e) {
            close();
            throw e;
        }
    }

    int pages() {
        return handles.size();
    }

    /** Addresses for so many pages; nothing is behind them yet. */
    static long reserveRange(final int pages) throws CudaException {
        final CUdeviceptr range = new CUdeviceptr();
        CudaException.check(cuMemAddressReserve(range, pages * PAGE, 0, new CUdeviceptr(), 0), "cuMemAddressReserve");
        return Address.of(range);
    }

    static void releaseRange(final long range, final int pages) throws CudaException {
        CudaException.check(cuMemAddressFree(Address.device(range), pages * PAGE), "cuMemAddressFree");
    }

    /** Maps pages behind a range in this order; all or, if it fails, none. */
    void map(final long range, final int[] pageIndexes, final int count) throws CudaException {
        int mapped = 0;
        try {
            for (; mapped < count; mapped++) {
                Address.move(target, range + mapped * PAGE);
                CudaException.check(cuMemMap(target, PAGE, 0, handles.get(pageIndexes[mapped]), 0), "cuMemMap");
            }
            memory.allow(range, count * PAGE);
        } catch (final CudaException e) {
            if (!e.isFatal()) {
                unmap(range, mapped);
            }
            throw e;
        }
    }

    /** Takes the pages behind a range away; whatever else happens, all are tried. A failure leaves a page in doubt: fatal. */
    void unmap(final long range, final int count) throws CudaException {
        int failure = 0;
        for (int i = 0; i < count; i++) {
            Address.move(target, range + i * PAGE);
            final int result = cuMemUnmap(target, PAGE);
            failure = failure == 0 ? result : failure;
        }
        if (failure != 0) {
            throw new CudaException("cuMemUnmap: " + jcuda.driver.CUresult.stringFor(failure), true);
        }
    }

    @Override
    public void close() {
        handles.forEach(handle -> cuMemRelease(handle));
        handles.clear();
    }
}
