package org.clockwork.controller.storage;

import java.io.IOException;
import java.nio.file.Path;

/** The store of model files: each under its SHA-256, whole, or not at all. Any one thread; only this class makes names. */
public final class ModelFiles {
    private static final String UNFINISHED = ".part";

    private final FilePort files;
    private final Path directory;

    /** The store in a directory, which is made on the first write. */
    public ModelFiles(final FilePort files, final Path directory) {
        this.files = files;
        this.directory = directory;
    }

    /** The file system that it is on. */
    public FilePort port() {
        return files;
    }

    /** Where the file of this digest is or would be. */
    public Path path(final String sha256) {
        return directory.resolve(sha256);
    }

    /** Where the bytes of a transfer are until they are whole. */
    public Path unfinished(final long transferId) {
        return directory.resolve(Long.toHexString(transferId) + UNFINISHED);
    }

    /** Whether the file of this digest is there in its length. */
    public boolean holds(final String sha256, final long length) throws IOException {
        return files.length(path(sha256)) == length;
    }

    /** Makes the store ready: what earlier transfers left unfinished goes, and every file that nobody wants. */
    public void clean(final java.util.function.Predicate<String> isWanted) throws IOException {
        files.makeDirectory(directory);
        for (final Path file : files.list(directory)) {
            if (!isWanted.test(file.getFileName().toString())) {
                files.delete(file);
            }
        }
    }
}
