package org.clockwork.device.cuda;

import org.clockwork.device.engine.LoadedCopy;

/** One copy of a model on a GPU. */
final class LoadedModel extends LoadedCopy<CudaModel> {
    /** First address of its weights; 0 while no pages are behind it. */
    long range;

    @Override
    protected boolean isResident() {
        return range != 0;
    }
}
