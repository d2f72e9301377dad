package org.clockwork.controller.request;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Bounded memory for inputs and for messages that wait, made once: a buddy allocator over granules of 1 KiB that gives
 * the unused tail of a block back, so that a block wastes less than a granule. Owned by the controller agent.
 */
public final class ByteArena {
    /** Unit of allocation. */
    public static final int GRANULE = 1024;
    /** Answer when there is no room. */
    public static final int FULL = -1;

    private static final int NONE = -1;
    private static final int MAX_SPARE = 1024;

    private final UnsafeBuffer buffer;
    private final int granules;
    private final int[] next;
    private final int[] previous;
    /** By granule: order of the free block that starts here, else -1. */
    private final byte[] freeOrder;
    private final int[] heads = new int[Integer.SIZE];
    private int nonEmptyOrders;
    /** Single granules kept at hand, since most inputs are small and splitting and joining is the dearer part. */
    private final int[] spare = new int[MAX_SPARE];
    private int spareCount;
    private int used;

    /** An arena of at least one granule and at most 1 GiB. */
    public ByteArena(final long bytes) {
        if (bytes < GRANULE || bytes > 1L << 30) {
            throw new IllegalArgumentException("arenaBytes=" + bytes + " not in " + GRANULE + ".." + (1L << 30));
        }
        granules = (int) (bytes / GRANULE);
        buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(granules * GRANULE));
        next = new int[granules];
        previous = new int[granules];
        freeOrder = new byte[granules];
        Arrays.fill(freeOrder, (byte) NONE);
        Arrays.fill(heads, NONE);
        int at = 0;
        while (at < granules) {
            final int order = 31 - Integer.numberOfLeadingZeros(granules - at);
            push(at, order);
            at += 1 << order;
        }
    }

    /** The memory behind all blocks. */
    public MutableDirectBuffer buffer() {
        return buffer;
    }

    /** Offset of a block in {@link #buffer()}. */
    public static int offset(final int block) {
        return block * GRANULE;
    }

    /** A block for that many bytes, at least one; {@link #FULL} if there is none. */
    public int allocate(final int bytes) {
        final int count = granulesFor(bytes);
        if (count == 1 && spareCount > 0) {
            used++;
            return spare[--spareCount];
        }
        final int order = orderOf(count);
        int candidates = nonEmptyOrders & -1 << order;
        if (candidates == 0 && spareCount > 0) {
            joinSpare();
            candidates = nonEmptyOrders & -1 << order;
        }
        if (order > 30 || candidates == 0) {
            return FULL;
        }
        int at = Integer.numberOfTrailingZeros(candidates);
        final int block = heads[at];
        unlink(block, at);
        while (at > order) {
            at--;
            push(block + (1 << at), at);
        }
        int tail = count;
        while (tail < 1 << order) {
            final int tailOrder = Integer.numberOfTrailingZeros(tail);
            push(block + tail, tailOrder);
            tail += 1 << tailOrder;
        }
        used += count;
        return block;
    }

    /** Takes back a block that was allocated for that many bytes. */
    public void free(final int block, final int bytes) {
        int left = granulesFor(bytes);
        used -= left;
        if (left == 1 && spareCount < MAX_SPARE) {
            spare[spareCount++] = block;
            return;
        }
        int at = block;
        while (left > 0) {
            final int order = 31 - Integer.numberOfLeadingZeros(left);
            freePiece(at, order);
            at += 1 << order;
            left -= 1 << order;
        }
    }

    /** Bytes in use, whole granules. */
    public long usedBytes() {
        return (long) used * GRANULE;
    }

    /** Bytes in all. */
    public long capacityBytes() {
        return (long) granules * GRANULE;
    }

    private void joinSpare() {
        while (spareCount > 0) {
            freePiece(spare[--spareCount], 0);
        }
    }

    private void freePiece(final int start, final int startOrder) {
        int at = start;
        int order = startOrder;
        while (true) {
            if (freeOrder[at] != NONE) {
                throw new IllegalStateException("freed twice: block=" + at);
            }
            final int buddy = at ^ 1 << order;
            if (buddy >= granules || freeOrder[buddy] != order) {
                break;
            }
            unlink(buddy, order);
            at = Math.min(at, buddy);
            order++;
        }
        push(at, order);
    }

    private void push(final int block, final int order) {
        final int head = heads[order];
        next[block] = head;
        previous[block] = NONE;
        if (head != NONE) {
            previous[head] = block;
        }
        heads[order] = block;
        freeOrder[block] = (byte) order;
        nonEmptyOrders |= 1 << order;
    }

    private void unlink(final int block, final int order) {
        final int before = previous[block];
        final int after = next[block];
        if (before == NONE) {
            heads[order] = after;
            if (after == NONE) {
                nonEmptyOrders &= ~(1 << order);
            }
        } else {
            next[before] = after;
        }
        if (after != NONE) {
            previous[after] = before;
        }
        freeOrder[block] = NONE;
    }

    private static int granulesFor(final int bytes) {
        return Math.max(1, (int) (((long) bytes + GRANULE - 1) / GRANULE));
    }

    private static int orderOf(final int count) {
        return 32 - Integer.numberOfLeadingZeros(count - 1);
    }
}
