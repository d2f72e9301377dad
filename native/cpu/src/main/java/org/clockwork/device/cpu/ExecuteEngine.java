package org.clockwork.device.cpu;

import ai.onnxruntime.OrtException;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * Runs INFERs on its own thread, one at a time. It copies in and out itself: on a processor the copies would take a core
 * from somebody, and the next INFER is already waiting here when one ends.
 */
final class ExecuteEngine extends Engine {
    /** One that runs and one that waits. */
    static final int DEPTH = 2;

    ExecuteEngine(final String name, final NanoClock clock, final IdleStrategy strategy) {
        super(name, DEPTH, clock, strategy);
    }

    @Override
    void run(final Work work) throws OrtException {
        final Operation operation = work.operation;
        final LoadedModel loaded = work.loaded;
        final IoTensors io = loaded.model.io();
        final long startNs = clock.nanoTime();
        if (isLate(operation, startNs)) {
            tooLate(operation, startNs);
            return;
        }
        final int executedBatch = loaded.model.executedBatch(operation.batchSize);
        io.copyIn(operation, executedBatch);
        final long executeStartNs = clock.nanoTime();
        if (isLate(operation, executeStartNs)) {
            tooLate(operation, executeStartNs);
            return;
        }
        operation.startNs = startNs;
        operation.copyInNs = executeStartNs - startNs;
        operation.executeStartNs = executeStartNs;
        execute(loaded, operation.batchSize);
        final long executedNs = clock.nanoTime();
        operation.executeNs = executedNs - executeStartNs;
        io.copyOut(operation, executedBatch);
        operation.endNs = clock.nanoTime();
        operation.copyOutNs = operation.endNs - executedNs;
        operation.status = DeviceStatus.OK;
    }

    private static void execute(final LoadedModel loaded, final int batchSize) throws OrtException {
        final PlanRun plan = loaded.model.plan();
        if (plan != null) {
            plan.program().run(batchSize, loaded.range.address());
            return;
        }
        final IoTensors io = loaded.model.io();
        try {
            loaded.session.run(io.inputs(batchSize), io.outputs(batchSize)).close();
        } catch (final OrtException e) {
            if (Workspace.isExhausted(e)) {
                throw new IllegalStateException("the workspace is too small for this model at batchSize=" + batchSize
                    + ": raise " + CpuBackend.Context.WORKSPACE_BYTES_PROP_NAME, e);
            }
            throw e;
        }
    }

    private static void tooLate(final Operation operation, final long nowNs) {
        operation.status = DeviceStatus.TOO_LATE;
        operation.endNs = nowNs;
    }
}
