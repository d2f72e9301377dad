package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.device.engine.DeviceHealth;
import org.clockwork.device.engine.Work;

/**
 * Runs LOADs and UNLOADs of one GPU, one at a time, beside the execution engine: maps pages, and copies weights in pieces of
 * which few are outstanding, so that the inputs of an INFER never wait long for the bus.
 */
final class LoadEngine extends GpuEngine {
    /** LOADs and UNLOADs that may wait here: enough that the engine never waits for the agent. */
    static final int DEPTH = 4;
    private static final int OUTSTANDING = 2;

    private final int index;
    private final long pieceBytes;
    private final long watchdogNs;
    private final CUevent[] events = new CUevent[OUTSTANDING];
    private final CUdeviceptr target = new CUdeviceptr();
    private final Pointer source = new Pointer();
    private int created;
    private Work<LoadedModel> current;
    private long range;
    private long started;
    private long finished;
    private long copied;
    private String failure;
    private long lastProgressNs;

    LoadEngine(final String name, final int index, final Gpu gpu, final DeviceHealth health, final CudaBackend.Context context)
            throws CudaException {
        super(name, gpu, DEPTH, health, context);
        this.index = index;
        pieceBytes = context.pieceBytes();
        watchdogNs = context.watchdogNs();
        for (int i = 0; i < OUTSTANDING; i++) {
            events[i] = new CUevent();
            final int result = cuEventCreate(events[i], CUevent_flags.CU_EVENT_DISABLE_TIMING);
            if (result != 0) {
                closeEvents();
                CudaException.check(result, "cuEventCreate");
            }
            created++;
        }
    }

    @Override
    protected boolean canTake() {
        return current == null;
    }

    @Override
    protected boolean isBusy() {
        return current != null;
    }

    @Override
    protected void take(final Work<LoadedModel> work) {
        final Operation operation = work.operation;
        final long nowNs = clock.nanoTime();
        if (isLate(operation, nowNs)) {
            finish(work, DeviceStatus.TOO_LATE, null);
            return;
        }
        operation.startNs = nowNs;
        operation.executeStartNs = nowNs;
        current = work;
        range = 0;
        started = 0;
        finished = 0;
        copied = 0;
        failure = null;
        lastProgressNs = nowNs;
    }

    @Override
    protected int step() throws CudaException {
        if (current == null) {
            return 0;
        }
        if (current.operation.kind == Operation.Kind.UNLOAD) {
            unload(current.loaded);
            end(DeviceStatus.OK, null);
            return 1;
        }
        return load(current.loaded, clock.nanoTime());
    }

    /** Takes the pages away; also used when the device closes, by the closing thread after this engine has ended. */
    void unload(final LoadedModel loaded) throws CudaException {
        final long mapped = loaded.range;
        gpu.pages().unmap(mapped, loaded.pageCount());
        loaded.range = 0;
        loaded.model().onGpu(index).releaseRange(mapped);
    }

    private int load(final LoadedModel loaded, final long nowNs) throws CudaException {
        if (range == 0 && failure == null) {
            map(loaded);
            return 1;
        }
        int work = 0;
        if (finished < started && isDone(events[(int) (finished % OUTSTANDING)])) {
            finished++;
            work++;
            lastProgressNs = nowNs;
        }
        final long bytes = loaded.model().weightsBytes();
        if (failure == null && copied < bytes && started - finished < OUTSTANDING) {
            copy(loaded.model(), bytes);
            work++;
        }
        if (started == finished && (failure != null || copied == bytes)) {
            end(loaded);
            work++;
        } else if (nowNs - lastProgressNs > watchdogNs) {
            throw new CudaException("the device does not finish a copy", true);
        }
        return work;
    }

    private void map(final LoadedModel loaded) throws CudaException {
        final CudaModel.OnGpu onGpu = loaded.model().onGpu(index);
        long acquired = 0;
        try {
            acquired = onGpu.acquireRange();
            gpu.pages().map(acquired, loaded.pages(), loaded.pageCount());
            range = acquired;
        } catch (final CudaException e) {
            if (e.isFatal()) {
                throw e;
            }
            if (acquired != 0) {
                onGpu.releaseRange(acquired);
            }
            failure = e.getMessage();
        }
    }

    private void copy(final CudaModel model, final long bytes) throws CudaException {
        final long piece = Math.min(pieceBytes, bytes - copied);
        Address.move(source, model.weightsAddress() + copied);
        Address.move(target, range + copied);
        try {
            CudaException.check(cuMemcpyHtoDAsync(target, source, piece, gpu.weightsStream()), "cuMemcpyHtoDAsync");
            CudaException.check(cuEventRecord(events[(int) (started % OUTSTANDING)], gpu.weightsStream()), "cuEventRecord");
            started++;
            copied += piece;
        } catch (final CudaException e) {
            if (e.isFatal()) {
                throw e;
            }
            failure = e.getMessage();
            // what may be under way must end before the pages are taken away
            CudaException.check(cuEventRecord(events[(int) (started % OUTSTANDING)], gpu.weightsStream()),
                "cuEventRecord after " + failure);
            started++;
        }
    }

    private static boolean isDone(final CUevent event) throws CudaException {
        final int result = cuEventQuery(event);
        if (result == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        if (result != CUresult.CUDA_SUCCESS) {
            throw new CudaException("cuEventQuery: " + CUresult.stringFor(result), true);
        }
        return true;
    }

    private void end(final LoadedModel loaded) throws CudaException {
        if (failure == null) {
            loaded.range = range;
            end(DeviceStatus.OK, null);
            return;
        }
        if (range != 0) {
            gpu.pages().unmap(range, loaded.pageCount());
            loaded.model().onGpu(index).releaseRange(range);
        }
        end(DeviceStatus.FAILED, failure);
    }

    private void end(final DeviceStatus status, final String detail) {
        final Operation operation = current.operation;
        operation.endNs = clock.nanoTime();
        operation.executeNs = operation.endNs - operation.startNs;
        final Work<LoadedModel> work = current;
        current = null;
        finish(work, status, detail);
    }

    @Override
    protected void lost(final String why) {
        if (current != null) {
            end(DeviceStatus.DEVICE_LOST, why);
        }
    }

    /** After the thread has ended, or if it never started. */
    void closeEvents() {
        for (int i = 0; i < created; i++) {
            cuEventDestroy(events[i]);
        }
        created = 0;
    }
}
