package org.clockwork.client;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * Walks over the variable parts of a message without leaving it. Each method answers the offset after the part, or
 * {@link #OUTSIDE}; a walk that has left the message stays outside.
 */
final class Bounds {
    /** The part does not lie within the message. */
    static final int OUTSIDE = -1;

    private static final int TEXT_HEADER = 2;
    private static final int DATA_HEADER = 4;
    private static final int GROUP_HEADER = 4;

    private Bounds() {
    }

    /** Passes a text: its length in two bytes, then its bytes. */
    static int afterText(final DirectBuffer buffer, final int at, final int end) {
        if (at < 0 || end - at < TEXT_HEADER) {
            return OUTSIDE;
        }
        final int length = buffer.getShort(at, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
        return length <= end - at - TEXT_HEADER ? at + TEXT_HEADER + length : OUTSIDE;
    }

    /** Passes bytes: their length in four bytes, then the bytes. */
    static int afterData(final DirectBuffer buffer, final int at, final int end) {
        if (at < 0 || end - at < DATA_HEADER) {
            return OUTSIDE;
        }
        final int length = buffer.getInt(at, ByteOrder.LITTLE_ENDIAN);
        return length >= 0 && length <= end - at - DATA_HEADER ? at + DATA_HEADER + length : OUTSIDE;
    }

    /** Passes the header of a group whose blocks have this length. */
    static int afterGroupHeader(final DirectBuffer buffer, final int at, final int end, final int blockLength) {
        if (at < 0 || end - at < GROUP_HEADER || (buffer.getShort(at, ByteOrder.LITTLE_ENDIAN) & 0xFFFF) != blockLength) {
            return OUTSIDE;
        }
        return at + GROUP_HEADER;
    }

    /** Number of blocks in the group whose header ends here. */
    static int groupCount(final DirectBuffer buffer, final int afterHeader) {
        return buffer.getShort(afterHeader - 2, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
    }

    /** Passes a number of bytes. */
    static int after(final int at, final int end, final long length) {
        return at >= 0 && length <= end - at ? (int) (at + length) : OUTSIDE;
    }
}
