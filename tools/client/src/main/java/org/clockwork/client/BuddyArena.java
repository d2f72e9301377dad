package org.clockwork.client;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A bounded memory from which regions of any size are taken and given back in any order: sizes are rounded up to powers
 * of two, and free neighbours join again. The memory itself is allocated when it is first needed. Owned by one thread.
 */
final class BuddyArena {
    /** Smallest region. */
    static final int MIN_BYTES = 4096;
    /** Answer when no region of the size is free. */
    static final int FULL = -1;

    private static final int MIN_SHIFT = Integer.numberOfTrailingZeros(MIN_BYTES);
    private static final int NONE = -1;
    private static final byte IN_USE = -1;

    private final int capacity;
    private final int orders;
    /** By leaf: order of the free region that starts there, or IN_USE. */
    private final byte[] freeOrder;
    /** By leaf: order of the used region that starts there. */
    private final byte[] usedOrder;
    private final int[] next;
    private final int[] previous;
    private final int[] head;
    private UnsafeBuffer memory;
    private long bytesInUse;

    /** An arena of {@code capacityBytes}, a power of two of at least {@link #MIN_BYTES}. */
    BuddyArena(final int capacityBytes) {
        if (!BitUtil.isPowerOfTwo(capacityBytes) || capacityBytes < MIN_BYTES) {
            throw new IllegalArgumentException("arena of " + capacityBytes + " bytes: not a power of two from " + MIN_BYTES);
        }
        capacity = capacityBytes;
        final int leaves = capacityBytes >>> MIN_SHIFT;
        orders = Integer.numberOfTrailingZeros(leaves) + 1;
        freeOrder = new byte[leaves];
        usedOrder = new byte[leaves];
        next = new int[leaves];
        previous = new int[leaves];
        head = new int[orders];
        Arrays.fill(freeOrder, IN_USE);
        Arrays.fill(head, NONE);
        push(0, orders - 1);
    }

    int capacity() {
        return capacity;
    }

    long bytesInUse() {
        return bytesInUse;
    }

    UnsafeBuffer memory() {
        return memory;
    }

    /** Offset of a region of at least {@code length} bytes, or {@link #FULL}. */
    int allocate(final int length) {
        if (length > capacity || length <= 0) {
            return FULL;
        }
        final int wanted = orderOf(length);
        int order = wanted;
        while (order < orders && head[order] == NONE) {
            order++;
        }
        if (order == orders) {
            return FULL;
        }
        final int leaf = head[order];
        remove(leaf, order);
        while (order > wanted) {
            order--;
            push(leaf + (1 << order), order);
        }
        usedOrder[leaf] = (byte) wanted;
        bytesInUse += (long) MIN_BYTES << wanted;
        if (memory == null) {
            memory = new UnsafeBuffer(ByteBuffer.allocateDirect(capacity));
        }
        return leaf << MIN_SHIFT;
    }

    /** Gives a region back. */
    void free(final int offset) {
        int leaf = offset >>> MIN_SHIFT;
        int order = usedOrder[leaf];
        bytesInUse -= (long) MIN_BYTES << order;
        while (order < orders - 1) {
            final int buddy = leaf ^ (1 << order);
            if (freeOrder[buddy] != order) {
                break;
            }
            remove(buddy, order);
            leaf = Math.min(leaf, buddy);
            order++;
        }
        push(leaf, order);
    }

    private static int orderOf(final int length) {
        final int leaves = (length + MIN_BYTES - 1) >>> MIN_SHIFT;
        return leaves <= 1 ? 0 : Integer.SIZE - Integer.numberOfLeadingZeros(leaves - 1);
    }

    private void push(final int leaf, final int order) {
        freeOrder[leaf] = (byte) order;
        previous[leaf] = NONE;
        next[leaf] = head[order];
        if (head[order] != NONE) {
            previous[head[order]] = leaf;
        }
        head[order] = leaf;
    }

    private void remove(final int leaf, final int order) {
        if (previous[leaf] == NONE) {
            head[order] = next[leaf];
        } else {
            next[previous[leaf]] = next[leaf];
        }
        if (next[leaf] != NONE) {
            previous[next[leaf]] = previous[leaf];
        }
        freeOrder[leaf] = IN_USE;
    }
}
