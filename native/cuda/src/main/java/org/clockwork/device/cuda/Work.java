package org.clockwork.device.cuda;

import org.clockwork.device.Operation;

/** What is handed to an engine and back: an operation and the loaded copy that it is about. Pooled. */
final class Work {
    /** The caller's. */
    Operation operation;
    /** The device's. */
    LoadedModel loaded;
}
