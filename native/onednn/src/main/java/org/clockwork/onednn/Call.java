package org.clockwork.onednn;

/** One step of a program, ready to be executed as often as wanted. Used by the executing thread. */
interface Call extends AutoCloseable {
    /** Executes it; allocates nothing unless it fails. */
    void run();

    /** The weights are there from now on. */
    void bind(long weights);

    /** What computes it, for people. */
    String description();

    @Override
    void close();
}
