package org.clockwork.device.engine;

import org.clockwork.device.Operation;

/**
 * What is handed to an engine and back: an operation and the loaded copy that it is about. Pooled.
 *
 * @param <L> the device's kind of copy.
 */
public final class Work<L> {
    /** The caller's. */
    public Operation operation;
    /** The device's. */
    public L loaded;
}
