package org.clockwork.device.cpu;

import ai.onnxruntime.OrtException;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.device.engine.DeviceHealth;
import org.clockwork.device.engine.Work;

/**
 * Runs INFERs on its own thread, one at a time. It copies in and out itself: on a processor the copies would take a core
 * from somebody, and the next INFER is already waiting here when one ends.
 */
final class ExecuteEngine extends CpuEngine {
    /** One that runs and one that waits. */
    static final int DEPTH = 2;

    ExecuteEngine(final String name, final DeviceHealth health, final CpuBackend.Context context) {
        super(name, DEPTH, health, context.clock(), context.newIdleStrategy());
    }

    @Override
    DeviceStatus run(final Work<LoadedModel> work) throws OrtException {
        final Operation operation = work.operation;
        final LoadedModel loaded = work.loaded;
        final CpuModel model = loaded.model();
        final IoTensors io = model.tensors();
        final long startNs = clock.nanoTime();
        if (isLate(operation, startNs)) {
            operation.endNs = startNs;
            return DeviceStatus.TOO_LATE;
        }
        final int executedBatch = model.executedBatch(operation.batchSize);
        io.copyIn(operation, executedBatch);
        final long executeStartNs = clock.nanoTime();
        if (isLate(operation, executeStartNs)) {
            operation.endNs = executeStartNs;
            return DeviceStatus.TOO_LATE;
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
        return DeviceStatus.OK;
    }

    private static void execute(final LoadedModel loaded, final int batchSize) throws OrtException {
        final PlanRun plan = loaded.model().plan();
        if (plan != null) {
            plan.program().run(batchSize, loaded.range.address());
            return;
        }
        final IoTensors io = loaded.model().tensors();
        try {
            loaded.range.session().run(io.inputs(batchSize), io.outputs(batchSize)).close();
        } catch (final OrtException e) {
            if (Workspace.isExhausted(e)) {
                throw new IllegalStateException("the workspace is too small for this model at batchSize=" + batchSize
                    + ": raise " + CpuBackend.Context.WORKSPACE_BYTES_PROPERTY, e);
            }
            throw e;
        }
    }
}
