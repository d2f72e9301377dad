package org.clockwork.schema;

/** Wire ids of table slots: {@code generation << 32 | index}, so that a message for a slot freed since is recognised. */
public final class Ids {
    private Ids() {
    }

    /** Composes an id; {@code index} is at least 0. */
    public static long id(final int generation, final int index) {
        return ((long) generation << 32) | index;
    }

    /** The slot's index; negative only in a hostile id, so check it against the table's size as unsigned. */
    public static int index(final long id) {
        return (int) id;
    }

    /** The slot's generation. */
    public static int generation(final long id) {
        return (int) (id >>> 32);
    }
}
