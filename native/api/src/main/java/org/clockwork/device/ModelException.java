package org.clockwork.device;

/** Why a model can't be made ready; the message is a sentence for the person who registered it. */
public final class ModelException extends Exception {
    private static final long serialVersionUID = 1L;
    private final Reason reason;

    /** Kinds of failure, as the user is told them. */
    public enum Reason {
        /** The file is no complete ONNX model. */
        INVALID_FILE,
        /** The device cannot run an operator of the model. */
        UNSUPPORTED_OPERATOR,
        /** More pages than any device owns, or a limit of the backend. */
        TOO_LARGE,
        /** A dimension other than the batch was left open. */
        DIMENSION_NOT_FIXED,
        /** The emulated devices' table has no such row, or the backend takes no profiles. */
        UNKNOWN_PROFILE,
        /** Anything else; the message says what. */
        COMPILE_FAILED
    }

    /** A failure without a cause worth showing. */
    public ModelException(final Reason reason, final String message) {
        this(reason, message, null);
    }

    /** A failure with its cause. */
    public ModelException(final Reason reason, final String message, final Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** What kind of failure it is. */
    public Reason reason() {
        return reason;
    }
}
