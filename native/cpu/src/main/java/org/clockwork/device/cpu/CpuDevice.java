package org.clockwork.device.cpu;

import ai.onnxruntime.OrtException;
import java.util.List;
import org.clockwork.device.engine.DeviceHealth;
import org.clockwork.device.engine.EngineDevice;

/** This machine's processor as a device. */
final class CpuDevice extends EngineDevice<CpuModel, LoadedModel> {
    private final CpuBackend.Context context;
    private final PageMemory pageMemory;
    private final LoadEngine loadEngine;

    private CpuDevice(final CpuBackend.Context context, final PageMemory pageMemory, final DeviceHealth health,
        final LoadEngine loadEngine) {
        super(0, "cpu: " + Processor.name(), pageMemory.pages(), context.maxBatch(), CpuModel.class, LoadedModel::new, health,
            loadEngine, new ExecuteEngine("cpu-0-execute", health, context));
        this.context = context;
        this.pageMemory = pageMemory;
        this.loadEngine = loadEngine;
    }

    /** Takes over the pages; starts the engines. */
    static CpuDevice open(final CpuBackend.Context context, final PageMemory pageMemory) {
        final DeviceHealth health = new DeviceHealth();
        return new CpuDevice(context, pageMemory, health, new LoadEngine("cpu-0-load", health, context, pageMemory));
    }

    @Override
    protected void free(final List<LoadedModel> resident) {
        for (final LoadedModel loaded : resident) {
            try {
                loadEngine.unload(loaded);
            } catch (final OrtException | CpuEngine.LostException e) {
                context.errorHandler().onError(e);
            }
        }
        pageMemory.close();
    }
}
