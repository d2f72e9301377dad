package org.clockwork.controller;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.sbe.MessageDecoderFlyweight;
import org.agrona.sbe.MessageEncoderFlyweight;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.memory.MemoryDialer;

/** What a scripted client and a scripted worker have in common: a link, and all messages that came, in order. */
public class ScriptedPeer {
    protected final UnsafeBuffer buffer = new UnsafeBuffer(new byte[128 * 1024]);
    protected final MessageHeaderEncoder header = new MessageHeaderEncoder();
    public final MemoryDialer dialer;
    public Link link;
    public final List<UnsafeBuffer> received = new ArrayList<>();
    /** The time at which each was received. */
    public final List<Long> receivedAtNs = new ArrayList<>();
    private long nowNs;

    protected ScriptedPeer(final MemoryDialer dialer) {
        this.dialer = dialer;
    }

    public void dial(final String endpoint) {
        link = dialer.dial(endpoint);
    }

    /** Takes all that has come. */
    public int poll(final long atNs) {
        nowNs = atNs;
        return dialer.poll() + dialer.poll(Link.CONTROL, this::onMessage, 1000) + dialer.poll(Link.BULK, this::onMessage, 1000);
    }

    private void onMessage(final Link from, final int lane, final DirectBuffer bytes, final int offset, final int length) {
        final byte[] copy = new byte[length];
        bytes.getBytes(offset, copy);
        received.add(new UnsafeBuffer(copy));
        receivedAtNs.add(nowNs);
        onReceived(lane, received.get(received.size() - 1), atNs());
    }

    protected long atNs() {
        return nowNs;
    }

    /** Reacts to a message; none by default. */
    protected void onReceived(final int lane, final UnsafeBuffer message, final long atNs) {
    }

    protected void send(final int lane, final MessageEncoderFlyweight message) {
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + message.encodedLength();
        if (!link.offer(lane, buffer, 0, length)) {
            throw new IllegalStateException("back pressure");
        }
    }

    public static int templateId(final UnsafeBuffer message) {
        return new MessageHeaderDecoder().wrap(message, 0).templateId();
    }

    public static <T extends MessageDecoderFlyweight> T decode(final UnsafeBuffer message, final T decoder) {
        final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(message, 0);
        if (header.templateId() != decoder.sbeTemplateId()) {
            throw new IllegalStateException("template " + header.templateId() + " is not " + decoder.getClass());
        }
        decoder.wrap(message, MessageHeaderDecoder.ENCODED_LENGTH, header.blockLength(), header.version());
        return decoder;
    }

    /** How many messages of this kind came. */
    public int count(final MessageDecoderFlyweight decoder) {
        return (int) received.stream().filter(m -> templateId(m) == decoder.sbeTemplateId()).count();
    }

    /** The last message of this kind. */
    public <T extends MessageDecoderFlyweight> T last(final T decoder) {
        for (int i = received.size() - 1; i >= 0; i--) {
            if (templateId(received.get(i)) == decoder.sbeTemplateId()) {
                return decode(received.get(i), decoder);
            }
        }
        throw new AssertionError("no " + decoder.getClass().getSimpleName() + " among " + received.size() + " messages");
    }

    /** All messages of this kind. */
    public List<UnsafeBuffer> all(final MessageDecoderFlyweight decoder) {
        return received.stream().filter(m -> templateId(m) == decoder.sbeTemplateId()).toList();
    }

    public void forget() {
        received.clear();
        receivedAtNs.clear();
    }
}
