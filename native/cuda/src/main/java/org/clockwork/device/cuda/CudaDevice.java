package org.clockwork.device.cuda;

import java.util.List;
import org.clockwork.device.engine.DeviceHealth;
import org.clockwork.device.engine.EngineDevice;

/** One GPU as a device; the engines drive its streams. */
final class CudaDevice extends EngineDevice<CudaModel, LoadedModel> {
    private final CudaBackend.Context context;
    private final Gpu gpu;
    private final LoadEngine loadEngine;
    private final ExecuteEngine executeEngine;

    private CudaDevice(final CudaBackend.Context context, final int index, final Gpu gpu, final DeviceHealth health,
        final LoadEngine loadEngine, final ExecuteEngine executeEngine) {
        super(index, "cuda: " + gpu.name(), gpu.pages().pages(), context.maxBatch(), CudaModel.class, LoadedModel::new, health,
            loadEngine, executeEngine);
        this.context = context;
        this.gpu = gpu;
        this.loadEngine = loadEngine;
        this.executeEngine = executeEngine;
    }

    /** Starts the engines; the calling thread has the GPU's context. */
    static CudaDevice open(final CudaBackend.Context context, final int index, final Gpu gpu, final HostMemory host)
            throws CudaException {
        final DeviceHealth health = new DeviceHealth();
        final LoadEngine loadEngine = new LoadEngine("cuda-" + index + "-load", index, gpu, health, context);
        try {
            return new CudaDevice(context, index, gpu, health, loadEngine,
                new ExecuteEngine("cuda-" + index + "-execute", index, gpu, host, health, context));
        } catch (final CudaException e) {
            loadEngine.closeEvents();
            throw e;
        }
    }

    @Override
    protected void free(final List<LoadedModel> resident) {
        try {
            gpu.enter();
            for (final LoadedModel loaded : resident) {
                loadEngine.unload(loaded);
            }
        } catch (final CudaException e) {
            context.errorHandler().onError(e);
        }
        executeEngine.closeEvents();
        loadEngine.closeEvents();
    }
}
