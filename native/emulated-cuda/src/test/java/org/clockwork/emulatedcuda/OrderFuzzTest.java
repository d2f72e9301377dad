package org.clockwork.emulatedcuda;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxReset;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamQuery;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls in random order with handles that may be stale and faults in between: each answers, and the end leaves nothing. */
final class OrderFuzzTest {
    private static final int CALLS = 4000;
    private static final int KEPT = 6;
    private final List<CUstream> streams = new ArrayList<>();
    private final List<CUevent> events = new ArrayList<>();
    private final List<CUdeviceptr> memory = new ArrayList<>();
    private final List<Pointer> pinned = new ArrayList<>();
    private int refusals;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldAnswerEachCall(final long seed) {
        Driver.prepare();
        EmulatedCuda.queueEntries(16);
        EmulatedCuda.memoryBytes(1 << 20);
        final Random random = new Random(seed);
        try (Driver driver = new Driver()) {
            CUfunction add = driver.kernel("exampleAdd");
            int lost = 0;
            for (int i = 0; i < CALLS; i++) {
                final int result = call(random, add);
                if (isSticky(result)) {
                    // What a device that had an error needs: its context goes, and all handles with it.
                    lost++;
                    assertEquals(result, cuCtxSynchronize(), "seed=" + seed + " call=" + i);
                    Driver.check(cuDevicePrimaryCtxReset(driver.device));
                    driver.abandon();
                    driver.retain();
                    add = driver.kernel("exampleAdd");
                }
                refusals += result == CUresult.CUDA_SUCCESS ? 0 : 1;
            }
            assertTrue(refusals > CALLS / 20 && refusals < CALLS * 19 / 20, "seed=" + seed + " refusals=" + refusals);
            assertTrue(lost > 0, "seed=" + seed);
            Driver.check(cuDevicePrimaryCtxReset(driver.device));
            EmulatedCuda.takeBreaches();
            assertEquals(Map.of(), EmulatedCuda.leftOver(), "seed=" + seed);
            driver.abandon();
            driver.retain();
        }
    }

    private static boolean isSticky(final int result) {
        return result == CUresult.CUDA_ERROR_ILLEGAL_ADDRESS || result == CUresult.CUDA_ERROR_MISALIGNED_ADDRESS;
    }

    private int call(final Random random, final CUfunction add) {
        switch (random.nextInt(16)) {
            case 0:
                return cuStreamCreate(fresh(random, streams, new CUstream()), random.nextInt(2));
            case 1:
                return cuStreamDestroy(any(random, streams, null));
            case 2:
                return cuEventCreate(fresh(random, events, new CUevent()), random.nextInt(2) * 2);
            case 3:
                return cuEventDestroy(any(random, events, new CUevent()));
            case 4:
                return cuMemAlloc(fresh(random, memory, new CUdeviceptr()), 4 + random.nextInt(100_000));
            case 5:
                return random.nextInt(4) > 0 ? CUresult.CUDA_SUCCESS : cuMemFree(any(random, memory, new CUdeviceptr()));
            case 6:
                return cuMemHostAlloc(fresh(random, pinned, new Pointer()), 1 + random.nextInt(100_000), 0);
            case 7:
                return random.nextInt(4) > 0 ? CUresult.CUDA_SUCCESS : cuMemFreeHost(any(random, pinned, new Pointer()));
            case 8:
                return cuEventRecord(any(random, events, new CUevent()), any(random, streams, null));
            case 9:
                return cuStreamWaitEvent(any(random, streams, null), any(random, events, new CUevent()), 0);
            case 10:
                return cuEventQuery(any(random, events, new CUevent()));
            case 11:
                return cuEventElapsedTime(new float[1], any(random, events, new CUevent()), any(random, events, new CUevent()));
            case 12:
                final CUstream asked = any(random, streams, null);
                return random.nextBoolean() ? cuStreamQuery(asked) : cuStreamSynchronize(asked);
            case 13:
                return cuMemsetD32Async(
                    any(random, memory, new CUdeviceptr()), 0, random.nextInt(10_000), any(random, streams, null));
            case 14:
                return copy(random);
            default:
                return launch(random, add);
        }
    }

    // Only between memory that is known to be whole: a stale host pointer would be read as ordinary memory.
    private int copy(final Random random) {
        if (pinned.isEmpty() || memory.isEmpty()) {
            return CUresult.CUDA_SUCCESS;
        }
        final Pointer host = new Pointer();
        final int size = 1 + random.nextInt(5000);
        final int made = cuMemHostAlloc(host, size, 0);
        if (made != CUresult.CUDA_SUCCESS) {
            return made;
        }
        final CUdeviceptr at = any(random, memory, null);
        final CUstream stream = any(random, streams, null);
        final int result =
            random.nextBoolean() ? cuMemcpyHtoDAsync(at, host, size, stream) : cuMemcpyDtoHAsync(host, at, size, stream);
        final int freed = cuMemFreeHost(host);
        return result != CUresult.CUDA_SUCCESS ? result : freed;
    }

    private int launch(final Random random, final CUfunction add) {
        final Pointer a = Pointer.to(any(random, memory, new CUdeviceptr()));
        final Pointer b = Pointer.to(any(random, memory, new CUdeviceptr()));
        return cuLaunchKernel(add, 1 + random.nextInt(8), 1, 1, 32 * random.nextInt(10), 1, 1, 0, any(random, streams, null),
            Pointer.to(a, b, b, Pointer.to(new int[] {random.nextInt(2000)})), null);
    }

    private static <T> T fresh(final Random random, final List<T> kept, final T made) {
        if (kept.size() < KEPT) {
            kept.add(made);
        } else {
            kept.set(random.nextInt(KEPT), made);
        }
        return made;
    }

    private static <T> T any(final Random random, final List<T> kept, final T otherwise) {
        return kept.isEmpty() ? otherwise : kept.get(random.nextInt(kept.size()));
    }
}
