package org.clockwork.worker.window;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.clockwork.worker.action.Action;
import org.clockwork.worker.action.ActionTable;
import org.junit.jupiter.api.Test;

/** Order and edges of windows. */
class WindowQueueTest {
    private final ActionTable actions = new ActionTable(64, 1);
    private final WindowQueue queue = new WindowQueue(4);

    @Test
    void ordersByEarliestThenArrival() {
        final Action late = action(30, 40);
        final Action first = action(10, 90);
        final Action second = action(10, 20);
        final Action middle = action(20, 30);
        assertTrue(queue.add(late) && queue.add(first) && queue.add(middle) && queue.add(second));
        assertSame(first, queue.remove(0));
        assertSame(second, queue.remove(0));
        assertSame(middle, queue.remove(0));
        assertSame(late, queue.remove(0));
    }

    @Test
    void fullQueueRefuses() {
        for (int i = 0; i < 4; i++) {
            assertFalse(queue.isFull());
            assertTrue(queue.add(action(i, i)));
        }
        assertTrue(queue.isFull());
        assertFalse(queue.add(action(9, 9)));
        queue.remove(2);
        assertTrue(queue.add(action(9, 9)));
    }

    @Test
    void windowEdges() {
        queue.add(action(100, 200));
        assertFalse(queue.isOpen(0, 99));
        assertTrue(queue.isOpen(0, 100));
        assertFalse(queue.hasClosed(200));
        assertTrue(queue.hasClosed(201));
        assertEquals(100, queue.nextWakeNs(99));
        assertEquals(201, queue.nextWakeNs(100));
        queue.remove(0);
        assertEquals(Long.MAX_VALUE, queue.nextWakeNs(0));
        assertFalse(queue.hasClosed(Long.MAX_VALUE));
    }

    @Test
    void survivesTheWrapOfTheClock() {
        final long before = Long.MAX_VALUE - 5;
        final Action wrapped = action(before + 10, before + 20);
        final Action early = action(before, before + 30);
        queue.add(wrapped);
        queue.add(early);
        assertSame(early, queue.get(0));
        assertTrue(queue.isOpen(0, before));
        assertFalse(queue.isOpen(1, before));
        assertFalse(queue.hasClosed(before + 20));
        assertTrue(queue.hasClosed(before + 21));
    }

    @Test
    void agreesWithASortedList() {
        final long seed = 4;
        final SplittableRandom random = new SplittableRandom(seed);
        final WindowQueue large = new WindowQueue(64);
        final List<Action> model = new ArrayList<>();
        final Comparator<Action> order = Comparator.<Action>comparingLong(a -> a.earliestNs).thenComparingLong(a -> a.sequence);
        for (int i = 0; i < 20_000; i++) {
            if (model.size() < 50 && random.nextInt(100) < 55) {
                final long earliest = random.nextLong(1000);
                final Action action = action(earliest, earliest + random.nextLong(100));
                large.add(action);
                model.add(action);
                model.sort(order);
            } else if (!model.isEmpty()) {
                final Action action = model.remove(random.nextInt(model.size()));
                assertTrue(large.remove(action));
                assertFalse(large.remove(action));
                actions.release(action);
            }
            final long now = random.nextLong(1100);
            assertEquals(model.size(), large.size());
            for (int k = 0; k < model.size(); k++) {
                assertSame(model.get(k), large.get(k), "seed=" + seed + " step=" + i);
            }
            assertEquals(model.stream().anyMatch(a -> now > a.latestNs), large.hasClosed(now));
            final long closes = model.stream().mapToLong(a -> a.latestNs + 1).min().orElse(Long.MAX_VALUE);
            final long opens = model.stream().mapToLong(a -> a.earliestNs).filter(e -> e > now).min().orElse(Long.MAX_VALUE);
            assertEquals(Math.min(closes, opens), large.nextWakeNs(now));
        }
    }

    private Action action(final long earliestNs, final long latestNs) {
        final Action action = actions.acquire();
        action.earliestNs = earliestNs;
        action.latestNs = latestNs;
        return action;
    }
}
