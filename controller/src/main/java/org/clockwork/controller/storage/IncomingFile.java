package org.clockwork.controller.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The storage thread's side of a file that arrives: it is written under a temporary name and gets its real one when its
 * digest is right. After a failure it does nothing any more but go away. Owned by the storage thread.
 */
public final class IncomingFile {
    private final ModelFiles store;
    private final long transferId;
    private final String sha256;
    private final MessageDigest digest;
    private FilePort.Sink sink;
    private boolean isOver;

    /** The file does not have the digest that was stated. */
    public static final class ChecksumException extends IOException {
        private static final long serialVersionUID = 1L;

        ChecksumException(final String message) {
            super(message);
        }
    }

    /** A file of which nothing has come yet; {@code digest} is its own. */
    public IncomingFile(final ModelFiles store, final long transferId, final String sha256, final MessageDigest digest) {
        this.store = store;
        this.transferId = transferId;
        this.sha256 = sha256;
        this.digest = digest;
    }

    /** Appends bytes. */
    public void append(final ByteBuffer bytes) throws IOException {
        if (isOver) {
            return;
        }
        try {
            if (sink == null) {
                sink = store.port().create(store.unfinished(transferId));
            }
            digest.update(bytes.duplicate());
            sink.write(bytes);
        } catch (final IOException ex) {
            abandon();
            throw ex;
        }
    }

    /** Gives the file its name if it is what it should be. */
    public void finish() throws IOException {
        if (isOver) {
            return;
        }
        try {
            final String actual = HexFormat.of().formatHex(digest.digest());
            if (!actual.equals(sha256)) {
                throw new ChecksumException("the bytes received have SHA-256 " + actual);
            }
            sink.force();
            sink.close();
            sink = null;
            store.port().move(store.unfinished(transferId), store.path(sha256));
            isOver = true;
        } catch (final IOException ex) {
            abandon();
            throw ex;
        }
    }

    /** Leaves nothing behind; repeating is harmless. */
    public void abandon() throws IOException {
        if (!isOver) {
            isOver = true;
            if (sink != null) {
                sink.close();
                sink = null;
            }
            store.port().delete(store.unfinished(transferId));
        }
    }
}
