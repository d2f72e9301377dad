package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;

/**
 * The launches of a program as CUDA graphs, one for each place in which it runs: addresses are part of a graph. A GPU's driver
 * is called once instead of once for each step. The execution engine's thread's; closed when no engine uses the program.
 */
final class ProgramGraphs {
    /** Slots times loaded copies, beyond which launches go out one by one. */
    private static final int MAX = 8;

    private final CUgraphExec[] graphs = new CUgraphExec[MAX];
    private final long[] weights = new long[MAX];
    private final long[] inputs = new long[MAX];
    private int count;
    private boolean isImpossible;

    /** The graph for this place; null if there is none. */
    CUgraphExec find(final Frame frame) {
        for (int i = 0; i < count; i++) {
            if (weights[i] == frame.weights && inputs[i] == frame.inputs) {
                return graphs[i];
            }
        }
        return null;
    }

    /**
     * Captures the launches for this place; nothing is executed.
     *
     * @return null if they can't be captured: then launches go out one by one.
     * @throws CudaException when the device can't go on.
     */
    CUgraphExec capture(final Gpu gpu, final Call[] calls, final Frame frame) throws CudaException {
        if (isImpossible || count == MAX || !has(cuStreamBeginCapture(gpu.executeStream(),
            CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), "cuStreamBeginCapture")) {
            return null;
        }
        boolean isComplete = true;
        try {
            for (final Call call : calls) {
                call.launch(frame);
            }
        } catch (final CudaException e) {
            if (e.isFatal()) {
                throw e;
            }
            isComplete = false;
        }
        final CUgraph graph = new CUgraph();
        if (!has(cuStreamEndCapture(gpu.executeStream(), graph), "cuStreamEndCapture")) {
            return null;
        }
        final CUgraphExec executable = new CUgraphExec();
        final boolean isReady = isComplete && has(cuGraphInstantiate(executable, graph, 0), "cuGraphInstantiate");
        cuGraphDestroy(graph);
        if (!isReady) {
            isImpossible = true;
            return null;
        }
        graphs[count] = executable;
        weights[count] = frame.weights;
        inputs[count] = frame.inputs;
        count++;
        return executable;
    }

    /** Whether a call succeeded; if not, it is not tried again. */
    private boolean has(final int result, final String call) throws CudaException {
        if (result != CUresult.CUDA_SUCCESS) {
            isImpossible = true;
            final CudaException failure = CudaException.driver(result, call);
            if (failure.isFatal()) {
                throw failure;
            }
        }
        return result == CUresult.CUDA_SUCCESS;
    }

    /** Puts all of it into the execution stream. */
    static void launch(final Gpu gpu, final CUgraphExec graph) throws CudaException {
        final int result = cuGraphLaunch(graph, gpu.executeStream());
        if (result != CUresult.CUDA_SUCCESS) {
            CudaException.check(result, "cuGraphLaunch");
        }
    }

    /** What was captured is out of date, or of no use any more. */
    void clear() {
        while (count > 0) {
            cuGraphExecDestroy(graphs[--count]);
        }
    }
}
