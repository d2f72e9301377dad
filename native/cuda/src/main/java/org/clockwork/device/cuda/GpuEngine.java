package org.clockwork.device.cuda;

import org.clockwork.device.engine.DeviceHealth;
import org.clockwork.device.engine.Engine;

/**
 * An engine that puts work into a GPU's streams and polls events. It never waits inside a call, so that no error of the
 * device can hold it up.
 */
abstract class GpuEngine extends Engine<LoadedModel> {
    final Gpu gpu;

    GpuEngine(final String name, final Gpu gpu, final int depth, final DeviceHealth health, final CudaBackend.Context context) {
        super(name, depth, health, context.clock(), context.newIdleStrategy());
        this.gpu = gpu;
    }

    @Override
    protected void enter() throws CudaException {
        gpu.enter();
    }
}
