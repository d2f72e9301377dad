package org.clockwork.device.cuda;

/**
 * Where a tensor is within an execution. Immutable.
 *
 * @param region that it is in.
 * @param offset in bytes.
 */
record Place(Region region, long offset) {
    /** Pieces of a GPU's memory. */
    enum Region {
        /** Of the loaded model. */
        WEIGHTS,
        /** Of the I/O slot. */
        INPUTS,
        /** Of the I/O slot. */
        OUTPUTS,
        /** Between the steps. */
        WORKSPACE,
        /** The slot's error word. */
        ERROR
    }

    long in(final Frame frame) {
        return offset + switch (region) {
            case WEIGHTS -> frame.weights;
            case INPUTS -> frame.inputs;
            case OUTPUTS -> frame.outputs;
            case WORKSPACE -> frame.workspace;
            case ERROR -> frame.error;
        };
    }

    Place plus(final long bytes) {
        return new Place(region, offset + bytes);
    }
}
