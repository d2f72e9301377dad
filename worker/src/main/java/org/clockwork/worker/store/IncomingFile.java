package org.clockwork.worker.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.clockwork.schema.codec.Status;

/** A file that is being received, in order. Used by the installing thread only. */
public final class IncomingFile {
    private final Path path;
    private final Path target;
    private final String hash;
    private final long length;
    private final FileChannel channel;
    private final MessageDigest digest = ModelStore.sha256();

    IncomingFile(final Path path, final Path target, final String hash, final long length) throws IOException {
        this.path = path;
        this.target = target;
        this.hash = hash;
        this.length = length;
        channel = FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    }

    /** Appends bytes. */
    public void write(final ByteBuffer bytes) throws StoreException {
        digest.update(bytes.duplicate());
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (final IOException e) {
            throw new StoreException(Status.STORAGE_FULL, "the disk took no more bytes: " + e.getMessage());
        }
    }

    /** Compares the digest and gives the file its name. On any failure nothing is left behind. */
    public void finish() throws StoreException {
        boolean isKept = false;
        try {
            final String received = HexFormat.of().formatHex(digest.digest());
            if (!received.equals(hash)) {
                throw new StoreException(Status.CHECKSUM_MISMATCH,
                    "the bytes received have another SHA-256: stated=" + hash + " received=" + received);
            }
            if (channel.size() != length) {
                throw new StoreException(Status.CHECKSUM_MISMATCH,
                    "the file received has another length: stated=" + length + " received=" + channel.size());
            }
            channel.force(true);
            channel.close();
            Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            isKept = true;
        } catch (final IOException e) {
            throw new StoreException(Status.STORAGE_FULL, "the disk did not keep the file: " + e.getMessage());
        } finally {
            if (!isKept) {
                abort();
            }
        }
    }

    /** Deletes what has come. Repeating is harmless. */
    public void abort() {
        try {
            channel.close();
            Files.deleteIfExists(path);
        } catch (final IOException e) {
            // The next start of this worker deletes it.
            return;
        }
    }
}
