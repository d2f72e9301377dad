package org.clockwork.device.cuda;

/** One piece of a program, ready to be launched as often as wanted. Used by the execution engine's thread. */
interface Call extends AutoCloseable {
    /** Puts its work into the execution stream; allocates nothing unless it fails. */
    void launch(Frame frame) throws CudaException;

    /** How many entries of the driver's launch queue it may take. */
    int entries();

    /** What computes it, for people. */
    String description();

    @Override
    default void close() {
        // owns nothing
        return;
    }
}
