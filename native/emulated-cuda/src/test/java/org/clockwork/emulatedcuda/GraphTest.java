package org.clockwork.emulatedcuda;

import static jcuda.driver.CUresult.CUDA_ERROR_ILLEGAL_STATE;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is captured from a stream runs when it is launched, as often as that is; what a real capture refuses is refused. */
final class GraphTest {
    private static final int MS = 1_000_000;

    @BeforeEach
    void prepare() {
        Driver.prepare();
    }

    private static int number(final CUdeviceptr at) {
        return Float.floatToRawIntBits(Driver.download(at, 1)[0]);
    }

    @Test
    void shouldRunWhenLaunchedAndOnlyThen() {
        try (Driver driver = new Driver()) {
            final CUstream stream = driver.stream();
            final CUdeviceptr at = driver.upload(Float.intBitsToFloat(1));
            Driver.check(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
            Driver.check(cuMemsetD32Async(at, 2, 1, stream));
            final CUgraph graph = new CUgraph();
            Driver.check(cuStreamEndCapture(stream, graph));
            Driver.check(cuStreamSynchronize(stream));
            assertEquals(1, number(at));
            final CUgraphExec executable = new CUgraphExec();
            Driver.check(cuGraphInstantiate(executable, graph, 0));
            Driver.check(cuGraphDestroy(graph));
            for (int i = 0; i < 2; i++) {
                Driver.check(cuMemsetD32Async(at, 3, 1, stream));
                Driver.check(cuGraphLaunch(executable, stream));
                Driver.check(cuStreamSynchronize(stream));
                assertEquals(2, number(at));
            }
            Driver.check(cuGraphExecDestroy(executable));
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch(executable, stream), "no such executable graph");
            Driver.refused(CUDA_ERROR_INVALID_VALUE, cuGraphDestroy(graph), "destroyed already");
        }
    }

    /** A capture, a call that it does not survive, and its end. */
    private static void ends(final CUstream stream, final int mode, final int error, final String words, final IntSupplier call) {
        Driver.check(cuStreamBeginCapture(stream, mode));
        Driver.refused(error, call.getAsInt(), words);
        assertEquals(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(stream, new CUgraph()));
        Driver.noBreaches();
    }

    @Test
    void shouldNotSurviveWhatIsNotPermitted() {
        try (Driver driver = new Driver()) {
            final CUstream stream = driver.stream();
            final CUstream other = driver.stream();
            final CUevent event = driver.event(0);
            final CUdeviceptr at = driver.allocate(4);
            final int local = CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
            ends(stream, local, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuMemAlloc", () -> cuMemAlloc(new CUdeviceptr(), 4));
            ends(stream, local, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuEventQuery", () -> cuEventQuery(event));
            ends(stream, local, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuStreamSynchronize", () -> cuStreamSynchronize(stream));
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, 20 * MS);
            Driver.check(cuMemsetD32Async(at, 1, 1, other));
            Driver.check(cuEventRecord(event, other));
            ends(stream, local, CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "not captured", () -> cuStreamWaitEvent(stream, event, 0));
            Driver.check(cuStreamSynchronize(other));
        }
    }

    @Test
    void shouldRefuseMemoryThatIsNotPinnedAndGoOn() {
        try (Driver driver = new Driver()) {
            final CUstream stream = driver.stream();
            final CUdeviceptr at = driver.allocate(4);
            final CUgraph graph = new CUgraph();
            Driver.check(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
            Driver.refused(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                cuMemcpyHtoDAsync(at, Pointer.to(new float[1]), 4, stream), "not pinned");
            Driver.check(cuStreamEndCapture(stream, graph));
            Driver.check(cuGraphDestroy(graph));
        }
    }

    @Test
    void shouldKeepToItsThreadAndStream() {
        try (Driver driver = new Driver()) {
            final CUstream stream = driver.stream();
            final CUevent event = driver.event(0);
            final CUgraph graph = new CUgraph();
            Driver.refused(CUDA_ERROR_ILLEGAL_STATE, cuStreamEndCapture(stream, graph), "not captured");
            Driver.refused(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                cuStreamBeginCapture(new CUstream(), CU_STREAM_CAPTURE_MODE_RELAXED), "default stream");
            Driver.check(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
            Driver.refused(CUDA_ERROR_ILLEGAL_STATE,
                cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), "captured already");
            Driver.refused(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD,
                elsewhere(driver, () -> cuStreamEndCapture(stream, graph)), "another thread");
            Driver.check(elsewhere(driver, () -> cuEventQuery(event)));
            Driver.check(cuStreamEndCapture(stream, graph));
            Driver.check(cuGraphDestroy(graph));
            ends(stream, CU_STREAM_CAPTURE_MODE_GLOBAL, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuEventQuery",
                () -> elsewhere(driver, () -> cuEventQuery(event)));
        }
    }

    private static int elsewhere(final Driver driver, final IntSupplier call) {
        return CompletableFuture.supplyAsync(() -> {
            Driver.check(cuCtxSetCurrent(driver.context));
            return call.getAsInt();
        }, task -> new Thread(task).start()).join();
    }
}
