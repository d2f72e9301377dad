package org.clockwork.emulatedcuda;

import static jcuda.driver.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_IMAGE;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_PTX;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_FOUND;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Kernels of a .cu run on the stand-ins through its PTX, and launches that a GPU's driver refuses are refused. */
final class KernelTest {
    private static final int N = 1000;

    @BeforeEach
    void prepare() {
        Driver.prepare();
    }

    @Test
    void shouldRunAllBlocksAndThreads() {
        try (Driver driver = new Driver()) {
            final float[] values = new float[N];
            for (int i = 0; i < N; i++) {
                values[i] = i;
            }
            final CUdeviceptr a = driver.upload(values);
            final CUdeviceptr c = driver.allocate(4 * N);
            Driver.check(add(driver.kernel("exampleAdd"), a, a, c, N, 4, 256));
            final float[] sums = Driver.download(c, N);
            for (int i = 0; i < N; i++) {
                assertEquals(2.0f * i, sums[i]);
            }
        }
    }

    @Test
    void shouldLeaveMemoryAsItIsWhereNothingIsToBeComputed() {
        try (Driver driver = new Driver()) {
            final CUdeviceptr a = driver.upload(new float[] {1, 2, 3, 4});
            EmulatedCuda.computing(false);
            Driver.check(add(driver.kernel("exampleAdd"), a, a, a, 4, 1, 256));
            assertEquals(2, Driver.download(a, 4)[1]);
            EmulatedCuda.computing(true);
            Driver.check(add(driver.kernel("exampleAdd"), a, a, a, 4, 1, 256));
            assertEquals(4, Driver.download(a, 4)[1]);
        }
    }

    @Test
    void shouldExchangeInWarpsAndBlocks() {
        try (Driver driver = new Driver()) {
            final float[] values = new float[7 * 1001];
            for (int i = 0; i < values.length; i++) {
                values[i] = i % 13;
            }
            final CUdeviceptr x = driver.upload(values);
            final CUdeviceptr y = driver.allocate(4 * 7);
            final CUstream stream = driver.stream();
            Driver.check(cuLaunchKernel(driver.kernel("exampleRowSum"), 7, 1, 1, 256, 1, 1, 0, stream,
                Pointer.to(Pointer.to(x), Pointer.to(y), Pointer.to(new int[] {1001})), null));
            Driver.check(cuStreamSynchronize(stream));
            final float[] sums = Driver.download(y, 7);
            for (int row = 0; row < 7; row++) {
                float sum = 0;
                for (int i = 0; i < 1001; i++) {
                    sum += values[row * 1001 + i];
                }
                assertEquals(sum, sums[row]);
            }
        }
    }

    @Test
    void shouldComputeElementaryFunctions() {
        try (Driver driver = new Driver()) {
            final float[] values = new float[N];
            for (int i = 0; i < N; i++) {
                values[i] = -8 + 16.0f * i / N;
            }
            final CUdeviceptr x = driver.upload(values);
            final CUdeviceptr y = driver.allocate(4 * N);
            final CUfunction function = driver.kernel("exampleFunction");
            final CUstream stream = driver.stream();
            for (int f = 0; f <= 6; f++) {
                Driver.check(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, stream,
                    Pointer.to(Pointer.to(x), Pointer.to(y), Pointer.to(new int[] {N}), Pointer.to(new int[] {f})), null));
                Driver.check(cuStreamSynchronize(stream));
                final float[] results = Driver.download(y, N);
                for (int i = 0; i < N; i++) {
                    final double wanted = wanted(f, values[i]);
                    final double tolerance = f == 5 ? 4e-3 : f == 6 ? 2e-6 : 3e-7;
                    assertTrue(
                        Double.isNaN(wanted) ? Float.isNaN(results[i])
                            : Math.abs(wanted - results[i]) <= tolerance * (1 + Math.abs(wanted)) || wanted == results[i],
                        () -> "wanted=" + wanted);
                }
            }
        }
    }

    private static double wanted(final int function, final double x) {
        return switch (function) {
            case 0 -> Math.exp(x);
            case 1 -> Math.log(x);
            case 2 -> Math.tanh(x);
            case 3 -> erf(x);
            case 4 -> 1 / (1 + Math.exp(-x));
            case 5 -> x;
            default -> x * x * x;
        };
    }

    private static double erf(final double x) {
        double sum = 0;
        final int steps = 20_000;
        for (int i = 0; i < steps; i++) {
            final double t = x * (i + 0.5) / steps;
            sum += Math.exp(-t * t) * x / steps;
        }
        return sum * 2 / Math.sqrt(Math.PI);
    }

    @Test
    void shouldFindOnlyEntriesOfThePtxThatWasGiven() {
        try (Driver driver = new Driver()) {
            final CUmodule module = driver.module(Driver.ptx().replace("exampleAdd", "exampleOther"));
            assertEquals(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(new CUfunction(), module, "exampleAdd"));
            Driver.noBreaches();
            Driver.check(cuModuleGetFunction(new CUfunction(), module, "exampleRowSum"));
            Driver.refused(CUDA_ERROR_NOT_FOUND, function(module, "exampleOther"), "no host build");
        }
    }

    @Test
    void shouldRefusePtxOfAnotherSource() {
        try (Driver driver = new Driver()) {
            final CUmodule module = driver.module(Driver.ptx().replaceFirst("sha256: ....", "sha256: ffff"));
            Driver.refused(CUDA_ERROR_INVALID_IMAGE, function(module, "exampleAdd"), "another source");
        }
    }

    @Test
    void shouldRefuseParametersOfAnotherSize() {
        try (Driver driver = new Driver()) {
            final CUmodule module = driver.module(Driver.ptx().replace(".param .u32 exampleAdd", ".param .u64 exampleAdd"));
            Driver.refused(CUDA_ERROR_INVALID_IMAGE, function(module, "exampleAdd"), "differ in size");
        }
    }

    @Test
    void shouldRefuseWhatIsNoPtx() {
        try (Driver driver = new Driver()) {
            Driver.refused(CUDA_ERROR_INVALID_PTX, cuModuleLoadData(new CUmodule(), Driver.image("nothing")), ".version");
            driver.module(".version 6.3\n.target sm_70\n.address_size 64\n".replaceFirst("^", "\n"));
        }
    }

    @Test
    void shouldKeepTheLimitsOfALaunch() {
        try (Driver driver = new Driver()) {
            final CUfunction function = driver.kernel("exampleAdd");
            final CUdeviceptr a = driver.upload(new float[N]);
            Driver.check(add(function, a, a, a, N, 1, 256));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, add(function, a, a, a, N, 1, 257), "launch bounds");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, add(function, a, a, a, N, 0, 256), "is 0");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, add(function, a, a, a, N, 1, 0), "is 0");
            final Pointer params = Pointer.to(Pointer.to(a), Pointer.to(a), Pointer.to(a), Pointer.to(new int[] {N}));
            Driver.check(launch(function, 65535, 49152, params));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, launch(function, 65536, 0, params), "too large");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, launch(function, 1, 49153, params), "shared");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, launch(function, 1, 0, null), "no parameters");
        }
    }

    @Test
    void shouldLoseTheContextOverAFreedPointer() {
        try (Driver driver = new Driver()) {
            final CUfunction function = driver.kernel("exampleAdd");
            final CUdeviceptr a = driver.upload(new float[N]);
            final CUdeviceptr freed = new CUdeviceptr();
            Driver.check(jcuda.driver.JCudaDriver.cuMemAlloc(freed, 4 * N));
            Driver.check(cuMemFree(freed));
            assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, add(function, a, freed, a, N, 4, 256));
            assertTrue(EmulatedCuda.takeBreaches().toString().contains("is not mapped"));
            // Sticky: every later call says so.
            assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, cuMemFree(a));
            driver.abandon();
        }
    }

    @Test
    void shouldLoseTheContextOverHostMemoryThatIsNotPinned() {
        try (Driver driver = new Driver()) {
            final CUfunction function = driver.kernel("exampleAdd");
            final CUdeviceptr a = driver.upload(new float[N]);
            final Pointer pinned = driver.pinned(4 * N);
            Driver.check(add(function, a, a, device(pinned.getByteBuffer(0, 4 * N)), N, 4, 256));
            final ByteBuffer pageable = ByteBuffer.allocateDirect(1 << 20);
            assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, add(function, a, a, device(pageable), N, 4, 256));
            assertTrue(EmulatedCuda.takeBreaches().toString().contains("is not device memory"));
            driver.abandon();
        }
    }

    private static CUdeviceptr device(final ByteBuffer host) {
        return new CUdeviceptr().withByteOffset(com.sun.jna.Pointer.nativeValue(com.sun.jna.Native.getDirectBufferPointer(host)));
    }

    @Test
    void shouldLoseTheContextOverAnIndexPastTheEnd() {
        try (Driver driver = new Driver()) {
            final CUfunction function = driver.kernel("exampleAdd");
            final CUdeviceptr a = driver.upload(new float[N]);
            // 24 bytes past the end lie in the padding to 256 bytes, where the real one would not fault either.
            Driver.check(add(function, a, a, a, N + 6, 4, 256));
            assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, add(function, a, a, a, N + 1024, 8, 256));
            final List<String> breaches = EmulatedCuda.takeBreaches();
            assertTrue(breaches.toString().contains("exampleAdd: touched device memory"), breaches::toString);
            driver.abandon();
        }
    }

    @Test
    void shouldLeaveOutABlockWhenToldTo() {
        try (Driver driver = new Driver()) {
            final CUdeviceptr a = driver.upload(new float[N]);
            final CUdeviceptr c = driver.allocate(4 * N);
            EmulatedCuda.wrongKernel("exampleAdd");
            Driver.check(add(driver.kernel("exampleAdd"), a, a, c, N, 4, 256));
            final float[] sums = Driver.download(c, N);
            assertEquals(0.0f, sums[767]);
            // Never written: fresh memory is NaN.
            assertTrue(Float.isNaN(sums[768]));
            assertTrue(Float.isNaN(sums[N - 1]));
        }
    }

    private static int function(final CUmodule module, final String name) {
        return cuModuleGetFunction(new CUfunction(), module, name);
    }

    private static int launch(final CUfunction function, final int blocksY, final int sharedBytes, final Pointer params) {
        return cuLaunchKernel(function, 1, blocksY, 1, 1, 1, 1, sharedBytes, null, params, null);
    }

    private static int add(
        final CUfunction function, final CUdeviceptr a, final CUdeviceptr b, final CUdeviceptr c, final int n, final int blocks,
        final int threads) {
        final int launched = cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, 0, null,
            Pointer.to(Pointer.to(a), Pointer.to(b), Pointer.to(c), Pointer.to(new int[] {n})), null);
        return launched != CUresult.CUDA_SUCCESS ? launched : cuStreamSynchronize(null);
    }
}
