package org.clockwork.device.cpu;

import ai.onnxruntime.OrtException;
import com.sun.jna.LastErrorException;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.device.engine.DeviceHealth;
import org.clockwork.device.engine.Work;

/** Runs LOADs and UNLOADs on its own thread, beside the execution engine. */
final class LoadEngine extends CpuEngine {
    /** LOADs and UNLOADs that may wait here: enough that the engine never waits for the agent. */
    static final int DEPTH = 4;
    /** A copy this long holds a safepoint up for less than 100 us. */
    private static final int SLICE_BYTES = 256 * 1024;

    private final PageMemory pages;
    private final UnsafeBuffer from = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer to = new UnsafeBuffer(0, 0);

    LoadEngine(final String name, final DeviceHealth health, final CpuBackend.Context context, final PageMemory pages) {
        super(name, DEPTH, health, context.clock(), context.newIdleStrategy());
        this.pages = pages;
    }

    @Override
    DeviceStatus run(final Work<LoadedModel> work) throws Exception {
        final Operation operation = work.operation;
        final long startNs = clock.nanoTime();
        if (isLate(operation, startNs)) {
            operation.endNs = startNs;
            return DeviceStatus.TOO_LATE;
        }
        operation.startNs = startNs;
        operation.executeStartNs = startNs;
        if (operation.kind == Operation.Kind.LOAD) {
            load(work.loaded);
        } else {
            unload(work.loaded);
        }
        operation.endNs = clock.nanoTime();
        operation.executeNs = operation.endNs - startNs;
        return DeviceStatus.OK;
    }

    private void load(final LoadedModel loaded) throws OrtException, LostException {
        final CpuModel model = loaded.model();
        final CpuModel.Range range = model.acquireRange();
        gather(range, loaded);
        try {
            copy(model.payload(), range.address(), model.regionBytes());
            if (range.lentBytes() > 0) {
                pages.lend(range.lentAddress(), range.lentBytes());
            }
            range.openSession();
        } catch (final OrtException | RuntimeException e) {
            giveBack(loaded);
            throw e;
        }
    }

    private void gather(final CpuModel.Range range, final LoadedModel loaded) throws LostException {
        try {
            pages.gather(range.address(), loaded.pages(), loaded.pageCount());
            loaded.range = range;
        } catch (final LastErrorException e) {
            throw new LostException("pages could not be gathered: " + e.getMessage(), e);
        }
    }

    /** Also used when the device closes, by the closing thread after this engine has ended. */
    void unload(final LoadedModel loaded) throws OrtException, LostException {
        try {
            loaded.range.leaveSession();
        } finally {
            giveBack(loaded);
        }
    }

    private void giveBack(final LoadedModel loaded) throws LostException {
        final CpuModel.Range range = loaded.range;
        loaded.range = null;
        try {
            if (range.lentBytes() > 0) {
                pages.reclaim(range.lentAddress(), range.lentBytes());
            }
            pages.scatter(range.address(), loaded.pages(), loaded.pageCount());
        } catch (final LastErrorException e) {
            throw new LostException("pages could not be taken back: " + e.getMessage(), e);
        }
        loaded.model().releaseRange(range);
    }

    private void copy(final long source, final long target, final long bytes) {
        for (long done = 0; done < bytes; done += SLICE_BYTES) {
            final int length = (int) Math.min(SLICE_BYTES, bytes - done);
            from.wrap(source + done, length);
            to.wrap(target + done, length);
            to.putBytes(0, from, 0, length);
        }
    }
}
