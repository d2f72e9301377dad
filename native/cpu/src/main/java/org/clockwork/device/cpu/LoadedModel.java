package org.clockwork.device.cpu;

import org.clockwork.device.engine.LoadedCopy;

/** One copy of a model on the CPU device. */
final class LoadedModel extends LoadedCopy<CpuModel> {
    /** Null while no pages are behind it. */
    CpuModel.Range range;

    @Override
    protected boolean isResident() {
        return range != null;
    }
}
