package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.CU_MEMHOSTALLOC_PORTABLE;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;

import java.util.Arrays;
import jcuda.Pointer;

/**
 * Pinned memory of the host, which all GPUs copy from and to at full speed and without waiting. Any thread allocates and
 * frees; the engines ask whether an address is pinned, which takes no lock.
 */
final class HostMemory {
    /** First and last address of each piece, one after the other, by rising address. */
    private volatile long[] ranges = new long[0];
    private long bytes;

    /** The calling thread has a context. */
    synchronized long allocate(final long size) throws CudaException {
        final Pointer pointer = new Pointer();
        CudaException.check(cuMemHostAlloc(pointer, size, CU_MEMHOSTALLOC_PORTABLE), "cuMemHostAlloc");
        final long address = Address.of(pointer);
        final long[] grown = Arrays.copyOf(ranges, ranges.length + 2);
        int at = grown.length - 2;
        while (at > 0 && grown[at - 2] > address) {
            grown[at] = grown[at - 2];
            grown[at + 1] = grown[at - 1];
            at -= 2;
        }
        grown[at] = address;
        grown[at + 1] = address + size;
        ranges = grown;
        bytes += size;
        return address;
    }

    /** The calling thread has a context; nobody copies from or to it any more. */
    synchronized void free(final long address) throws CudaException {
        final long[] old = ranges;
        for (int i = 0; i < old.length; i += 2) {
            if (old[i] == address) {
                final long[] shrunk = new long[old.length - 2];
                System.arraycopy(old, 0, shrunk, 0, i);
                System.arraycopy(old, i + 2, shrunk, i, shrunk.length - i);
                ranges = shrunk;
                bytes -= old[i + 1] - old[i];
                CudaException.check(cuMemFreeHost(Address.host(address)), "cuMemFreeHost");
                return;
            }
        }
        throw new IllegalArgumentException("not allocated: address=" + address);
    }

    /** Whether all of a piece of memory is pinned. */
    boolean isPinned(final long address, final long size) {
        final long[] now = ranges;
        int low = 0;
        int high = now.length / 2;
        while (low < high) {
            final int middle = (low + high) >>> 1;
            if (now[2 * middle + 1] <= address) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return 2 * low < now.length && now[2 * low] <= address && address + size <= now[2 * low + 1];
    }

    /** Bytes allocated now. */
    synchronized long bytes() {
        return bytes;
    }
}
