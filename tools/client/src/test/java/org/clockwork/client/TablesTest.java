package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.clockwork.schema.codec.ModelState;
import org.junit.jupiter.api.Test;

/** The core's small data structures against plain models of them. */
class TablesTest {
    @Test
    void theHeapGivesDeadlinesInOrderAcrossTheWrapOfTime() {
        final int slots = 64;
        for (int seed = 0; seed < 50; seed++) {
            final Random random = new Random(seed);
            final long base = seed % 2 == 0 ? 1000 : Long.MAX_VALUE - 50;
            final DeadlineHeap heap = new DeadlineHeap(slots);
            final long[] deadlines = new long[slots];
            final TreeSet<Integer> present = new TreeSet<>((a, b) ->
                deadlines[a] != deadlines[b] ? (deadlines[a] - deadlines[b] < 0 ? -1 : 1) : Integer.compare(a, b));
            for (int step = 0; step < 2000; step++) {
                final int slot = random.nextInt(slots);
                present.remove(slot);
                if (random.nextInt(3) == 0) {
                    heap.remove(slot);
                } else {
                    deadlines[slot] = base + random.nextInt(100);
                    heap.put(slot, deadlines[slot]);
                    present.add(slot);
                }
                assertEquals(present.isEmpty(), heap.isEmpty());
                if (!present.isEmpty()) {
                    assertEquals(present.first(), heap.first(), "seed " + seed);
                    assertEquals(deadlines[heap.first()], heap.firstNs());
                }
            }
        }
    }

    @Test
    void theListKeepsTheOrderOfJoining() {
        final Random random = new Random(5);
        final SlotList list = new SlotList(16);
        final List<Integer> model = new ArrayList<>();
        for (int step = 0; step < 5000; step++) {
            final int slot = random.nextInt(16);
            if (random.nextBoolean()) {
                list.add(slot);
                if (!model.contains(slot)) {
                    model.add(slot);
                }
            } else {
                assertEquals(model.remove((Integer) slot), list.remove(slot));
            }
            assertEquals(model.isEmpty(), list.isEmpty());
            assertEquals(model.contains(slot), list.contains(slot));
            if (!model.isEmpty()) {
                assertEquals(model.get(0), list.first());
            }
        }
    }

    @Test
    void theArenasRegionsNeverOverlapAndJoinAgain() {
        final int capacity = 1 << 20;
        for (int seed = 0; seed < 20; seed++) {
            final Random random = new Random(seed);
            final BuddyArena arena = new BuddyArena(capacity);
            final List<int[]> used = new ArrayList<>();
            int refused = 0;
            for (int step = 0; step < 2000; step++) {
                if (random.nextInt(5) < 3) {
                    final int length = 1 + random.nextInt(1 << random.nextInt(18));
                    final int offset = arena.allocate(length);
                    refused += offset == BuddyArena.FULL ? 1 : 0;
                    if (offset != BuddyArena.FULL) {
                        assertTrue(offset >= 0 && offset + length <= capacity);
                        for (final int[] other : used) {
                            assertTrue(offset + length <= other[0] || other[0] + other[1] <= offset, "seed " + seed);
                        }
                        used.add(new int[] {offset, length});
                    }
                } else if (!used.isEmpty()) {
                    arena.free(used.remove(random.nextInt(used.size()))[0]);
                }
            }
            assertTrue(refused > 0, "the test should fill it");
            used.forEach(region -> arena.free(region[0]));
            assertEquals(0, arena.bytesInUse());
            assertEquals(0, arena.allocate(capacity), "all of it is one region again");
        }
    }

    @Test
    void theArenasEdges() {
        final BuddyArena arena = new BuddyArena(8192);
        assertEquals(BuddyArena.FULL, arena.allocate(8193));
        assertEquals(BuddyArena.FULL, arena.allocate(0));
        assertEquals(BuddyArena.FULL, arena.allocate(-1));
        assertEquals(0, arena.allocate(4096));
        assertEquals(BuddyArena.FULL, arena.allocate(4097));
        assertEquals(4096, arena.allocate(1));
        assertEquals(BuddyArena.FULL, arena.allocate(1));
        assertThrows(IllegalArgumentException.class, () -> new BuddyArena(5000));
        assertThrows(IllegalArgumentException.class, () -> new BuddyArena(2048));
    }

    @Test
    void endpointsAreTriedInTurnAndRedirectsFirst() {
        final Endpoints endpoints = new Endpoints(Endpoints.parse("a:1, b:2/9 ,[::1]:3"));
        assertEquals("a:1", endpoints.current());
        assertFalse(endpoints.advance());
        assertEquals("b:2/9", endpoints.current());
        assertTrue(endpoints.redirect("c:1,d:2"));
        assertEquals("c:1", endpoints.current());
        assertFalse(endpoints.advance());
        assertEquals("d:2", endpoints.current());
        assertFalse(endpoints.advance());
        assertEquals("[::1]:3", endpoints.current());
        assertTrue(endpoints.advance());
        assertEquals("a:1", endpoints.current());
        assertFalse(endpoints.redirect("not an endpoint"));
        assertEquals("a:1", endpoints.current());
    }

    @Test
    void wrongEndpointsGetASentence() {
        for (final String text : List.of(
            "", "a", "a:", ":1", "a:65536", "a:1,", "a b:1", "a:1|b", "a:-1", "a:1,".repeat(16) + "a:1")) {
            assertThrows(IllegalArgumentException.class, () -> Endpoints.parse(text), text);
        }
        assertEquals(16, Endpoints.parse("a:1,".repeat(15) + "a:1").size());
    }

    @Test
    void theCatalogueForgetsByIdAndKeepsItsLimit() {
        final Catalogue catalogue = new Catalogue(2);
        final int[] none = {};
        final ModelState ready = ModelState.READY;
        catalogue.put(ControllerEncoder.model(1, "a", ready, none, none));
        catalogue.put(ControllerEncoder.model(2, "a", ready, none, none));
        assertEquals(2, catalogue.byName("a").modelId());
        assertEquals(null, catalogue.byId(1));
        catalogue.put(ControllerEncoder.model(1, "a", ModelState.UNREGISTERED, none, none));
        assertEquals(2, catalogue.byName("a").modelId(), "the end of an earlier one is not its own");
        catalogue.put(ControllerEncoder.model(3, "b", ready, none, none));
        catalogue.put(ControllerEncoder.model(4, "c", ready, none, none));
        assertEquals(2, catalogue.size());
        assertEquals(null, catalogue.byName("c"));
        catalogue.put(ControllerEncoder.model(5, "b", ready, none, none));
        assertEquals(5, catalogue.byName("b").modelId());
    }
}
