package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;

import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.device.engine.DeviceHealth;
import org.clockwork.device.engine.Work;

/**
 * Runs INFERs of one GPU: inputs of the next are copied while one executes, and launches go out in slices of which few are
 * outstanding, as the driver's queue is finite and blocks when it is full. Streams don't wait for each other: a phase is put
 * into its stream when the event behind the phase before was seen, since the window is looked at then.
 */
final class ExecuteEngine extends GpuEngine {
    /** Entries of the launch queue between two markers. */
    private static final int SLICE_ENTRIES = 64;
    /** Slices that are outstanding at most: far from the thousand entries or so that the queue has. */
    private static final int SLICES = 6;
    private static final double NS_PER_MS = 1e6;

    private final int index;
    private final long watchdogNs;
    private final boolean usesGraphs;
    private final Stage[] stages = new Stage[Gpu.SLOTS];
    private final CUevent[] markers = new CUevent[SLICES];
    private final CUdeviceptr errorWord = new CUdeviceptr();
    private final Frame frame = new Frame();
    private final float[] milliseconds = new float[1];
    private final AlgorithmSearch search;
    private int created;
    private long markersRecorded;
    private long markersPassed;
    /** INFERs taken, and those whose execution and whose last phase is over. */
    private long taken;
    private long executed;
    private long done;

    /** Where an INFER is. */
    private enum State {
        /** Inputs are being copied. */
        COPYING_IN,
        /** Inputs are there; algorithms are being measured. */
        SEARCHING,
        /** Launches are going out. */
        LAUNCHING,
        /** All launches are out. */
        EXECUTING,
        /** Outputs are being copied. */
        COPYING_OUT,
        /** It failed, or came too late: the stream that it used runs empty. */
        DRAINING
    }

    /** An INFER in its slot. */
    private static final class Stage {
        private final IoSlot slot;
        private final SlotCopies copies;
        private State state;
        private Work<LoadedModel> work;
        private Program program;
        private CUgraphExec graph;
        private int nextCall;
        private CUevent awaited;
        private DeviceStatus status;
        private String failure;
        private long sinceNs;

        Stage(final IoSlot slot, final SlotCopies copies) {
            this.slot = slot;
            this.copies = copies;
        }
    }

    ExecuteEngine(final String name, final int index, final Gpu gpu, final HostMemory host, final DeviceHealth health,
        final CudaBackend.Context context) throws CudaException {
        super(name, gpu, Gpu.SLOTS, health, context);
        this.index = index;
        watchdogNs = context.watchdogNs();
        usesGraphs = context.graphs();
        for (int i = 0; i < stages.length; i++) {
            stages[i] = new Stage(gpu.slots()[i], new SlotCopies(gpu, host, gpu.slots()[i]));
        }
        search = new AlgorithmSearch(gpu, context.searchNs());
        for (int i = 0; i < SLICES; i++) {
            markers[i] = new CUevent();
            final int result = cuEventCreate(markers[i], CUevent_flags.CU_EVENT_DISABLE_TIMING);
            if (result != 0) {
                closeEvents();
                CudaException.check(result, "cuEventCreate");
            }
            created++;
        }
    }

    private Stage stage(final long number) {
        return stages[(int) (number % stages.length)];
    }

    @Override
    protected boolean canTake() {
        return taken - done < stages.length;
    }

    @Override
    protected boolean isBusy() {
        return taken != done;
    }

    @Override
    protected void take(final Work<LoadedModel> work) {
        final Operation operation = work.operation;
        final long nowNs = clock.nanoTime();
        final Stage stage = stage(taken++);
        stage.work = work;
        stage.program = work.loaded.model().program(index, operation.batchSize);
        stage.nextCall = 0;
        stage.status = DeviceStatus.OK;
        stage.failure = null;
        if (isLate(operation, nowNs)) {
            stage.status = DeviceStatus.TOO_LATE;
            enter(stage, State.DRAINING, null, nowNs);
            return;
        }
        operation.startNs = nowNs;
        try {
            CudaException.check(cuEventRecord(stage.slot.inputStart, gpu.inputStream()), "cuEventRecord");
            stage.copies.copyIn(operation, work.loaded.model().io(), stage.program.batchSize());
            CudaException.check(cuEventRecord(stage.slot.inputEnd, gpu.inputStream()), "cuEventRecord");
            enter(stage, State.COPYING_IN, stage.slot.inputEnd, nowNs);
        } catch (final CudaException e) {
            fail(stage, e, State.COPYING_IN, nowNs);
        }
    }

    private static void enter(final Stage stage, final State state, final CUevent awaited, final long nowNs) {
        stage.state = state;
        stage.awaited = awaited;
        stage.sinceNs = nowNs;
    }

    /** What was put into the stream of its phase must end before the slot is used again. */
    private void fail(final Stage stage, final CudaException e, final State in, final long nowNs) {
        stage.status = e.isFatal() ? DeviceStatus.DEVICE_LOST : DeviceStatus.FAILED;
        stage.failure = e.getMessage();
        final CUevent event;
        final int result;
        if (in == State.COPYING_IN) {
            event = stage.slot.inputEnd;
            result = cuEventRecord(event, gpu.inputStream());
        } else if (in == State.COPYING_OUT) {
            event = stage.slot.outputEnd;
            result = cuEventRecord(event, gpu.outputStream());
        } else {
            event = stage.slot.executeEnd;
            result = cuEventRecord(event, gpu.executeStream());
        }
        if (e.isFatal() || result != CUresult.CUDA_SUCCESS) {
            stage.status = DeviceStatus.DEVICE_LOST;
        }
        enter(stage, State.DRAINING, event, nowNs);
    }

    @Override
    protected int step() throws CudaException {
        final long nowNs = clock.nanoTime();
        int work = 0;
        for (long number = done; number < taken; number++) {
            work += step(stage(number), number, nowNs);
        }
        return work;
    }

    private int step(final Stage stage, final long number, final long nowNs) throws CudaException {
        if (stage.status == DeviceStatus.DEVICE_LOST) {
            throw new CudaException(stage.failure, true);
        }
        if (nowNs - stage.sinceNs > watchdogNs && stage.awaited != null) {
            throw new CudaException("the device does not finish: " + stage.state, true);
        }
        return switch (stage.state) {
            case COPYING_IN -> executed == number && isDone(stage.awaited) ? begin(stage) : 0;
            case SEARCHING -> search(stage, nowNs);
            case LAUNCHING -> launch(stage);
            case EXECUTING -> isDone(stage.awaited) ? startCopyOut(stage, number) : 0;
            case COPYING_OUT -> done == number && isDone(stage.awaited) ? end(stage) : 0;
            case DRAINING -> done == number && (stage.awaited == null || isDone(stage.awaited)) ? endFailed(stage, number) : 0;
        };
    }

    private static boolean isDone(final CUevent event) throws CudaException {
        final int result = cuEventQuery(event);
        if (result == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        if (result != CUresult.CUDA_SUCCESS) {
            // an error that shows up here is one of the work itself
            throw new CudaException("cuEventQuery: " + CUresult.stringFor(result), true);
        }
        return true;
    }

    /** The last look at the window. */
    private int begin(final Stage stage) {
        final Operation operation = stage.work.operation;
        final long nowNs = clock.nanoTime();
        if (isLate(operation, nowNs)) {
            stage.status = DeviceStatus.TOO_LATE;
            operation.startNs = Operation.NOT_REACHED;
            enter(stage, State.DRAINING, null, nowNs);
            return 1;
        }
        frame.weights = stage.work.loaded.range;
        frame.inputs = stage.slot.deviceInputs();
        frame.outputs = stage.slot.deviceOutputs();
        frame.error = stage.slot.deviceError();
        frame.workspace = gpu.workspace();
        if (operation.isProfile && search.begin(stage.program, frame, nowNs)) {
            enter(stage, State.SEARCHING, stage.slot.inputEnd, nowNs);
            return 1;
        }
        return startExecution(stage, nowNs);
    }

    private int search(final Stage stage, final long nowNs) throws CudaException {
        if (search.step(nowNs)) {
            stage.program.graphs().clear();
            return startExecution(stage, clock.nanoTime());
        }
        if (search.isUnderWay()) {
            return 0;
        }
        stage.sinceNs = nowNs;
        return 1;
    }

    private int startExecution(final Stage stage, final long nowNs) {
        stage.work.operation.executeStartNs = nowNs;
        markersPassed = 0;
        markersRecorded = 0;
        try {
            stage.graph = usesGraphs ? graph(stage) : null;
            CudaException.check(cuEventRecord(stage.slot.executeStart, gpu.executeStream()), "cuEventRecord");
            if (stage.program.canFail()) {
                Address.move(errorWord, frame.error);
                CudaException.check(cuMemsetD8Async(errorWord, (byte) 0, Integer.BYTES, gpu.executeStream()), "cuMemsetD8Async");
            }
            enter(stage, State.LAUNCHING, stage.slot.inputEnd, nowNs);
        } catch (final CudaException e) {
            fail(stage, e, State.LAUNCHING, nowNs);
        }
        return 1;
    }

    /** The program's launches for this slot and these weights, captured in a PROFILE; null if they go out one by one. */
    private CUgraphExec graph(final Stage stage) throws CudaException {
        final ProgramGraphs graphs = stage.program.graphs();
        final CUgraphExec known = graphs.find(frame);
        return known != null || !stage.work.operation.isProfile ? known : graphs.capture(gpu, stage.program.calls(), frame);
    }

    /** One slice, or all as a graph. */
    private int launch(final Stage stage) throws CudaException {
        if (markersRecorded - markersPassed == SLICES) {
            if (!isDone(markers[(int) (markersPassed % SLICES)])) {
                return 0;
            }
            markersPassed++;
        }
        final long nowNs = clock.nanoTime();
        try {
            final Call[] calls = stage.program.calls();
            if (stage.graph != null) {
                ProgramGraphs.launch(gpu, stage.graph);
                stage.nextCall = calls.length;
            }
            int entries = 0;
            while (stage.nextCall < calls.length && entries < SLICE_ENTRIES) {
                final Call call = calls[stage.nextCall++];
                call.launch(frame);
                entries += call.entries();
            }
            if (stage.nextCall < calls.length) {
                final CUevent marker = markers[(int) (markersRecorded % SLICES)];
                CudaException.check(cuEventRecord(marker, gpu.executeStream()), "cuEventRecord");
                markersRecorded++;
                stage.sinceNs = nowNs;
            } else {
                CudaException.check(cuEventRecord(stage.slot.executeEnd, gpu.executeStream()), "cuEventRecord");
                enter(stage, State.EXECUTING, stage.slot.executeEnd, nowNs);
            }
        } catch (final CudaException e) {
            fail(stage, e, State.LAUNCHING, nowNs);
        }
        return 1;
    }

    private int startCopyOut(final Stage stage, final long number) {
        final Operation operation = stage.work.operation;
        final long nowNs = clock.nanoTime();
        executed = number + 1;
        try {
            // no longer than the time that has passed here: the clocks tick differently
            operation.copyInNs = Math.min(elapsed(stage.slot.inputStart, stage.slot.inputEnd),
                operation.executeStartNs - operation.startNs);
            operation.executeNs = Math.min(elapsed(stage.slot.executeStart, stage.slot.executeEnd),
                nowNs - operation.executeStartNs);
            CudaException.check(cuEventRecord(stage.slot.outputStart, gpu.outputStream()), "cuEventRecord");
            stage.copies.copyOut(operation, stage.work.loaded.model().io(), stage.program);
            CudaException.check(cuEventRecord(stage.slot.outputEnd, gpu.outputStream()), "cuEventRecord");
            enter(stage, State.COPYING_OUT, stage.slot.outputEnd, nowNs);
        } catch (final CudaException e) {
            fail(stage, e, State.COPYING_OUT, nowNs);
        }
        return 1;
    }

    private long elapsed(final CUevent from, final CUevent to) throws CudaException {
        CudaException.check(cuEventElapsedTime(milliseconds, from, to), "cuEventElapsedTime");
        return Math.max(0, (long) (milliseconds[0] * NS_PER_MS));
    }

    private int end(final Stage stage) {
        final Operation operation = stage.work.operation;
        final long copiedNs;
        try {
            copiedNs = elapsed(stage.slot.outputStart, stage.slot.outputEnd);
        } catch (final CudaException e) {
            fail(stage, e, State.COPYING_OUT, clock.nanoTime());
            return 1;
        }
        if (stage.program.canFail() && stage.copies.hasError()) {
            stage.failure = "Gather: an index is outside of its table";
            stage.status = DeviceStatus.FAILED;
        } else {
            stage.copies.handOut(operation, stage.work.loaded.model().io(), stage.program.batchSize());
        }
        operation.endNs = clock.nanoTime();
        operation.copyOutNs = Math.min(copiedNs, operation.endNs - operation.executeStartNs - operation.executeNs);
        release(stage);
        return 1;
    }

    private int endFailed(final Stage stage, final long number) {
        executed = Math.max(executed, number + 1);
        release(stage);
        return 1;
    }

    private void release(final Stage stage) {
        final Work<LoadedModel> work = stage.work;
        stage.work = null;
        done++;
        finish(work, stage.status, stage.failure);
    }

    @Override
    protected void lost(final String why) {
        while (done < taken) {
            final Stage stage = stage(done);
            stage.status = DeviceStatus.DEVICE_LOST;
            stage.failure = why;
            release(stage);
        }
        executed = taken;
        search.abandon();
    }

    /** After the thread has ended, or if it never started. */
    void closeEvents() {
        for (int i = 0; i < created; i++) {
            cuEventDestroy(markers[i]);
        }
        created = 0;
        search.close();
    }
}
