package org.clockwork.device.cpu;

import ai.onnxruntime.OrtSession;

/**
 * One copy of a model on the device. The agent owns its state; session and range belong to the load engine, and to the
 * execution engine while an INFER is under way, which the agent allows only between LOAD and UNLOAD. Pooled.
 */
final class LoadedModel {
    /** Where it is in its life. */
    enum State {
        /** Not in use. */
        FREE,
        /** LOAD is under way. */
        LOADING,
        /** Takes INFERs. */
        LOADED,
        /** UNLOAD is under way. */
        UNLOADING
    }

    State state = State.FREE;
    long modelId;
    CpuModel model;
    int pageCount;
    int[] pages = new int[0];
    int infersUnderWay;
    CpuModel.Range range;
    /** Null while not loaded, and for models that run by plans. */
    OrtSession session;

    /** Starts a new life. */
    void init(final long newModelId, final CpuModel newModel) {
        state = State.LOADING;
        modelId = newModelId;
        model = newModel;
        pageCount = newModel.pages();
        if (pages.length < pageCount) {
            pages = new int[pageCount];
        }
        infersUnderWay = 0;
    }

    /** Ends it. */
    void clear() {
        state = State.FREE;
        model = null;
    }
}
