package org.clockwork.cli.run;

/** Something that the user can mend: shown as its sentence alone, with the exit code. */
public final class UserError extends RuntimeException {
    /** Exit code of a command that ran and did not succeed. */
    public static final int FAILED = 1;
    /** Exit code of wrong usage. */
    public static final int USAGE = 2;

    private static final long serialVersionUID = 1L;
    private final int exitCode;

    /** A failure at run time. */
    public UserError(final String sentence) {
        this(FAILED, sentence, null);
    }

    /** A failure at run time with its cause. */
    public UserError(final String sentence, final Throwable cause) {
        this(FAILED, sentence, cause);
    }

    /** Any failure. */
    public UserError(final int exitCode, final String sentence, final Throwable cause) {
        super(sentence, cause);
        this.exitCode = exitCode;
    }

    /** With which the process ends. */
    public int exitCode() {
        return exitCode;
    }
}
