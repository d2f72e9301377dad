package org.clockwork.device.cpu;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The few calls of Linux that let pages anywhere appear as one address range. Any thread. */
final class Posix {
    static final int PROT_NONE = 0;
    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MAP_PRIVATE = 0x02;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_NORESERVE = 0x4000;
    static final int MAP_POPULATE = 0x8000;

    private static final int MREMAP_MAYMOVE = 1;
    private static final int MREMAP_FIXED = 2;
    private static final int MREMAP_DONTUNMAP = 4;
    private static final int MADV_DONTNEED = 4;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_POPULATE_WRITE = 23;
    private static final int EINVAL = 22;
    private static final int TOUCH_STEP = 4096;
    private static final int O_RDONLY = 0;
    private static final int O_CLOEXEC = 0x80000;

    private final LibC c;

    /** Signatures of the C library on 64-bit Linux; pointers and sizes are 64-bit integers. */
    interface LibC extends Library {
        long mmap(long address, long bytes, int protection, int flags, int file, long offset) throws LastErrorException;

        int munmap(long address, long bytes) throws LastErrorException;

        long mremap(long from, long fromBytes, long toBytes, int flags, long to) throws LastErrorException;

        int madvise(long address, long bytes, int advice) throws LastErrorException;

        int open(String path, int flags) throws LastErrorException;

        int close(int file) throws LastErrorException;

        int setenv(String name, String value, int overwrite) throws LastErrorException;
    }

    private Posix(final LibC c) {
        this.c = c;
    }

    /** Binds the C library, or says why this platform will not do. */
    static Posix bind() {
        try {
            if (!Platform.isLinux() || !Platform.is64Bit()) {
                throw new UnsupportedOperationException("the CPU device needs 64-bit Linux (mmap, mremap); os.name="
                    + System.getProperty("os.name") + " os.arch=" + System.getProperty("os.arch"));
            }
            return new Posix(Native.load("c", LibC.class));
        } catch (final LinkageError e) {
            throw new UnsupportedOperationException("the CPU device could not bind the C library through JNA: " + e, e);
        }
    }

    /** Sets a variable of this process's environment for native libraries, where the user has not set it. */
    void defaultVariable(final String name, final String value) {
        c.setenv(name, value, 0);
    }

    long mapAnonymous(final long bytes, final int protection, final int flags) {
        return c.mmap(0, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    }

    /** Maps a part of a file read-only; its bytes stay in the page cache, one copy for all who map it. */
    long mapFile(final String path, final long offset, final long bytes) {
        final int file = c.open(path, O_RDONLY | O_CLOEXEC);
        try {
            return c.mmap(0, bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, offset);
        } finally {
            c.close(file);
        }
    }

    void unmap(final long address, final long bytes) {
        c.munmap(address, bytes);
    }

    /**
     * Moves the memory behind one range to another by its page tables; nothing is copied. The old range stays ours and
     * is empty, what the new one held is gone.
     */
    void move(final long from, final long to, final long bytes) {
        c.mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
    }

    /** Asks for large pages; a kernel that has none may refuse. */
    void adviseHuge(final long address, final long bytes) {
        try {
            c.madvise(address, bytes, MADV_HUGEPAGE);
        } catch (final LastErrorException e) {
            // small pages are slower, not wrong
            return;
        }
    }

    /** Makes all memory of an empty range present now. */
    void populate(final long address, final long bytes) {
        try {
            c.madvise(address, bytes, MADV_POPULATE_WRITE);
        } catch (final LastErrorException e) {
            if (e.getErrorCode() != EINVAL) {
                throw e;
            }
            final Pointer memory = new Pointer(address);
            for (long offset = 0; offset < bytes; offset += TOUCH_STEP) {
                memory.setByte(offset, (byte) 0);
            }
        }
    }

    /** Gives the memory of a range back to the system; the range stays. */
    void discard(final long address, final long bytes) {
        c.madvise(address, bytes, MADV_DONTNEED);
    }

    /** Has the C library give back what was freed and it still holds. */
    void trim() {
        try {
            NativeLibrary.getInstance("c").getFunction("malloc_trim").invokeInt(new Object[] {0L});
        } catch (final UnsatisfiedLinkError e) {
            // another C library than GNU's has no such call
            return;
        }
    }

    /** A view of native memory; it keeps nothing alive. */
    static ByteBuffer view(final long address, final long bytes) {
        if (bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a view holds at most 2 GiB: bytes=" + bytes);
        }
        return new Pointer(address).getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
    }
}
