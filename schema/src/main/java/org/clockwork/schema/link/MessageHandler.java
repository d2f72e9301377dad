package org.clockwork.schema.link;

import org.agrona.DirectBuffer;

/** Receives the messages of a link, whole and in order per lane. */
@FunctionalInterface
public interface MessageHandler {
    /**
     * Called for each message. The bytes are valid only during the call, and come from a peer that may be hostile.
     *
     * @param link   from which it came; answers go to it.
     * @param lane   {@link Link#CONTROL} or {@link Link#BULK}.
     * @param buffer holding the message.
     * @param offset of its first byte, the SBE message header.
     * @param length of the message in bytes.
     */
    void onMessage(Link link, int lane, DirectBuffer buffer, int offset, int length);
}
