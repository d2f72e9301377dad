package org.clockwork.emulatedcuda;

import static jcuda.driver.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY;
import static jcuda.driver.CUresult.CUDA_SUCCESS;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.LongByReference;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pages mapped behind reserved addresses: what the driver refuses, and that nothing reaches a page through a stale address. */
final class VirtualMemoryTest {
    private static final long PAGE = 2 << 20;

    @BeforeEach
    void prepare() {
        Driver.prepare();
        EmulatedCuda.memoryBytes(8 * PAGE);
    }

    @Test
    void shouldReachPagesInAnyOrderAsOneRange() {
        try (Driver driver = new Driver()) {
            final long first = driver.mapped().create(PAGE);
            final long second = driver.mapped().create(PAGE);
            final long range = driver.mapped().reserve(2 * PAGE);
            driver.mapped().map(range, second);
            driver.mapped().map(range + PAGE, first);
            driver.mapped().allow(range, 2 * PAGE, 3);
            // across the edge between the two
            final float[] values = {1, 2, 3, 4};
            Driver.check(cuMemcpyHtoD(at(range + PAGE - 8), Pointer.to(values), 16));
            driver.mapped().unmap(range, 2 * PAGE);
            // the other way round: what was at the end of the first is at the end of the second
            driver.mapped().map(range, first);
            driver.mapped().map(range + PAGE, second);
            driver.mapped().allow(range, 2 * PAGE, 3);
            assertEquals(3.0f, Driver.download(at(range), 1)[0]);
            assertEquals(2.0f, Driver.download(at(range + 2 * PAGE - 4), 1)[0]);
            driver.mapped().unmap(range, PAGE);
            driver.mapped().unmap(range + PAGE, PAGE);
            driver.mapped().free(range, 2 * PAGE);
            driver.mapped().release(first);
            driver.mapped().release(second);
        }
    }

    @Test
    void shouldKeepTheGranularity() {
        try (Driver driver = new Driver()) {
            final VirtualMemory memory = driver.mapped();
            assertEquals(PAGE, memory.granularity());
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryCreate(PAGE + 4096), "multiple of 2 MiB");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryReserve(PAGE - 1), "multiple of 2 MiB");
            assertEquals(CUDA_ERROR_OUT_OF_MEMORY, memory.tryCreate(9 * PAGE));
            final long page = memory.create(8 * PAGE);
            assertEquals(CUDA_ERROR_OUT_OF_MEMORY, memory.tryCreate(PAGE));
            final long range = memory.reserve(8 * PAGE);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryMap(range + 4096, PAGE, page), "not aligned");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryMap(range + 7 * PAGE, 2 * PAGE, page), "not in one reservation");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryMap(range, 9 * PAGE, page), "of memory that has");
            memory.free(range, 8 * PAGE);
            memory.release(page);
        }
    }

    @Test
    void shouldRefuseWhatIsMappedOrGone() {
        try (Driver driver = new Driver()) {
            final VirtualMemory memory = driver.mapped();
            final long page = memory.create(PAGE);
            final long range = memory.reserve(2 * PAGE);
            memory.map(range, page);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryMap(range, PAGE, page), "mapped already");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryFree(range, 2 * PAGE), "still mapped");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryUnmap(range, 2 * PAGE), "not a row of whole mappings");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryAllow(range + PAGE, PAGE, 3), "not a row of whole mappings");
            memory.unmap(range, PAGE);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryUnmap(range, PAGE), "not a row of whole mappings");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryFree(range, PAGE), "not a whole reservation");
            memory.free(range, 2 * PAGE);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryMap(range, PAGE, page), "not reserved");
            memory.release(page);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, memory.tryRelease(page), "released already");
        }
    }

    @Test
    void shouldNeedAccess() {
        try (Driver driver = new Driver()) {
            final VirtualMemory memory = driver.mapped();
            final long page = memory.create(PAGE);
            final long range = memory.reserve(PAGE);
            final Pointer values = Pointer.to(new float[4]);
            memory.map(range, page);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(at(range), values, 16), "without access");
            memory.allow(range, PAGE, 1);
            Driver.check(cuMemcpyDtoH(values, at(range), 16));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(at(range), values, 16), "reading only");
            memory.allow(range, PAGE, 3);
            Driver.check(cuMemcpyHtoD(at(range), values, 16));
            memory.unmap(range, PAGE);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH(values, at(range), 16), "not mapped");
            memory.free(range, PAGE);
            memory.release(page);
        }
    }

    @Test
    void shouldKeepReleasedMemoryUntilItIsUnmapped() {
        try (Driver driver = new Driver()) {
            final VirtualMemory memory = driver.mapped();
            final long page = memory.create(8 * PAGE);
            final long range = memory.reserve(8 * PAGE);
            assertEquals(CUDA_SUCCESS, memory.tryMap(range, 8 * PAGE, page));
            memory.allow(range, 8 * PAGE, 3);
            memory.release(page);
            Driver.check(cuMemcpyHtoD(at(range), Pointer.to(new float[4]), 16));
            assertEquals(CUDA_ERROR_OUT_OF_MEMORY, memory.tryCreate(PAGE));
            memory.unmap(range, 8 * PAGE);
            memory.release(memory.create(PAGE));
            memory.free(range, 8 * PAGE);
        }
    }

    @Test
    void shouldNoticeMemoryThatIsUnmappedUnderWork() {
        try (Driver driver = new Driver()) {
            final VirtualMemory memory = driver.mapped();
            final long page = memory.create(PAGE);
            final long range = memory.reserve(PAGE);
            memory.map(range, page);
            memory.allow(range, PAGE, 3);
            final CUstream stream = driver.stream();
            final Pointer host = driver.pinned(64);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 100_000_000);
            Driver.check(cuMemcpyHtoDAsync(driver.allocate(64), host, 64, stream));
            Driver.check(cuMemcpyHtoDAsync(at(range), host, 64, stream));
            memory.unmap(range, PAGE);
            Driver.breached("is in use by cuMemcpyHtoDAsync");
            // and then it is too late
            assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(stream));
            Driver.breached("not mapped");
            driver.abandon();
        }
    }

    @Test
    void shouldLoseTheContextOverAPageThatIsMappedElsewhereNow() {
        try (Driver driver = new Driver()) {
            final VirtualMemory memory = driver.mapped();
            final CUfunction add = driver.kernel("exampleAdd");
            final long page = memory.create(PAGE);
            final long old = memory.reserve(2 * PAGE);
            final long now = memory.reserve(PAGE);
            memory.map(old, page);
            memory.allow(old, PAGE, 3);
            Driver.check(run(add, old));
            memory.unmap(old, PAGE);
            memory.map(now, page);
            memory.allow(now, PAGE, 3);
            Driver.check(run(add, now));
            assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, run(add, old));
            assertTrue(EmulatedCuda.takeBreaches().toString().contains("exampleAdd: pointer in a parameter"));
            driver.abandon();
        }
    }

    @Test
    void shouldLoseTheContextOverAnElementInAPageThatIsMissing() {
        try (Driver driver = new Driver()) {
            final VirtualMemory memory = driver.mapped();
            final CUfunction add = driver.kernel("exampleAdd");
            final long range = memory.reserve(2 * PAGE);
            memory.map(range, memory.create(PAGE));
            memory.allow(range, PAGE, 3);
            Driver.check(run(add, range + PAGE - 4 * 256));
            assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, run(add, range + PAGE - 4 * 255));
            assertTrue(EmulatedCuda.takeBreaches().toString().contains("exampleAdd: touched device memory"));
            driver.abandon();
        }
    }

    private static int run(final CUfunction add, final long at) {
        final Pointer pointer = Pointer.to(at(at));
        final int launched = cuLaunchKernel(
            add, 1, 1, 1, 256, 1, 1, 0, null, Pointer.to(pointer, pointer, pointer, Pointer.to(new int[] {256})), null);
        return launched != CUDA_SUCCESS ? launched : cuStreamSynchronize(null);
    }

    private static CUdeviceptr at(final long address) {
        return new CUdeviceptr().withByteOffset(address);
    }

    /**
     * The calls, made directly: JCuda 12.6 reads the location of an access and the flags of an allocation from the wrong objects.
     */
    static final class VirtualMemory {
        private final NativeLibrary library = NativeLibrary.getInstance("libcuda.so.1");
        private final Memory properties = new Memory(32);

        VirtualMemory() {
            properties.clear();
            properties.setInt(0, 1);
            properties.setInt(8, 1);
        }

        private int call(final String function, final Object... arguments) {
            return library.getFunction(function).invokeInt(arguments);
        }

        long granularity() {
            final LongByReference bytes = new LongByReference();
            Driver.check(call("cuMemGetAllocationGranularity", bytes, properties, 0));
            return bytes.getValue();
        }

        int tryCreate(final long bytes) {
            return call("cuMemCreate", new LongByReference(), bytes, properties, 0L);
        }

        long create(final long bytes) {
            final LongByReference handle = new LongByReference();
            Driver.check(call("cuMemCreate", handle, bytes, properties, 0L));
            return handle.getValue();
        }

        int tryReserve(final long bytes) {
            return call("cuMemAddressReserve", new LongByReference(), bytes, 0L, 0L, 0L);
        }

        long reserve(final long bytes) {
            final LongByReference at = new LongByReference();
            Driver.check(call("cuMemAddressReserve", at, bytes, 0L, 0L, 0L));
            return at.getValue();
        }

        int tryMap(final long at, final long bytes, final long page) {
            return call("cuMemMap", at, bytes, 0L, page, 0L);
        }

        void map(final long at, final long page) {
            Driver.check(tryMap(at, PAGE, page));
        }

        int tryAllow(final long at, final long bytes, final int flags) {
            final Memory access = new Memory(12);
            access.setInt(0, 1);
            access.setInt(4, 0);
            access.setInt(8, flags);
            return call("cuMemSetAccess", at, bytes, access, 1L);
        }

        void allow(final long at, final long bytes, final int flags) {
            Driver.check(tryAllow(at, bytes, flags));
        }

        int tryUnmap(final long at, final long bytes) {
            return call("cuMemUnmap", at, bytes);
        }

        void unmap(final long at, final long bytes) {
            Driver.check(tryUnmap(at, bytes));
        }

        int tryFree(final long at, final long bytes) {
            return call("cuMemAddressFree", at, bytes);
        }

        void free(final long at, final long bytes) {
            Driver.check(tryFree(at, bytes));
        }

        int tryRelease(final long page) {
            return call("cuMemRelease", page);
        }

        void release(final long page) {
            Driver.check(tryRelease(page));
        }
    }
}
