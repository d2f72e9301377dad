package org.clockwork.controller.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two file systems keep the same promises. */
final class FilePortTest {
    @TempDir
    Path temporary;

    @Test
    void onDisk() throws Exception {
        keepsItsPromises(new DiskFiles(), temporary.resolve("a/b"));
    }

    @Test
    void inMemory() throws Exception {
        keepsItsPromises(new MemoryFiles(), Path.of("/a/b"));
    }

    @Test
    void memoryTakesAsMuchAsItMayAndNoByteMore() throws IOException {
        final MemoryFiles files = new MemoryFiles();
        files.put(Path.of("/x/old"), new byte[10]);
        files.limit(15);
        final FilePort.Sink sink = files.create(Path.of("/x/new"));
        sink.write(ByteBuffer.allocate(5));
        assertThrows(IOException.class, () -> sink.write(ByteBuffer.allocate(1)));
        files.delete(Path.of("/x/old"));
        sink.write(ByteBuffer.allocate(10));
        assertEquals(15, files.usedBytes());
    }

    private static void keepsItsPromises(final FilePort files, final Path directory) throws Exception {
        assertEquals(List.of(), files.list(directory));
        files.makeDirectory(directory);
        files.makeDirectory(directory);
        final Path first = directory.resolve("first");
        final Path second = directory.resolve("second");
        assertEquals(-1, files.length(first));
        assertThrows(IOException.class, () -> files.readAll(first));
        assertThrows(IOException.class, () -> files.open(first));
        files.delete(first);

        write(files, first, "some ", "text");
        assertEquals(9, files.length(first));
        assertArrayEquals("some text".getBytes(StandardCharsets.US_ASCII), files.readAll(first));
        final ByteBuffer into = ByteBuffer.allocate(6);
        try (FilePort.Source source = files.open(first)) {
            assertEquals(4, source.read(into, 5));
            assertEquals("text", new String(into.array(), 0, 4, StandardCharsets.US_ASCII));
            assertEquals(-1, source.read(into, 9));
        }
        write(files, second, "other");
        assertEquals(List.of(first, second), files.list(directory));
        files.move(first, second);
        assertEquals(List.of(second), files.list(directory));
        assertEquals(9, files.length(second));
        write(files, second, "x");
        assertEquals(1, files.length(second), "created anew");
        files.delete(second);
        assertEquals(List.of(), files.list(directory));

        final AutoCloseable lock = files.lock(directory.resolve("lock"));
        assertNotNull(lock);
        assertNull(files.lock(directory.resolve("lock")));
        lock.close();
        final AutoCloseable again = files.lock(directory.resolve("lock"));
        assertNotNull(again);
        again.close();
    }

    private static void write(final FilePort files, final Path file, final String... parts) throws IOException {
        try (FilePort.Sink sink = files.create(file)) {
            for (final String part : parts) {
                sink.write(ByteBuffer.wrap(part.getBytes(StandardCharsets.US_ASCII)));
            }
            sink.force();
        }
    }
}
