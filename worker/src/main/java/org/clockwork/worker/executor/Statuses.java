package org.clockwork.worker.executor;

import org.clockwork.device.DeviceStatus;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;

/** How a device's answers and a window's refusals are called on the wire, by kind of action. */
public final class Statuses {
    private Statuses() {
    }

    /** The window opens further ahead than the worker plans. */
    public static Status tooEarly(final ActionKind kind) {
        return switch (kind) {
            case LOAD -> Status.LOAD_TOO_EARLY;
            case UNLOAD -> Status.UNLOAD_TOO_EARLY;
            case PROFILE -> Status.PROFILE_TOO_EARLY;
            default -> Status.INFER_TOO_EARLY;
        };
    }

    /** The window had closed before it could start. */
    public static Status tooLate(final ActionKind kind) {
        return switch (kind) {
            case LOAD -> Status.LOAD_TOO_LATE;
            case UNLOAD -> Status.UNLOAD_TOO_LATE;
            case PROFILE -> Status.PROFILE_TOO_LATE;
            default -> Status.INFER_TOO_LATE;
        };
    }

    /** What a device answered. */
    public static Status of(final ActionKind kind, final DeviceStatus status) {
        return switch (status) {
            case OK -> Status.OK;
            case TOO_LATE -> tooLate(kind);
            case DEVICE_LOST -> Status.DEVICE_LOST;
            case NO_PAGES -> Status.LOAD_NO_PAGES;
            case ALREADY_LOADED -> Status.LOAD_ALREADY_LOADED;
            case NOT_LOADED -> kind == ActionKind.UNLOAD ? Status.UNLOAD_NOT_LOADED : Status.INFER_NOT_LOADED;
            case IN_USE -> Status.UNLOAD_IN_USE;
            case INVALID_BATCH -> Status.INFER_INVALID_BATCH;
            case FAILED -> switch (kind) {
                case LOAD -> Status.LOAD_FAILED;
                case UNLOAD -> Status.EXECUTION_FAILED;
                default -> Status.INFER_FAILED;
            };
        };
    }

    /** A sentence for what a device answered without one. */
    static String sentence(final DeviceStatus status) {
        return switch (status) {
            case OK -> "";
            case TOO_LATE -> "the window closed before the engine could start it";
            case NO_PAGES -> "the device has not enough free pages";
            case ALREADY_LOADED -> "the device holds this model";
            case NOT_LOADED -> "the device does not hold the model";
            case IN_USE -> "the model is being loaded or executed";
            case INVALID_BATCH -> "the batch is empty or larger than the model was compiled for";
            case FAILED -> "the device reported a failure";
            case DEVICE_LOST -> "the device failed for good";
        };
    }
}
