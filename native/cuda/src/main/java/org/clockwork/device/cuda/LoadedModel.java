package org.clockwork.device.cuda;

/**
 * One copy of a model on a GPU. The agent owns its state; its range is the load engine's, and the execution engine's while
 * an INFER is under way, which the agent allows only between LOAD and UNLOAD. Pooled.
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
    CudaModel model;
    int pageCount;
    int[] pages = new int[0];
    int infersUnderWay;
    /** First address of its weights; 0 while no pages are behind it. */
    long range;

    /** Starts a new life. */
    void init(final long newModelId, final CudaModel newModel) {
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
