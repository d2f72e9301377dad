package org.clockwork.controller.storage;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A file system in memory that takes a limited number of bytes: for simulations, and for tests of full disks. What was
 * written survives whoever wrote it as long as this object lives. Owned by one thread.
 */
public final class MemoryFiles implements FilePort {
    private final TreeMap<Path, ByteArrayOutputStream> files = new TreeMap<>();
    private final Set<Path> locks = new HashSet<>();
    private long limitBytes = Long.MAX_VALUE;

    /** From now on writing fails that would make all files together larger than this. */
    public void limit(final long bytes) {
        limitBytes = bytes;
    }

    /** Puts a file there as it is, whatever the limit. */
    public void put(final Path file, final byte[] bytes) {
        final ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(bytes);
        files.put(file, content);
    }

    /** Bytes of all files. */
    public long usedBytes() {
        return files.values().stream().mapToLong(ByteArrayOutputStream::size).sum();
    }

    /** Names of all files, sorted. */
    public List<Path> all() {
        return List.copyOf(files.keySet());
    }

    @Override
    public void makeDirectory(final Path directory) {
        // directories are only in the names
    }

    @Override
    public Sink create(final Path file) {
        final ByteArrayOutputStream content = new ByteArrayOutputStream();
        files.put(file, content);
        return new MemorySink(content);
    }

    @Override
    public Source open(final Path file) throws IOException {
        return new MemorySource(readAll(file));
    }

    @Override
    public byte[] readAll(final Path file) throws IOException {
        final ByteArrayOutputStream content = files.get(file);
        if (content == null) {
            throw new FileNotFoundException(file.toString());
        }
        return content.toByteArray();
    }

    @Override
    public void move(final Path from, final Path to) throws IOException {
        final ByteArrayOutputStream content = files.remove(from);
        if (content == null) {
            throw new FileNotFoundException(from.toString());
        }
        files.put(to, content);
    }

    @Override
    public void delete(final Path file) {
        files.remove(file);
    }

    @Override
    public long length(final Path file) {
        final ByteArrayOutputStream content = files.get(file);
        return content == null ? -1 : content.size();
    }

    @Override
    public List<Path> list(final Path directory) {
        return files.keySet().stream().filter(file -> directory.equals(file.getParent())).collect(Collectors.toList());
    }

    @Override
    public AutoCloseable lock(final Path file) {
        return locks.add(file) ? () -> locks.remove(file) : null;
    }

    /** A file that is being written. */
    private final class MemorySink implements Sink {
        private final ByteArrayOutputStream content;

        MemorySink(final ByteArrayOutputStream content) {
            this.content = content;
        }

        @Override
        public void write(final ByteBuffer bytes) throws IOException {
            if (usedBytes() + bytes.remaining() > limitBytes) {
                throw new IOException("No space left on device");
            }
            final byte[] chunk = new byte[bytes.remaining()];
            bytes.get(chunk);
            content.writeBytes(chunk);
        }

        @Override
        public void force() {
            // memory is as safe as it gets
        }

        @Override
        public void close() {
            // nothing is held
        }
    }

    /** A file that is being read. */
    private record MemorySource(byte[] bytes) implements Source {
        @Override
        public int read(final ByteBuffer into, final long position) {
            if (position >= bytes.length) {
                return -1;
            }
            final int count = (int) Math.min(into.remaining(), bytes.length - position);
            into.put(bytes, (int) position, count);
            return count;
        }

        @Override
        public void close() {
            // nothing is held
        }
    }
}
