package org.clockwork.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;

/** A model file that is hashed and then sent, a slice at a time. Owned by the thread that polls the core. */
final class ModelFile implements AutoCloseable {
    /** Length of a SHA-256. */
    static final int HASH_BYTES = 32;

    private static final int SLICE_BYTES = 256 * 1024;

    private final FileChannel channel;
    private final long length;
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(SLICE_BYTES);
    private final UnsafeBuffer chunk = new UnsafeBuffer(bytes);
    private final MessageDigest digest;
    private byte[] sha256;
    private long hashedBytes;
    private long sentBytes;
    private int chunkLength;

    ModelFile(final Path path) throws IOException {
        channel = FileChannel.open(path, StandardOpenOption.READ);
        length = channel.size();
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (final NoSuchAlgorithmException ex) {
            throw new IOException("this JDK lacks SHA-256", ex);
        }
    }

    long length() {
        return length;
    }

    long sentBytes() {
        return sentBytes;
    }

    byte[] sha256() {
        return sha256;
    }

    /** Hashes some more; returns whether it is done. */
    boolean hashSlice() throws IOException {
        read(hashedBytes, (int) Math.min(SLICE_BYTES, length - hashedBytes));
        hashedBytes += bytes.remaining();
        digest.update(bytes);
        if (hashedBytes < length) {
            return false;
        }
        sha256 = digest.digest();
        return true;
    }

    boolean isSent() {
        return sentBytes == length;
    }

    /** Sends the next chunk; it is kept if the lane can't take it. */
    boolean sendChunk(final ControllerPublisher publisher, final long transferId) throws IOException {
        if (chunkLength == 0) {
            chunkLength = (int) Math.min(Protocol.MAX_CHUNK_BYTES, length - sentBytes);
            read(sentBytes, chunkLength);
        }
        if (!publisher.fileChunk(transferId, sentBytes, length, chunk, chunkLength)) {
            return false;
        }
        sentBytes += chunkLength;
        chunkLength = 0;
        return true;
    }

    private void read(final long position, final int wanted) throws IOException {
        bytes.clear().limit(wanted);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) {
                throw new IOException("it became shorter while it was read");
            }
        }
        bytes.flip();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (final IOException ex) {
            // Closing a file that was only read has nothing to lose.
            chunkLength = 0;
        }
    }
}
