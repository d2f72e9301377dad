package org.clockwork.worker.input;

import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.MutableDirectBuffer;

/**
 * A bounded piece of host memory, allocated once, from which tensors of any size are given out and taken back in
 * constant time: segregated free lists with eight size classes to each power of two, neighbours joined when freed
 * (after Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004). The bookkeeping
 * lies outside the memory. Owned by the worker agent.
 */
public final class HostArena {
    /** What is given out begins at a multiple of this and is a multiple of it long. */
    public static final int UNIT_BYTES = 512;
    /** Answer of {@link #allocate} when there is no room. */
    public static final int NO_ROOM = -1;

    private static final int STEP_BITS = 3;
    private static final int STEPS = 1 << STEP_BITS;
    private static final int CLASSES = (Integer.SIZE - STEP_BITS + 1) * STEPS;
    private static final int MAX_WALK = 16;
    private static final int NONE = -1;

    private final MutableDirectBuffer memory;
    private final int units;
    /** At the first unit of a block: its length in units; negative when it is free. */
    private final int[] lengths;
    /** At the first unit of a block: the first unit of the block before it in memory. */
    private final int[] before;
    private final int[] nextFree;
    private final int[] previousFree;
    private final int[] heads = new int[CLASSES];
    private final long[] nonEmpty = new long[(CLASSES + Long.SIZE - 1) / Long.SIZE];
    private int freeUnits;

    /** An arena over all of {@code memory}, rounded down to whole units. */
    public HostArena(final MutableDirectBuffer memory) {
        this.memory = memory;
        this.units = memory.capacity() / UNIT_BYTES;
        if (units < 1) {
            throw new IllegalArgumentException("arena too small: bytes=" + memory.capacity() + " least=" + UNIT_BYTES);
        }
        lengths = new int[units];
        before = new int[units];
        nextFree = new int[units];
        previousFree = new int[units];
        Arrays.fill(heads, NONE);
        before[0] = NONE;
        freeUnits = units;
        addFree(0, units);
    }

    /** The memory itself; offsets are into it. */
    public MutableDirectBuffer memory() {
        return memory;
    }

    /** All of it. */
    public long totalBytes() {
        return (long) units * UNIT_BYTES;
    }

    /** What is not given out, in however many pieces. */
    public long freeBytes() {
        return (long) freeUnits * UNIT_BYTES;
    }

    /**
     * Takes room for {@code bytes}.
     *
     * @return its offset, or {@link #NO_ROOM}.
     */
    public int allocate(final int bytes) {
        if (bytes < 0 || bytes > totalBytes()) {
            return NO_ROOM;
        }
        final int wanted = Math.max(1, (int) (((long) bytes + UNIT_BYTES - 1) / UNIT_BYTES));
        final int block = find(wanted);
        if (block == NONE) {
            return NO_ROOM;
        }
        final int length = -lengths[block];
        removeFree(block, length);
        if (length > wanted) {
            final int rest = block + wanted;
            before[rest] = block;
            setBefore(block + length, rest);
            addFree(rest, length - wanted);
        }
        lengths[block] = wanted;
        freeUnits -= wanted;
        return block * UNIT_BYTES;
    }

    /** Gives back what {@link #allocate} returned. */
    public void free(final int offset) {
        int block = offset / UNIT_BYTES;
        if (offset < 0 || offset % UNIT_BYTES != 0 || block >= units || lengths[block] <= 0) {
            throw new IllegalArgumentException("nothing was given out at offset=" + offset);
        }
        int length = lengths[block];
        freeUnits += length;
        final int next = block + length;
        if (next < units && lengths[next] < 0) {
            length -= lengths[next];
            removeFree(next, -lengths[next]);
            lengths[next] = 0;
        }
        final int previous = before[block];
        if (previous != NONE && lengths[previous] < 0) {
            length -= lengths[previous];
            removeFree(previous, -lengths[previous]);
            lengths[block] = 0;
            block = previous;
        }
        setBefore(block + length, block);
        addFree(block, length);
    }

    private int find(final int wanted) {
        final int exact = sizeClass(wanted);
        final int sure = exact < STEPS ? exact : sizeClass(wanted + (1 << (floorLog2(wanted) - STEP_BITS)) - 1);
        final int fitting = firstNonEmpty(sure);
        if (fitting != NONE) {
            return heads[fitting];
        }
        int block = heads[exact];
        for (int i = 0; i < MAX_WALK && block != NONE; i++) {
            if (-lengths[block] >= wanted) {
                return block;
            }
            block = nextFree[block];
        }
        return NONE;
    }

    private int firstNonEmpty(final int from) {
        int word = from / Long.SIZE;
        long bits = nonEmpty[word] & (-1L << (from % Long.SIZE));
        while (bits == 0) {
            if (++word == nonEmpty.length) {
                return NONE;
            }
            bits = nonEmpty[word];
        }
        return word * Long.SIZE + Long.numberOfTrailingZeros(bits);
    }

    private void addFree(final int block, final int length) {
        final int sizeClass = sizeClass(length);
        final int head = heads[sizeClass];
        lengths[block] = -length;
        nextFree[block] = head;
        previousFree[block] = NONE;
        if (head != NONE) {
            previousFree[head] = block;
        }
        heads[sizeClass] = block;
        nonEmpty[sizeClass / Long.SIZE] |= 1L << (sizeClass % Long.SIZE);
    }

    private void removeFree(final int block, final int length) {
        final int sizeClass = sizeClass(length);
        final int next = nextFree[block];
        final int previous = previousFree[block];
        if (next != NONE) {
            previousFree[next] = previous;
        }
        if (previous != NONE) {
            nextFree[previous] = next;
        } else {
            heads[sizeClass] = next;
            if (next == NONE) {
                nonEmpty[sizeClass / Long.SIZE] &= ~(1L << (sizeClass % Long.SIZE));
            }
        }
    }

    private void setBefore(final int block, final int value) {
        if (block < units) {
            before[block] = value;
        }
    }

    private static int floorLog2(final int value) {
        return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(value);
    }

    private static int sizeClass(final int length) {
        if (length < STEPS) {
            return length;
        }
        final int power = floorLog2(length);
        return (power - STEP_BITS + 1) * STEPS + ((length >>> (power - STEP_BITS)) & (STEPS - 1));
    }

    /** Bytes that {@link #allocate} really takes for {@code bytes}. */
    public static int roundedUp(final int bytes) {
        return BitUtil.align(Math.max(1, bytes), UNIT_BYTES);
    }
}
