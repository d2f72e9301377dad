package org.clockwork.device.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Every page is given once at a time. */
final class PagePoolTest {
    @Test
    void countsAndRefusesDoubles() {
        final PagePool pool = new PagePool(3);
        final int[] taken = new int[3];
        assertThrows(IllegalStateException.class, () -> pool.take(new int[4], 4));
        pool.take(taken, 3);
        assertEquals(0, pool.freeCount());
        assertEquals(3, IntStream.of(taken).distinct().count());
        assertThrows(IllegalStateException.class, () -> pool.take(new int[1], 1));
        pool.take(new int[0], 0);
        pool.give(taken, 2);
        assertThrows(IllegalStateException.class, () -> pool.give(taken, 1));
        assertEquals(2, pool.freeCount());
        assertEquals(3, pool.total());
    }
}
