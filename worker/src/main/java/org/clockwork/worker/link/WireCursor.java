package org.clockwork.worker.link;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * Walks over the variable parts of a message before anything of them is used, and sees whether they lie inside it. A
 * generated decoder trusts its lengths; this does not. Stateful and used again for each message; owned by one adapter.
 */
final class WireCursor {
    private static final int GROUP_HEADER = 4;
    private DirectBuffer buffer;
    private int position;
    private int end;
    private int groupCount;
    private int groupBlockLength;

    /** Begins after a message's block. */
    void reset(final DirectBuffer message, final int from, final int to) {
        buffer = message;
        position = from;
        end = to;
    }

    /** Steps over bytes; false if they are not there. */
    boolean skip(final int bytes) {
        if (bytes < 0 || bytes > end - position) {
            return false;
        }
        position += bytes;
        return true;
    }

    /** Steps over a text. */
    boolean skipText() {
        return end - position >= Short.BYTES
            && skip(Short.BYTES + (buffer.getShort(position, ByteOrder.LITTLE_ENDIAN) & 0xFFFF));
    }

    /** Steps over bytes with a 32-bit length. */
    boolean skipData() {
        if (end - position < Integer.BYTES) {
            return false;
        }
        final int length = buffer.getInt(position, ByteOrder.LITTLE_ENDIAN);
        return length >= 0 && length <= end - position - Integer.BYTES && skip(Integer.BYTES + length);
    }

    /** Reads a group's header; its elements are at least {@code leastBlockLength} long. */
    boolean enterGroup(final int leastBlockLength) {
        if (end - position < GROUP_HEADER) {
            return false;
        }
        groupBlockLength = buffer.getShort(position, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
        groupCount = buffer.getShort(position + Short.BYTES, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
        position += GROUP_HEADER;
        return groupBlockLength >= leastBlockLength;
    }

    /** Elements of the group entered last. */
    int groupCount() {
        return groupCount;
    }

    /** Steps over the block of one element of the group entered last. */
    boolean skipElement() {
        return skip(groupBlockLength);
    }
}
