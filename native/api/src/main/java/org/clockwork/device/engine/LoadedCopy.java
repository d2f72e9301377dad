package org.clockwork.device.engine;

/**
 * One copy of a model on a device. The agent owns its state; what a device adds belongs to the load engine, and to the
 * execution engine while an INFER is under way, which the agent allows only between LOAD and UNLOAD. Pooled.
 *
 * @param <M> the device's kind of model.
 */
public abstract class LoadedCopy<M extends EngineModel> {
    State state = State.FREE;
    long modelId;
    int infersUnderWay;
    private M model;
    private int pageCount;
    private int[] pages = new int[0];

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

    /** What it is a copy of. */
    public final M model() {
        return model;
    }

    /** Indexes of its pages, in the order of the weights; only the first {@link #pageCount()} count. */
    public final int[] pages() {
        return pages;
    }

    /** Pages that it has. */
    public final int pageCount() {
        return pageCount;
    }

    /** Whether the pages hold the weights: set by a LOAD that went well, ended by UNLOAD. */
    protected abstract boolean isResident();

    /** Starts a new life. */
    final void begin(final long newModelId, final M newModel) {
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
    final void end() {
        state = State.FREE;
        model = null;
    }
}
