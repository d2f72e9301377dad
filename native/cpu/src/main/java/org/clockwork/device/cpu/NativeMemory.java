package org.clockwork.device.cpu;

import com.sun.jna.LastErrorException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLongArray;

/** All native memory that this backend takes, counted by what it is for, so that a leak has a name. Any thread. */
final class NativeMemory {
    /** What memory is for. */
    enum Tag {
        /** Pages of weights: physical from the start. */
        PAGES,
        /** Address ranges behind which pages are gathered: addresses only. */
        RANGES,
        /** Compiled models in host memory. */
        HOST_WEIGHTS,
        /** Buffers given out to the worker. */
        HOST_BUFFERS,
        /** Input and output slot. */
        IO_SLOT,
        /** What plans keep between their steps: present when first used. */
        WORKSPACE,
        /** Objects of ONNX Runtime, counted one by one: sessions and tensors. */
        RUNTIME_OBJECTS
    }

    static final long SMALL_PAGE = 4096;
    private static final long HUGE_PAGE = 2L << 20;

    private final Posix posix;
    private final AtomicLongArray bytes = new AtomicLongArray(Tag.values().length);

    NativeMemory(final Posix posix) {
        this.posix = posix;
    }

    Posix posix() {
        return posix;
    }

    /** Zeroed memory, present from the start, aligned to a small page at least. */
    long allocate(final Tag tag, final long size) {
        final long rounded = roundUp(size, SMALL_PAGE);
        final long address;
        try {
            address = posix.mapAnonymous(rounded, Posix.PROT_READ | Posix.PROT_WRITE, Posix.MAP_POPULATE);
        } catch (final LastErrorException e) {
            throw new IllegalStateException("no memory: tag=" + tag + " bytes=" + size + " reason=" + e.getMessage(), e);
        }
        count(tag, rounded);
        return address;
    }

    /** Addresses without memory, or with memory that is not present yet; aligned to a large page. */
    long reserve(final Tag tag, final long size, final int protection) {
        final long slack = size + HUGE_PAGE;
        final long start = posix.mapAnonymous(slack, protection, Posix.MAP_NORESERVE);
        final long aligned = roundUp(start, HUGE_PAGE);
        if (aligned > start) {
            posix.unmap(start, aligned - start);
        }
        final long tail = start + slack - (aligned + size);
        if (tail > 0) {
            posix.unmap(aligned + size, tail);
        }
        count(tag, size);
        return aligned;
    }

    /** A part of a file in memory, read-only. */
    long mapFile(final Tag tag, final Path file, final long offset, final long size) {
        final long address = posix.mapFile(file.toString(), offset, size);
        count(tag, roundUp(size, SMALL_PAGE));
        return address;
    }

    /** Gives back what any of the above gave, with the size then asked for. */
    void free(final Tag tag, final long address, final long size) {
        final long rounded = roundUp(size, SMALL_PAGE);
        posix.unmap(address, rounded);
        count(tag, -rounded);
    }

    /** Counts what is not allocated here. */
    void count(final Tag tag, final long change) {
        bytes.addAndGet(tag.ordinal(), change);
    }

    long bytes(final Tag tag) {
        return bytes.get(tag.ordinal());
    }

    static long roundUp(final long value, final long unit) {
        return (value + unit - 1) / unit * unit;
    }
}
