package org.clockwork.device.cpu;

import com.sun.jna.LastErrorException;
import org.clockwork.device.Device;

/**
 * The pages of weights memory. Each has a home address; behind a range of a model they are gathered by moving page
 * tables, so that pages from anywhere look like one piece. Physical from the start; used by the load engine's thread.
 */
final class PageMemory implements AutoCloseable {
    private final NativeMemory memory;
    private final int pages;
    private final long home;
    private final long bytes;

    PageMemory(final NativeMemory memory, final int pages) {
        this.memory = memory;
        this.pages = pages;
        bytes = (long) pages * Device.PAGE_BYTES;
        home = memory.reserve(NativeMemory.Tag.PAGES, bytes, Posix.PROT_READ | Posix.PROT_WRITE);
        memory.posix().adviseHuge(home, bytes);
        try {
            memory.posix().populate(home, bytes);
        } catch (final LastErrorException e) {
            memory.free(NativeMemory.Tag.PAGES, home, bytes);
            throw new IllegalStateException(
                "the CPU device can't have its memory: bytes=" + bytes + " reason=" + e.getMessage(), e);
        }
    }

    int pages() {
        return pages;
    }

    /** An address range for this many pages; nothing is behind it yet. */
    long reserveRange(final int count) {
        return memory.reserve(NativeMemory.Tag.RANGES, (long) count * Device.PAGE_BYTES, Posix.PROT_NONE);
    }

    void releaseRange(final long range, final int count) {
        memory.free(NativeMemory.Tag.RANGES, range, (long) count * Device.PAGE_BYTES);
    }

    /** Gathers pages behind a range, in this order. */
    void gather(final long range, final int[] pageIndexes, final int count) {
        for (int i = 0; i < count; i++) {
            memory.posix().move(homeOf(pageIndexes[i]), range + (long) i * Device.PAGE_BYTES, Device.PAGE_BYTES);
        }
    }

    /** Sends the pages behind a range home. */
    void scatter(final long range, final int[] pageIndexes, final int count) {
        for (int i = 0; i < count; i++) {
            memory.posix().move(range + (long) i * Device.PAGE_BYTES, homeOf(pageIndexes[i]), Device.PAGE_BYTES);
        }
    }

    /** Gives a part of a range's memory to the system, for what ONNX Runtime itself will allocate in its stead. */
    void lend(final long address, final long size) {
        memory.posix().discard(address, size);
    }

    /** Takes lent memory back. */
    void reclaim(final long address, final long size) {
        memory.posix().populate(address, size);
    }

    private long homeOf(final int pageIndex) {
        return home + (long) pageIndex * Device.PAGE_BYTES;
    }

    @Override
    public void close() {
        memory.free(NativeMemory.Tag.PAGES, home, bytes);
    }
}
