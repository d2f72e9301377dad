package org.clockwork.controller.response;

import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.link.Link;

/**
 * Messages that one client has not taken yet, by lane, oldest first; a bounded ring of arena blocks. Owned by the
 * controller agent.
 */
final class ClientOutbox {
    final ClientSession session;
    /** Whether the client is given up; nothing is kept for it any more. */
    boolean isGivenUp;
    private final int capacity;
    private final int[][] blocks = new int[Link.LANES][];
    private final int[][] lengths = new int[Link.LANES][];
    private final int[] heads = new int[Link.LANES];
    private final int[] sizes = new int[Link.LANES];

    ClientOutbox(final ClientSession session, final int capacity) {
        this.session = session;
        this.capacity = capacity;
    }

    boolean isEmpty() {
        return sizes[Link.CONTROL] == 0 && sizes[Link.BULK] == 0;
    }

    int size(final int lane) {
        return sizes[lane];
    }

    boolean isFull(final int lane) {
        return sizes[lane] == capacity;
    }

    /** Keeps a message; its ring is made when the first one has to wait. */
    void add(final int lane, final int block, final int length) {
        if (blocks[lane] == null) {
            blocks[lane] = new int[capacity];
            lengths[lane] = new int[capacity];
        }
        final int at = (heads[lane] + sizes[lane]++) % capacity;
        blocks[lane][at] = block;
        lengths[lane][at] = length;
    }

    int firstBlock(final int lane) {
        return blocks[lane][heads[lane]];
    }

    int firstLength(final int lane) {
        return lengths[lane][heads[lane]];
    }

    void removeFirst(final int lane) {
        heads[lane] = (heads[lane] + 1) % capacity;
        sizes[lane]--;
    }
}
