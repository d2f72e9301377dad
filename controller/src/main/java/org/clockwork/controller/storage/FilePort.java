package org.clockwork.controller.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** What the controller needs of a file system. Paths are made of the configured directory and of names of our own. */
public interface FilePort {
    /** A file that is being written from its start. */
    interface Sink extends AutoCloseable {
        /** Writes all that remains in {@code bytes}. */
        void write(ByteBuffer bytes) throws IOException;

        /** Returns when all that was written is safe on the disk. */
        void force() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** A file that is being read. */
    interface Source extends AutoCloseable {
        /** Reads up to as many bytes as {@code into} takes; negative at the end of the file. */
        int read(ByteBuffer into, long position) throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Makes a directory and those above it; harmless if it is there. */
    void makeDirectory(Path directory) throws IOException;

    /** Creates a file, or empties the one that is there. */
    Sink create(Path file) throws IOException;

    /** Opens a file to be read. */
    Source open(Path file) throws IOException;

    /** All bytes of a file. */
    byte[] readAll(Path file) throws IOException;

    /** Gives a file the name of another, which it replaces, in one step; returns when that is safe on the disk. */
    void move(Path from, Path to) throws IOException;

    /** Deletes a file; harmless if it is not there. */
    void delete(Path file) throws IOException;

    /** Length of a file in bytes, or -1 if there is none. */
    long length(Path file) throws IOException;

    /** Files in a directory, sorted by name; none if it is not there. */
    List<Path> list(Path directory) throws IOException;

    /**
     * Takes a file as a lock that no other process and no other caller in this one can hold at the same time.
     *
     * @return to be closed when the lock is no longer needed, or null if it is held elsewhere.
     */
    AutoCloseable lock(Path file) throws IOException;
}
