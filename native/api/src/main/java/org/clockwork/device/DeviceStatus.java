package org.clockwork.device;

/** How an operation ended. */
public enum DeviceStatus {
    /** Done. */
    OK,
    /** The window had closed before the engine could start it; nothing was done. */
    TOO_LATE,
    /** Not enough free pages; nothing was done. */
    NO_PAGES,
    /** The device holds this model. */
    ALREADY_LOADED,
    /** The device does not hold this model. */
    NOT_LOADED,
    /** The model is being loaded or executed. */
    IN_USE,
    /** The batch is empty or larger than the model was compiled for. */
    INVALID_BATCH,
    /** The engine reported a failure; the detail says which. The device goes on. */
    FAILED,
    /** The device failed for good. */
    DEVICE_LOST
}
