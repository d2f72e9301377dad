package org.clockwork.device.cpu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;

/**
 * Files that are mapped while a model is compiled. Java unmaps them when it collects garbage, which may be never; closing
 * this takes their pages from the process at once, and who still reads them gets them from the file again. One thread.
 */
final class Mappings implements AutoCloseable {
    private final NativeMemory memory;
    private final List<ByteBuffer> mapped = new ArrayList<>();

    Mappings(final NativeMemory memory) {
        this.memory = memory;
    }

    void add(final ByteBuffer buffer) {
        mapped.add(buffer);
    }

    /** A whole file, read-only. */
    ByteBuffer map(final Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final ByteBuffer buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            add(buffer);
            return buffer;
        }
    }

    @Override
    public void close() {
        for (final ByteBuffer buffer : mapped) {
            if (buffer.capacity() > 0) {
                memory.posix().discard(BufferUtil.address(buffer), buffer.capacity());
            }
        }
        mapped.clear();
    }
}
