package org.clockwork.emulatedcuda;

import static jcuda.driver.CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
import static jcuda.driver.CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;
import static jcuda.driver.JCudaDriver.cuMemHostRegister;
import static jcuda.driver.JCudaDriver.cuMemHostUnregister;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamQuery;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Allocations, pinned memory and copies: each limit from both sides. */
final class MemoryTest {
    private static final int MIB = 1 << 20;

    @BeforeEach
    void prepare() {
        Driver.prepare();
    }

    @Test
    void shouldGiveAllMemoryAndNoMore() {
        EmulatedCuda.memoryBytes(8 * MIB);
        try (Driver driver = new Driver()) {
            final long[] free = {0};
            final long[] total = {0};
            driver.allocate(8 * MIB - 512);
            driver.allocate(256);
            Driver.check(cuMemGetInfo(free, total));
            assertEquals(256, free[0]);
            assertEquals(8 * MIB, total[0]);
            assertEquals(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(new CUdeviceptr(), 257));
            Driver.noBreaches();
            driver.allocate(1);
            assertEquals(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(new CUdeviceptr(), 1));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemAlloc(new CUdeviceptr(), 0), "0 bytes");
        }
    }

    @Test
    void shouldRefuseToFreeTwice() {
        try (Driver driver = new Driver()) {
            final CUdeviceptr at = new CUdeviceptr();
            Driver.check(cuMemAlloc(at, MIB));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemFree(at.withByteOffset(256)), "not the start");
            Driver.check(cuMemFree(at));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemFree(at), "freed already");
            final Pointer pinned = driver.pinned(64);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(pinned.withByteOffset(16)), "not the start");
        }
    }

    @Test
    void shouldKeepTheBoundsOfCopies() {
        try (Driver driver = new Driver()) {
            final CUdeviceptr at = driver.allocate(1000);
            final Pointer host = driver.pinned(2000);
            Driver.check(cuMemcpyHtoDAsync(at, host, 1000, null));
            Driver.check(cuMemcpyHtoDAsync(at.withByteOffset(999), host, 1, null));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync(at, host, 1001, null), "past the end");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync(at.withByteOffset(1000), host, 1, null), "not mapped");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoHAsync(host, at.withByteOffset(1), 1000, null), "past the end");
            // pinned memory has an end, too
            Driver.check(cuMemcpyDtoHAsync(host.withByteOffset(1000), at, 1000, null));
            Driver.refused(
                CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoHAsync(host.withByteOffset(1001), at, 1000, null), "past the end of pinned");
            final CUdeviceptr other = driver.allocate(1000);
            Driver.check(cuMemcpyDtoDAsync(other, at, 1000, null));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoDAsync(other, at, 1001, null), "past the end");
        }
    }

    @Test
    void shouldTellDeviceAndHostMemoryApart() {
        try (Driver driver = new Driver()) {
            final CUdeviceptr at = driver.allocate(64);
            final Pointer host = driver.pinned(64);
            final CUdeviceptr asDevice = new CUdeviceptr().withByteOffset(4096);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync(asDevice, host, 64, null), "is not device memory");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync(at, at, 64, null), "not host memory");
        }
    }

    @Test
    void shouldWaitOverHostMemoryThatIsNotPinned() {
        try (Driver driver = new Driver()) {
            final CUdeviceptr at = driver.allocate(MIB);
            final CUstream stream = driver.stream();
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 20_000_000);
            final long before = EmulatedCuda.calls(EmulatedCuda.PAGEABLE_COPIES);
            Driver.check(cuMemcpyHtoDAsync(at, driver.pinned(MIB), MIB, stream));
            assertEquals(CUresult.CUDA_ERROR_NOT_READY, cuStreamQuery(stream));
            assertEquals(before, EmulatedCuda.calls(EmulatedCuda.PAGEABLE_COPIES));
            Driver.check(cuMemcpyHtoDAsync(at, Pointer.to(ByteBuffer.allocateDirect(MIB)), MIB, stream));
            Driver.check(cuStreamQuery(stream));
            assertEquals(before + 1, EmulatedCuda.calls(EmulatedCuda.PAGEABLE_COPIES));
        }
    }

    @Test
    void shouldRegisterHostMemoryOnce() {
        try (Driver driver = new Driver()) {
            final Pointer host = Pointer.to(ByteBuffer.allocateDirect(4096));
            Driver.refused(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, cuMemHostUnregister(host), "not registered");
            Driver.check(cuMemHostRegister(host, 4096, 0));
            Driver.refused(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, cuMemHostRegister(host, 4096, 0), "registered already");
            assertEquals(4096, EmulatedCuda.counts().get("pinnedBytes"));
            final CUstream stream = driver.stream();
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 20_000_000);
            Driver.check(cuMemcpyHtoDAsync(driver.allocate(4096), host, 4096, stream));
            assertEquals(CUresult.CUDA_ERROR_NOT_READY, cuStreamQuery(stream));
            Driver.check(cuMemHostUnregister(host));
            Driver.check(cuStreamQuery(stream));
        }
    }

    @Test
    void shouldFillWithinBoundsAndAligned() {
        try (Driver driver = new Driver()) {
            final CUdeviceptr at = driver.allocate(1024);
            Driver.check(cuMemsetD32Async(at, 7, 256, null));
            Driver.check(cuMemsetD8Async(at.withByteOffset(1023), (byte) 9, 1, null));
            Driver.check(cuStreamSynchronize(null));
            final int[] values = new int[256];
            Driver.check(jcuda.driver.JCudaDriver.cuMemcpyDtoH(Pointer.to(values), at, 1024));
            assertEquals(7, values[254]);
            assertEquals(0x09000007, values[255]);
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemsetD32Async(at, 7, 257, null), "past the end");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemsetD32Async(at.withByteOffset(2), 7, 1, null), "not aligned");
        }
    }

    @Test
    void shouldFillFreshMemoryWithNaN() {
        try (Driver driver = new Driver()) {
            assertTrue(Float.isNaN(Driver.download(driver.allocate(8), 2)[1]));
            EmulatedCuda.poison(false);
            assertEquals(0.0f, Driver.download(driver.allocate(8), 2)[1]);
        }
    }

    @Test
    void shouldCountWhatAContextLeavesBehind() {
        try (Driver driver = new Driver()) {
            Driver.check(cuMemAlloc(new CUdeviceptr(), MIB));
            Driver.check(cuMemHostAlloc(new Pointer(), 5000, 0));
            assertEquals(1, EmulatedCuda.leftOver().get("contexts"));
            assertEquals(MIB, EmulatedCuda.leftOver().get("deviceBytes"));
            assertEquals(5000, EmulatedCuda.leftOver().get("pinnedBytes"));
            Driver.check(cuDevicePrimaryCtxRelease(driver.device));
            final List<String> breaches = EmulatedCuda.takeBreaches();
            assertEquals(2, breaches.size(), breaches::toString);
            assertTrue(breaches.toString().contains("context ended with 1 allocations"), breaches::toString);
            assertTrue(breaches.toString().contains("context ended with 1 blocks of pinned"), breaches::toString);
            driver.retain();
        }
    }

    @Test
    void shouldCopyFromJavaArraysAtOnce() {
        try (Driver driver = new Driver()) {
            final CUdeviceptr at = driver.allocate(12);
            Driver.check(cuMemcpyHtoD(at, Pointer.to(new float[] {1, 2, 3}), 12));
            assertEquals(2.0f, Driver.download(at, 3)[1]);
        }
    }
}
