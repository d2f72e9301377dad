package org.clockwork.device.cpu;

import ai.onnxruntime.OrtSession;
import org.clockwork.device.engine.LoadedCopy;

/** One copy of a model on the CPU device. */
final class LoadedModel extends LoadedCopy<CpuModel> {
    /** Null while no pages are behind it. */
    CpuModel.Range range;
    /** Null while not loaded, and for models that run by plans. */
    OrtSession session;

    @Override
    protected boolean isResident() {
        return range != null;
    }
}
