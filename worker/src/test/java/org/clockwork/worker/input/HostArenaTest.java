package org.clockwork.worker.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** Room is given out once, and all of it comes back. */
class HostArenaTest {
    private static final int UNIT = HostArena.UNIT_BYTES;

    @Test
    void givesAllOfItAndNoMore() {
        for (final int units : new int[] {1, 7, 8, 9, 100, 1000, 4097}) {
            final HostArena arena = arena(units * UNIT + 17);
            assertEquals((long) units * UNIT, arena.freeBytes());
            assertEquals(HostArena.NO_ROOM, arena.allocate(units * UNIT + 1));
            assertEquals(0, arena.allocate(units * UNIT));
            assertEquals(0, arena.freeBytes());
            assertEquals(HostArena.NO_ROOM, arena.allocate(1));
            arena.free(0);
            assertEquals((long) units * UNIT, arena.freeBytes());
        }
    }

    @Test
    void refusesWhatWasNotGivenOut() {
        final HostArena arena = arena(10 * UNIT);
        final int offset = arena.allocate(3 * UNIT);
        assertThrows(IllegalArgumentException.class, () -> arena.free(offset + UNIT));
        assertThrows(IllegalArgumentException.class, () -> arena.free(offset + 1));
        assertThrows(IllegalArgumentException.class, () -> arena.free(-UNIT));
        assertThrows(IllegalArgumentException.class, () -> arena.free(10 * UNIT));
        arena.free(offset);
        assertThrows(IllegalArgumentException.class, () -> arena.free(offset));
        assertEquals(HostArena.NO_ROOM, arena.allocate(-1));
        assertThrows(IllegalArgumentException.class, () -> arena(UNIT - 1));
    }

    @Test
    void neighboursJoinAgainInAnyOrder() {
        final int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        for (final int[] order : orders) {
            final HostArena arena = arena(9 * UNIT);
            final int[] offsets = {arena.allocate(3 * UNIT), arena.allocate(3 * UNIT), arena.allocate(3 * UNIT)};
            for (final int i : order) {
                arena.free(offsets[i]);
            }
            assertEquals(0, arena.allocate(9 * UNIT));
        }
    }

    @Test
    void piecesNeverOverlapAndNothingIsLost() {
        final long seed = 11;
        final SplittableRandom random = new SplittableRandom(seed);
        final HostArena arena = arena(5000 * UNIT);
        final byte[] owner = new byte[5000];
        final List<int[]> live = new ArrayList<>();
        long used = 0;
        int refused = 0;
        for (int i = 0; i < 100_000; i++) {
            if (random.nextInt(100) < 52) {
                final int bytes = random.nextInt(10) == 0 ? random.nextInt(600 * UNIT) : random.nextInt(40 * UNIT);
                final int offset = arena.allocate(bytes);
                if (offset == HostArena.NO_ROOM) {
                    refused++;
                    continue;
                }
                final int units = Math.max(1, (bytes + UNIT - 1) / UNIT);
                for (int u = 0; u < units; u++) {
                    assertEquals(0, owner[offset / UNIT + u], "seed=" + seed + " step=" + i);
                    owner[offset / UNIT + u] = 1;
                }
                live.add(new int[] {offset, units});
                used += units;
            } else if (!live.isEmpty()) {
                final int[] piece = live.remove(random.nextInt(live.size()));
                arena.free(piece[0]);
                java.util.Arrays.fill(owner, piece[0] / UNIT, piece[0] / UNIT + piece[1], (byte) 0);
                used -= piece[1];
            }
            assertEquals((5000 - used) * UNIT, arena.freeBytes());
        }
        assertTrue(refused > 100, "never full: refused=" + refused);
        live.forEach(piece -> arena.free(piece[0]));
        assertEquals(0, arena.allocate(5000 * UNIT), "the pieces did not join");
    }

    @Test
    void allocatesNothing() {
        final HostArena arena = arena(1000 * UNIT);
        final Runnable work = () -> {
            for (int i = 0; i < 20_000; i++) {
                final int a = arena.allocate(1 + i % 7000);
                final int b = arena.allocate(1 + i % 3000);
                arena.free(a);
                arena.free(b);
            }
        };
        work.run();
        assertTrue(Allocation.bytesOf(work) < 10_000);
    }

    private static HostArena arena(final int bytes) {
        return new HostArena(new UnsafeBuffer(ByteBuffer.allocateDirect(bytes)));
    }
}
