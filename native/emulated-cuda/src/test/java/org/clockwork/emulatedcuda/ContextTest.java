package org.clockwork.emulatedcuda;

import static jcuda.driver.CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE;
import static jcuda.driver.CUresult.CUDA_ERROR_ECC_UNCORRECTABLE;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_CONTEXT;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_DEVICE;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_LAUNCH_FAILED;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_SUPPORTED;
import static jcuda.driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY;
import static jcuda.driver.CUresult.CUDA_SUCCESS;
import static jcuda.driver.JCudaDriver.cuCtxGetCurrent;
import static jcuda.driver.JCudaDriver.cuCtxPopCurrent;
import static jcuda.driver.JCudaDriver.cuCtxPushCurrent;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemAllocManaged;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoD;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Contexts are current per thread, errors of the device stick to them, and faults are injected where they were asked for. */
final class ContextTest {
    @BeforeEach
    void prepare() {
        Driver.prepare();
    }

    @Test
    void shouldHaveACurrentContextPerThread() throws InterruptedException {
        try (Driver driver = new Driver()) {
            final CUdeviceptr at = driver.allocate(4);
            final AtomicInteger before = new AtomicInteger(-1);
            final AtomicInteger after = new AtomicInteger(-1);
            final Thread other = new Thread(() -> {
                before.set(cuMemsetD32Async(at, 1, 1, null));
                cuCtxSetCurrent(driver.context);
                after.set(cuMemsetD32Async(at, 1, 1, null));
            });
            other.start();
            other.join();
            Driver.refused(CUDA_ERROR_INVALID_CONTEXT, before.get(), "no current context");
            assertEquals(CUDA_SUCCESS, after.get());
        }
    }

    @Test
    void shouldStackContexts() {
        try (Driver driver = new Driver()) {
            final CUcontext top = new CUcontext();
            Driver.check(cuCtxPushCurrent(driver.context));
            Driver.check(cuCtxPopCurrent(top));
            assertEquals(driver.context, top);
            Driver.check(cuCtxGetCurrent(top));
            assertEquals(driver.context, top);
            Driver.check(cuCtxPopCurrent(top));
            Driver.refused(CUDA_ERROR_INVALID_CONTEXT, cuCtxPopCurrent(top), "no current context");
            Driver.check(cuCtxSetCurrent(driver.context));
        }
    }

    @Test
    void shouldCountUsersOfThePrimaryContext() {
        try (Driver driver = new Driver()) {
            final CUcontext again = new CUcontext();
            Driver.check(cuDevicePrimaryCtxRetain(again, driver.device));
            assertEquals(driver.context, again);
            Driver.check(cuDevicePrimaryCtxRelease(driver.device));
            driver.allocate(4);
            final CUdevice none = new CUdevice();
            Driver.refused(CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(none, 1), "no device 1");
        }
        Driver.refused(CUDA_ERROR_INVALID_CONTEXT, cuDevicePrimaryCtxRelease(device(0)), "not retained");
        // The context that was current has ended.
        Driver.refused(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc(new CUdeviceptr(), 4), "no current context");
    }

    @Test
    void shouldKeepDevicesApart() {
        EmulatedCuda.devices(2);
        try (Driver driver = new Driver()) {
            final int[] number = {0};
            Driver.check(cuDeviceGetCount(number));
            assertEquals(2, number[0]);
            final CUdeviceptr here = driver.allocate(16);
            final CUcontext other = new CUcontext();
            Driver.check(cuDevicePrimaryCtxRetain(other, device(1)));
            Driver.check(cuCtxSetCurrent(other));
            final CUdeviceptr there = new CUdeviceptr();
            Driver.check(cuMemAlloc(there, 16));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoD(there, here, 16), "another device");
            Driver.check(cuMemFree(there));
            Driver.check(cuDevicePrimaryCtxRelease(device(1)));
            Driver.check(cuCtxSetCurrent(driver.context));
        }
    }

    @Test
    void shouldFailTheCallThatWasNamed() {
        try (Driver driver = new Driver()) {
            EmulatedCuda.fail("cuMemAlloc_v2", 2, 2, CUDA_ERROR_OUT_OF_MEMORY);
            final CUdeviceptr at = driver.allocate(4);
            assertEquals(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(new CUdeviceptr(), 4));
            assertEquals(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(new CUdeviceptr(), 4));
            driver.allocate(4);
            Driver.check(cuMemsetD32Async(at, 1, 1, null));
        }
    }

    @Test
    void shouldStayLostAfterAFailureOfTheDevice() {
        try (Driver driver = new Driver()) {
            final CUstream stream = driver.stream();
            final CUevent event = driver.event(0);
            final CUdeviceptr at = driver.allocate(4);
            Driver.check(cuMemsetD32Async(at, 1, 1, stream));
            Driver.check(cuStreamSynchronize(stream));
            EmulatedCuda.fail(EmulatedCuda.EXECUTE_COPY, 1, 1, CUDA_ERROR_LAUNCH_FAILED);
            // Asynchronous: the call itself succeeds, what comes after it tells.
            Driver.check(cuMemsetD32Async(at, 1, 1, stream));
            assertEquals(CUDA_ERROR_LAUNCH_FAILED, cuStreamSynchronize(stream));
            assertEquals(CUDA_ERROR_LAUNCH_FAILED, cuEventRecord(event, stream));
            assertEquals(CUDA_ERROR_LAUNCH_FAILED, cuEventQuery(event));
            assertEquals(CUDA_ERROR_LAUNCH_FAILED, cuMemFree(at));
            Driver.noBreaches();
            driver.abandon();
        }
        assertEquals(Map.of(), EmulatedCuda.leftOver());
        try (Driver again = new Driver()) {
            again.allocate(4);
        }
    }

    @Test
    void shouldGiveNoContextOfADeviceThatIsGone() {
        try (Driver driver = new Driver()) {
            driver.allocate(4);
            EmulatedCuda.loseDevice(0, CUDA_ERROR_ECC_UNCORRECTABLE);
            assertEquals(CUDA_ERROR_ECC_UNCORRECTABLE, cuMemAlloc(new CUdeviceptr(), 4));
            driver.abandon();
        }
        assertEquals(CUDA_ERROR_DEVICE_UNAVAILABLE, cuDevicePrimaryCtxRetain(new CUcontext(), device(0)));
        EmulatedCuda.reset();
        try (Driver again = new Driver()) {
            again.allocate(4);
        }
    }

    @Test
    void shouldSayWhatIsNotSupported() {
        try (Driver driver = new Driver()) {
            driver.allocate(4);
            assertEquals(CUDA_ERROR_NOT_SUPPORTED, cuMemAllocManaged(new CUdeviceptr(), 64, 1));
            assertEquals(1, EmulatedCuda.functions().get("not supported: cuMemAllocManaged"));
        }
    }

    private static CUdevice device(final int ordinal) {
        final CUdevice device = new CUdevice();
        Driver.check(cuDeviceGet(device, ordinal));
        return device;
    }
}
