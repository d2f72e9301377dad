package org.clockwork.emulatedcuda;

import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_HANDLE;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_READY;
import static jcuda.driver.CUresult.CUDA_SUCCESS;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
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

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Streams run beside the caller and in order, events tie them, and their rules are kept. */
final class StreamTest {
    private static final int MS = 1_000_000;
    private static final int DISABLE_TIMING = 2;
    private static final int BLOCKING_STREAM = 0;

    @BeforeEach
    void prepare() {
        Driver.prepare();
    }

    @Test
    void shouldRunBesideTheCaller() {
        try (Driver driver = new Driver()) {
            final CUstream stream = driver.stream();
            final CUevent event = driver.event(0);
            final CUdeviceptr at = driver.allocate(4);
            Driver.check(cuEventQuery(event));
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 50 * MS);
            Driver.check(cuMemsetD32Async(at, 1, 1, stream));
            Driver.check(cuEventRecord(event, stream));
            assertEquals(CUDA_ERROR_NOT_READY, cuStreamQuery(stream));
            assertEquals(CUDA_ERROR_NOT_READY, cuEventQuery(event));
            Driver.check(cuEventSynchronize(event));
            Driver.check(cuEventQuery(event));
            Driver.check(cuStreamSynchronize(stream));
            Driver.check(cuStreamQuery(stream));
        }
    }

    @Test
    void shouldOrderStreamsByEvents() {
        try (Driver driver = new Driver()) {
            final CUstream in = driver.stream();
            final CUstream execute = driver.stream();
            final CUstream out = driver.stream();
            final CUevent arrived = driver.event(DISABLE_TIMING);
            final CUevent done = driver.event(DISABLE_TIMING);
            final CUdeviceptr a = driver.allocate(400);
            final CUdeviceptr b = driver.allocate(400);
            final Pointer source = driver.pinned(400);
            final Pointer target = driver.pinned(400);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 5 * MS);
            for (int i = 1; i <= 3; i++) {
                Driver.buffer(source, 400).putFloat(396, i);
                Driver.check(cuMemcpyHtoDAsync(a, source, 400, in));
                Driver.check(cuEventRecord(arrived, in));
                Driver.check(cuStreamWaitEvent(execute, arrived, 0));
                Driver.check(jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync(b, a, 400, execute));
                Driver.check(cuEventRecord(done, execute));
                Driver.check(cuStreamWaitEvent(out, done, 0));
                Driver.check(cuMemcpyDtoHAsync(target, b, 400, out));
                Driver.check(cuStreamSynchronize(out));
                assertEquals(i, Driver.buffer(target, 400).getFloat(396));
            }
        }
    }

    @Test
    void shouldNotWaitForAnEventThatWasNeverRecorded() {
        try (Driver driver = new Driver()) {
            final CUstream stream = driver.stream();
            Driver.check(cuStreamWaitEvent(stream, driver.event(0), 0));
            Driver.check(cuStreamSynchronize(stream));
        }
    }

    @Test
    void shouldMeasureOnlyBetweenRecordedAndCompletedEventsWithTiming() {
        try (Driver driver = new Driver()) {
            final CUstream stream = driver.stream();
            final CUevent start = driver.event(0);
            final CUevent end = driver.event(0);
            final CUevent untimed = driver.event(DISABLE_TIMING);
            final CUdeviceptr at = driver.allocate(4);
            final float[] ms = {-1};
            Driver.refused(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(ms, start, end), "never recorded");
            Driver.check(cuEventRecord(start, stream));
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 30 * MS);
            Driver.check(cuMemsetD32Async(at, 1, 1, stream));
            Driver.check(cuEventRecord(end, stream));
            Driver.check(cuEventRecord(untimed, stream));
            assertEquals(CUDA_ERROR_NOT_READY, cuEventElapsedTime(ms, start, end));
            Driver.noBreaches();
            Driver.check(cuStreamSynchronize(stream));
            Driver.check(cuEventElapsedTime(ms, start, end));
            assertTrue(ms[0] >= 30 && ms[0] < 30_000, "ms=" + ms[0]);
            Driver.refused(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(ms, start, untimed), "without timing");
        }
    }

    @Test
    void shouldRefuseWhatHasBeenDestroyed() {
        try (Driver driver = new Driver()) {
            final CUstream stream = new CUstream();
            final CUevent event = new CUevent();
            Driver.check(cuStreamCreate(stream, 1));
            Driver.check(cuEventCreate(event, 0));
            // Work that is under way when its stream and event are destroyed is finished.
            final CUdeviceptr at = driver.allocate(4);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 5 * MS);
            Driver.check(cuMemsetD32Async(at, 0x40400000, 1, stream));
            Driver.check(cuEventRecord(event, stream));
            final CUstream other = driver.stream();
            Driver.check(cuStreamWaitEvent(other, event, 0));
            Driver.check(cuStreamDestroy(stream));
            Driver.check(cuEventDestroy(event));
            Driver.check(cuStreamSynchronize(other));
            assertEquals(3.0f, Driver.download(at, 1)[0]);
            Driver.refused(CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy(stream), "destroyed");
            Driver.refused(CUDA_ERROR_INVALID_HANDLE, cuMemsetD32Async(at, 1, 1, stream), "destroyed");
            Driver.refused(CUDA_ERROR_INVALID_HANDLE, cuEventRecord(event, null), "destroyed");
            Driver.refused(CUDA_ERROR_INVALID_HANDLE, cuEventDestroy(event), "destroyed");
        }
    }

    @Test
    void shouldBlockAllSubmissionsWhenOneQueueIsFull() throws InterruptedException {
        EmulatedCuda.queueEntries(4);
        try (Driver driver = new Driver()) {
            final CUstream full = driver.stream();
            final CUstream empty = driver.stream();
            final CUdeviceptr at = driver.allocate(4);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 300 * MS);
            for (int i = 0; i < 4; i++) {
                Driver.check(cuMemsetD32Async(at, i, 1, full));
            }
            final CountDownLatch started = new CountDownLatch(1);
            final AtomicInteger result = new AtomicInteger(-1);
            final Thread fifth = new Thread(() -> {
                cuCtxSetCurrent(driver.context);
                started.countDown();
                result.set(cuMemsetD32Async(at, 4, 1, full));
            });
            fifth.start();
            started.await();
            // The fifth waits until the first is done; what is submitted elsewhere meanwhile waits behind it.
            fifth.join();
            assertEquals(CUDA_SUCCESS, result.get());
            assertEquals(CUDA_ERROR_NOT_READY, cuStreamQuery(full));
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 0);
            Driver.check(cuMemsetD32Async(at, 5, 1, empty));
            Driver.check(cuCtxSynchronize());
        }
    }

    @Test
    void shouldOrderTheDefaultStreamAndBlockingStreams() {
        try (Driver driver = new Driver()) {
            final CUstream blocking = new CUstream();
            Driver.check(cuStreamCreate(blocking, BLOCKING_STREAM));
            driver.onClose(() -> Driver.check(cuStreamDestroy(blocking)));
            final CUdeviceptr at = driver.allocate(4);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 10 * MS);
            Driver.check(cuMemsetD32Async(at, 1, 1, blocking));
            Driver.check(cuMemsetD32Async(at, 2, 1, null));
            Driver.check(cuMemsetD32Async(at, 0x40800000, 1, blocking));
            Driver.check(cuStreamSynchronize(blocking));
            Driver.check(cuStreamQuery(null));
            assertEquals(4.0f, Driver.download(at, 1)[0]);
        }
    }

    @Test
    void shouldNoticeRacesThatNoEventOrders() {
        try (Driver driver = new Driver()) {
            EmulatedCuda.races(true);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 30 * MS);
            final CUstream one = driver.stream();
            final CUstream two = driver.stream();
            final CUstream three = driver.stream();
            final CUevent first = driver.event(DISABLE_TIMING);
            final CUevent second = driver.event(DISABLE_TIMING);
            final CUdeviceptr at = driver.allocate(1000);
            final Pointer host = driver.pinned(1000);
            Driver.check(cuMemcpyHtoDAsync(at, host, 1000, one));
            // beside it: no race; on its last byte: one
            Driver.check(cuMemcpyHtoDAsync(driver.allocate(1000), host, 1000, two));
            Driver.check(cuMemcpyDtoHAsync(host, at.withByteOffset(999), 1, two));
            Driver.breached("no event orders them");
            // ordered over a third stream: no race
            Driver.check(cuCtxSynchronize());
            Driver.check(cuMemcpyHtoDAsync(at, host, 1000, one));
            Driver.check(cuEventRecord(first, one));
            Driver.check(cuStreamWaitEvent(two, first, 0));
            Driver.check(cuEventRecord(second, two));
            Driver.check(cuStreamWaitEvent(three, second, 0));
            Driver.check(cuMemcpyHtoDAsync(at, host, 1000, three));
            Driver.noBreaches();
            // what came after the event is not ordered by it
            Driver.check(cuMemcpyHtoDAsync(at, host, 1000, one));
            Driver.breached("no event orders them");
            Driver.check(cuCtxSynchronize());
            // two that only read
            Driver.check(cuMemcpyDtoHAsync(host, at, 1000, one));
            Driver.check(cuMemcpyDtoHAsync(host, at, 1000, two));
            Driver.check(cuCtxSynchronize());
        }
    }
}
