package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.clockwork.device.Device;
import org.clockwork.device.engine.PagePool;
import org.junit.jupiter.api.Test;

/** Pages from anywhere look like one piece, however full and however cut up the memory is. */
final class PageMemoryTest {
    private static final int PAGES = 12;
    private static final int CHURN = 10_000;
    private static final int STEP = Device.PAGE_BYTES / 4;

    /** What stands for a loaded model: pages behind a range, with marks in them. */
    private static final class Copy {
        private final int[] pages;
        private final long range;
        private final int mark;

        Copy(final int[] pages, final long range, final int mark) {
            this.pages = pages;
            this.range = range;
            this.mark = mark;
        }
    }

    @Test
    void churnNearFullNeverFails() {
        final long seed = 4711;
        final SplittableRandom random = new SplittableRandom(seed);
        final NativeMemory memory = new NativeMemory(Posix.bind());
        final PagePool pool = new PagePool(PAGES);
        try (PageMemory pages = new PageMemory(memory, PAGES)) {
            final List<Copy> loaded = new ArrayList<>();
            int used = 0;
            for (int i = 0; i < CHURN; i++) {
                final int count = 1 + random.nextInt(5);
                while (pool.freeCount() < count) {
                    final Copy gone = loaded.remove(random.nextInt(loaded.size()));
                    unload(pages, pool, gone);
                    used -= gone.pages.length;
                }
                loaded.add(load(pages, pool, count, i));
                used += count;
                assertEquals(PAGES - used, pool.freeCount(), "seed=" + seed);
                check(loaded.get(random.nextInt(loaded.size())));
            }
            loaded.forEach(PageMemoryTest::check);
            loaded.forEach(copy -> unload(pages, pool, copy));
            assertEquals(PAGES, pool.freeCount());
            assertEquals(0, memory.bytes(NativeMemory.Tag.RANGES));
            assertEquals((long) PAGES * Device.PAGE_BYTES, memory.bytes(NativeMemory.Tag.PAGES));
        }
        assertEquals(0, memory.bytes(NativeMemory.Tag.PAGES));
    }

    @Test
    void lentMemoryComesBack() {
        final NativeMemory memory = new NativeMemory(Posix.bind());
        try (PageMemory pages = new PageMemory(memory, 2)) {
            final long range = pages.reserveRange(2);
            pages.gather(range, new int[] {1, 0}, 2);
            Posix.view(range, Device.PAGE_BYTES).putLong(0, 77);
            final long from = range + 3 * NativeMemory.SMALL_PAGE;
            pages.lend(from, 2L * Device.PAGE_BYTES - 3 * NativeMemory.SMALL_PAGE);
            assertEquals(77, Posix.view(range, Device.PAGE_BYTES).getLong(0), "what lies before is untouched");
            pages.reclaim(from, 2L * Device.PAGE_BYTES - 3 * NativeMemory.SMALL_PAGE);
            assertEquals(77, Posix.view(range, Device.PAGE_BYTES).getLong(0));
            Posix.view(range, 2L * Device.PAGE_BYTES).putLong(2 * Device.PAGE_BYTES - 8, 78);
            pages.scatter(range, new int[] {1, 0}, 2);
            pages.gather(range, new int[] {0, 1}, 2);
            assertEquals(78, Posix.view(range, Device.PAGE_BYTES).getLong(Device.PAGE_BYTES - 8), "page 0 keeps its bytes");
            assertEquals(77, Posix.view(range + Device.PAGE_BYTES, Device.PAGE_BYTES).getLong(0));
            pages.scatter(range, new int[] {0, 1}, 2);
            pages.releaseRange(range, 2);
        }
    }

    private static Copy load(final PageMemory memory, final PagePool pool, final int count, final int mark) {
        final int[] pages = new int[count];
        pool.take(pages, count);
        final long range = memory.reserveRange(count);
        memory.gather(range, pages, count);
        final ByteBuffer view = Posix.view(range, (long) count * Device.PAGE_BYTES);
        for (int at = 0; at < view.capacity(); at += STEP) {
            view.putInt(at, mark ^ at);
            view.putInt(at + STEP - Integer.BYTES, mark ^ ~at);
        }
        return new Copy(pages, range, mark);
    }

    private static void check(final Copy copy) {
        final ByteBuffer view = Posix.view(copy.range, (long) copy.pages.length * Device.PAGE_BYTES);
        for (int at = 0; at < view.capacity(); at += STEP) {
            assertEquals(copy.mark ^ at, view.getInt(at));
            assertEquals(copy.mark ^ ~at, view.getInt(at + STEP - Integer.BYTES));
        }
    }

    private static void unload(final PageMemory memory, final PagePool pool, final Copy copy) {
        check(copy);
        memory.scatter(copy.range, copy.pages, copy.pages.length);
        memory.releaseRange(copy.range, copy.pages.length);
        pool.give(copy.pages, copy.pages.length);
    }
}
