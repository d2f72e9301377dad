package org.clockwork.controller.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The heap, against a sorted set. */
class IndexedHeapTest {
    /** A member with its key. */
    private record Entry(long key, int item) implements Comparable<Entry> {
        @Override
        public int compareTo(final Entry other) {
            return key != other.key ? Long.compare(key, other.key) : Integer.compare(item, other.item);
        }
    }

    @Test
    void anyOrderOfChanges() {
        for (int seed = 0; seed < 100; seed++) {
            final SplittableRandom random = new SplittableRandom(seed);
            final IndexedHeap heap = new IndexedHeap(1);
            final TreeSet<Entry> expected = new TreeSet<>();
            for (int step = 0; step < 1000; step++) {
                final int item = random.nextInt(40);
                final boolean isIn = heap.contains(item);
                if (isIn) {
                    assertTrue(expected.remove(new Entry(heap.keyOf(item), item)), "seed=" + seed);
                }
                if (isIn && random.nextInt(3) == 0) {
                    heap.remove(item);
                } else {
                    final long key = random.nextInt(20);
                    heap.set(item, key);
                    expected.add(new Entry(key, item));
                }
                assertEquals(expected.size(), heap.size());
                assertEquals(expected.isEmpty() ? IndexedHeap.NONE : expected.first().item, heap.first(), "seed=" + seed);
                assertEquals(expected.isEmpty() ? Long.MAX_VALUE : expected.first().key, heap.firstKey());
            }
            while (!expected.isEmpty()) {
                assertEquals(expected.pollFirst().item, heap.poll());
            }
            assertTrue(heap.isEmpty());
        }
    }

    @Test
    void tiesAndWrap() {
        final IndexedHeap heap = new IndexedHeap(8);
        heap.set(5, 1);
        heap.set(2, 1);
        assertEquals(2, heap.first());
        heap.set(7, Long.MIN_VALUE + 1);
        heap.remove(2);
        heap.remove(5);
        heap.set(1, Long.MAX_VALUE);
        assertEquals(1, heap.first(), "times that wrap");
        assertFalse(heap.contains(99));
        heap.remove(99);
        assertEquals(2, heap.size());
    }
}
