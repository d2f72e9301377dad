package org.clockwork.worker.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.clockwork.schema.codec.Status;

/**
 * Model files on disk, each named by the SHA-256 of its bytes in hex: no name comes from a message. A file is written
 * under a name of its own, and gets its hash for a name in one step when it is whole and right. Used by the installing
 * thread only. Several workers may share a directory.
 */
public final class ModelStore {
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final int PREFIX_LENGTH = 16;
    private final Path directory;
    private final String incomingPrefix;
    private final long limitBytes;
    private long nextIncoming;

    /**
     * A store in a directory.
     *
     * @param directory  null for none: then no file is kept.
     * @param workerName tells the unfinished files of this worker from those of others.
     * @param limitBytes for all whole files together.
     */
    public ModelStore(final Path directory, final String workerName, final long limitBytes) {
        this.directory = directory;
        this.limitBytes = limitBytes;
        final byte[] digest = sha256().digest(workerName.getBytes(StandardCharsets.UTF_8));
        incomingPrefix = "incoming-" + HexFormat.of().formatHex(digest).substring(0, PREFIX_LENGTH) + "-";
    }

    /** Makes the directory and deletes what an earlier run of this worker left unfinished. */
    public void open() throws IOException {
        if (directory == null) {
            return;
        }
        Files.createDirectories(directory);
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, incomingPrefix + "*")) {
            for (final Path path : left) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** Where a file of this hash lies, if it is there. */
    public Path file(final String hash) {
        if (!HASH.matcher(hash).matches()) {
            throw new IllegalArgumentException("no SHA-256 in hex: " + hash);
        }
        return directory.resolve(hash);
    }

    /** Whether the file is there in full length. */
    public boolean contains(final String hash, final long length) throws IOException {
        if (directory == null) {
            return false;
        }
        final Path path = file(hash);
        return Files.isRegularFile(path) && Files.size(path) == length;
    }

    /** Begins to receive a file, if there is room for it. */
    public IncomingFile receive(final String hash, final long length) throws IOException, StoreException {
        if (directory == null) {
            throw new StoreException(Status.STORAGE_FULL, "this worker keeps no model files: it has no store directory");
        }
        Files.createDirectories(directory);
        final long usedBytes = usedBytes();
        if (length > limitBytes - usedBytes) {
            throw new StoreException(Status.STORAGE_FULL, "the model store is full: fileBytes=" + length
                + " usedBytes=" + usedBytes + " limitBytes=" + limitBytes);
        }
        final long usableBytes = Files.getFileStore(directory).getUsableSpace();
        if (length > usableBytes) {
            throw new StoreException(Status.STORAGE_FULL,
                "the disk is full: fileBytes=" + length + " usableBytes=" + usableBytes);
        }
        return new IncomingFile(directory.resolve(incomingPrefix + nextIncoming++), file(hash), hash, length);
    }

    private long usedBytes() throws IOException {
        long bytes = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (final Path path : files) {
                if (HASH.matcher(path.getFileName().toString()).matches()) {
                    bytes += Files.size(path);
                }
            }
        }
        return bytes;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
