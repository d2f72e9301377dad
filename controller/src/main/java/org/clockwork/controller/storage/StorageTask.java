package org.clockwork.controller.storage;

import java.io.IOException;

/** Something that may block: it is executed beside the agent, which is then told. Used by one at a time. */
public abstract class StorageTask {
    private IOException failure;

    /** Does the work; called on the storage thread, in the order of submission. */
    protected abstract void execute() throws IOException;

    /**
     * Takes note of the end; called on the controller agent, in the same order.
     *
     * @param why it failed, or null.
     */
    protected abstract void onDone(IOException why, long nowNs);

    final void run() {
        try {
            failure = null;
            execute();
        } catch (final IOException ex) {
            failure = ex;
        } catch (final RuntimeException ex) {
            failure = new IOException(ex.toString(), ex);
        }
    }

    final void done(final long nowNs) {
        onDone(failure, nowNs);
    }
}
