package org.clockwork.schema.link;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/** Keeps what arrives, with the link and lane it came by. */
public final class Received implements MessageHandler {
    private final List<Message> messages = new ArrayList<>();

    /** One message, copied. */
    public record Message(Link link, int lane, byte[] bytes) {
    }

    @Override
    public void onMessage(
        final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        messages.add(new Message(link, lane, bytes));
    }

    /** All, in the order of arrival. */
    public List<Message> messages() {
        return messages;
    }

    /** How many have arrived. */
    public int count() {
        return messages.size();
    }
}
