package org.clockwork.controller.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** Blocks never overlap, waste less than a granule, and all of the memory comes back. */
class ByteArenaTest {
    private static final int GRANULE = ByteArena.GRANULE;

    @Test
    void edgesOfSize() {
        assertThrows(IllegalArgumentException.class, () -> new ByteArena(GRANULE - 1));
        assertThrows(IllegalArgumentException.class, () -> new ByteArena((1L << 30) + 1));
        final ByteArena arena = new ByteArena(GRANULE);
        assertEquals(ByteArena.FULL, arena.allocate(GRANULE + 1));
        final int block = arena.allocate(GRANULE);
        assertEquals(0, block);
        assertEquals(ByteArena.FULL, arena.allocate(1));
        arena.free(block, GRANULE);
        assertEquals(0, arena.usedBytes());
        assertEquals(ByteArena.FULL, arena.allocate(Integer.MAX_VALUE));
    }

    @Test
    void wastesLessThanAGranule() {
        final ByteArena arena = new ByteArena(1500L * GRANULE);
        final int block = arena.allocate(588 * GRANULE - 3);
        assertNotEquals(ByteArena.FULL, block);
        assertEquals(588L * GRANULE, arena.usedBytes());
        int others = 0;
        while (arena.allocate(GRANULE) != ByteArena.FULL) {
            others++;
        }
        assertEquals(1500 - 588, others);
    }

    @Test
    void freeingTwiceIsNoticed() {
        final ByteArena arena = new ByteArena(4 * GRANULE);
        final int block = arena.allocate(2 * GRANULE);
        arena.free(block, 2 * GRANULE);
        assertThrows(IllegalStateException.class, () -> arena.free(block, 2 * GRANULE));
    }

    @Test
    void granulesKeptAtHandAreJoinedWhenALargerBlockNeedsThem() {
        final ByteArena arena = new ByteArena(4 * GRANULE);
        for (int i = 0; i < 4; i++) {
            assertNotEquals(ByteArena.FULL, arena.allocate(1));
        }
        assertEquals(ByteArena.FULL, arena.allocate(1));
        for (int i = 0; i < 4; i++) {
            arena.free(i, 1);
        }
        assertEquals(0, arena.allocate(4 * GRANULE));
    }

    @Test
    void anyOrder() {
        for (int seed = 0; seed < 50; seed++) {
            final SplittableRandom random = new SplittableRandom(seed);
            final int granules = 1 + random.nextInt(300);
            final ByteArena arena = new ByteArena((long) granules * GRANULE);
            final boolean[] isUsed = new boolean[granules];
            final List<int[]> blocks = new ArrayList<>();
            for (int step = 0; step < 2000; step++) {
                if (random.nextBoolean()) {
                    final int bytes = 1 + random.nextInt(random.nextBoolean() ? 3 * GRANULE : granules * GRANULE);
                    final int block = arena.allocate(bytes);
                    if (block != ByteArena.FULL) {
                        mark(isUsed, block, bytes, true, "seed=" + seed + " step=" + step);
                        blocks.add(new int[] {block, bytes});
                    }
                } else if (!blocks.isEmpty()) {
                    final int[] freed = blocks.remove(random.nextInt(blocks.size()));
                    mark(isUsed, freed[0], freed[1], false, "seed=" + seed);
                    arena.free(freed[0], freed[1]);
                }
            }
            blocks.forEach(block -> arena.free(block[0], block[1]));
            assertEquals(0, arena.usedBytes());
            final int whole = arena.allocate(Integer.highestOneBit(granules) * GRANULE);
            assertNotEquals(ByteArena.FULL, whole, "joined again, seed=" + seed);
        }
    }

    @Test
    void allocatesNothing() {
        final ByteArena arena = new ByteArena(1 << 20);
        final int[] blocks = new int[100];
        final Runnable work = () -> {
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = arena.allocate(1 + i * 97);
            }
            for (int i = 0; i < blocks.length; i++) {
                arena.free(blocks[i], 1 + i * 97);
            }
        };
        work.run();
        assertEquals(0, Allocation.bytesOf(work), 500);
    }

    private static void mark(final boolean[] isUsed, final int block, final int bytes, final boolean value, final String text) {
        for (int i = 0; i < (bytes + GRANULE - 1) / GRANULE; i++) {
            assertEquals(!value, isUsed[block + i], text);
            isUsed[block + i] = value;
        }
    }
}
