package org.clockwork.device.engine;

import org.clockwork.device.CompiledModel;

/** A compiled model as the agent's side of a device looks at it before it hands an operation to an engine. */
public interface EngineModel extends CompiledModel {
    /** Where its tensors are in a request's buffers and in the I/O slot. */
    IoLayout io();
}
