package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventRecord;

import jcuda.driver.CUevent;
import jcuda.driver.CUresult;

/**
 * Measures the algorithms of a program's convolutions on the GPU, one launch at a time, in a PROFILE and before its execution:
 * what they read and write then makes no sense. Never waits inside a call. The execution engine's thread's.
 */
final class AlgorithmSearch {
    /** Launches of each algorithm, of which the first does not count. */
    private static final int LAUNCHES = 3;
    /** An algorithm must be faster by so much than one that cuDNN recommends more. */
    private static final float LEAST_GAIN = 0.98f;

    private final Gpu gpu;
    private final long limitNs;
    private final CUevent start = new CUevent();
    private final CUevent end = new CUevent();
    private final float[] milliseconds = new float[1];
    private int created;
    private Program program;
    private Frame frame;
    private long untilNs;
    private int call;
    private int candidate;
    private int launches;
    private boolean isUnderWay;
    private boolean hasChosen;
    private float candidateMs;
    private float fastestMs;
    private ConvShape.Algorithm fastest;

    /**
     * One for an engine.
     *
     * @param limitNs after which no further convolution is begun in the same PROFILE; 0: none is measured.
     */
    AlgorithmSearch(final Gpu gpu, final long limitNs) throws CudaException {
        this.gpu = gpu;
        this.limitNs = limitNs;
        for (final CUevent event : new CUevent[] {start, end}) {
            final int result = cuEventCreate(event, 0);
            if (result != CUresult.CUDA_SUCCESS) {
                close();
                CudaException.check(result, "cuEventCreate");
            }
            created++;
        }
    }

    /** Whether there is a convolution to measure; if so, {@link #step} does it. */
    boolean begin(final Program newProgram, final Frame newFrame, final long nowNs) {
        program = newProgram;
        frame = newFrame;
        untilNs = nowNs + limitNs;
        call = -1;
        hasChosen = false;
        return limitNs > 0 && next();
    }

    /** To the next convolution with a choice that was never measured; false if there is none. */
    private boolean next() {
        final Call[] calls = program.calls();
        for (call++; call < calls.length; call++) {
            if (calls[call] instanceof ConvCall conv && !conv.choice().isMeasured() && conv.choice().candidates().size() > 1) {
                candidate = 0;
                launches = 0;
                fastest = null;
                fastestMs = Float.POSITIVE_INFINITY;
                candidateMs = Float.POSITIVE_INFINITY;
                return true;
            }
        }
        return false;
    }

    /** Whether it waits for the GPU. */
    boolean isUnderWay() {
        return isUnderWay;
    }

    /**
     * One turn.
     *
     * @return whether all is measured that is to be measured now.
     * @throws CudaException when the device can't go on.
     */
    boolean step(final long nowNs) throws CudaException {
        final ConvCall conv = (ConvCall) program.calls()[call];
        if (isUnderWay) {
            if (!isEnded()) {
                return false;
            }
            isUnderWay = false;
            launches++;
        }
        if (launches == LAUNCHES || !launch(conv)) {
            return afterCandidate(conv, nowNs);
        }
        return false;
    }

    private boolean isEnded() throws CudaException {
        final int result = cuEventQuery(end);
        if (result == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        if (result != CUresult.CUDA_SUCCESS) {
            throw new CudaException("cuEventQuery: " + CUresult.stringFor(result), true);
        }
        CudaException.check(cuEventElapsedTime(milliseconds, start, end), "cuEventElapsedTime");
        if (launches > 0) {
            candidateMs = Math.min(candidateMs, milliseconds[0]);
        }
        return true;
    }

    /** False if the algorithm can't be had after all: it is left out. */
    private boolean launch(final ConvCall conv) throws CudaException {
        CudaException.check(cuEventRecord(start, gpu.executeStream()), "cuEventRecord");
        try {
            conv.launch(frame, conv.choice().candidates().get(candidate));
        } catch (final CudaException e) {
            if (e.isFatal()) {
                throw e;
            }
            candidateMs = Float.POSITIVE_INFINITY;
            return false;
        }
        CudaException.check(cuEventRecord(end, gpu.executeStream()), "cuEventRecord");
        isUnderWay = true;
        return true;
    }

    /** To the next algorithm, or the next convolution, or the end. */
    private boolean afterCandidate(final ConvCall conv, final long nowNs) {
        if (candidateMs < fastestMs * (fastest == null ? 1 : LEAST_GAIN)) {
            fastestMs = candidateMs;
            fastest = conv.choice().candidates().get(candidate);
        }
        candidateMs = Float.POSITIVE_INFINITY;
        launches = 0;
        candidate++;
        if (candidate < conv.choice().candidates().size()) {
            return false;
        }
        if (fastest != null) {
            conv.choice().choose(fastest);
            hasChosen = true;
        }
        if (nowNs - untilNs < 0 && next()) {
            return false;
        }
        finish();
        return true;
    }

    /** What was found is kept. */
    private void finish() {
        if (hasChosen) {
            program.choices().onMeasured();
        }
        program = null;
    }

    /** The device is lost. */
    void abandon() {
        isUnderWay = false;
        program = null;
    }

    /** After the engine's thread has ended, or if it never started. */
    void close() {
        if (created > 1) {
            cuEventDestroy(end);
        }
        if (created > 0) {
            cuEventDestroy(start);
        }
        created = 0;
    }
}
