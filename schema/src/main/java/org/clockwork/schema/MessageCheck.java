package org.clockwork.schema;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.clockwork.schema.codec.MessageHeaderDecoder;

/**
 * Looks at the bytes of a message before any decoder does, because they may come from a hostile peer: after it has said
 * yes, no decoder that reads groups and data in the order of the schema looks outside the message, with or without
 * Agrona's bounds checks. Allocates nothing. Each adapter has one, used by its thread.
 *
 * <p>What the fields mean is the adapter's to check: ids, indices, ranges, and that the template is one which this side
 * takes.
 */
public final class MessageCheck {
    /** Where the fixed part of a message begins, from its first byte. */
    public static final int BODY_OFFSET = MessageHeaderDecoder.ENCODED_LENGTH;

    private static final ByteOrder ORDER = MessageHeaderDecoder.BYTE_ORDER;

    private final MessageShape[] shapes = MessageShape.byTemplateId();
    private int templateId;
    private int blockLength;
    private int version;

    /**
     * Whether this is a whole message of this schema that this build can read: long enough, of a known template, of
     * this version (or one that never changes its layout: CONNECT, HELLO, their answers and LANE-OPEN), and with all
     * lengths inside it.
     */
    public boolean isValid(final DirectBuffer buffer, final int offset, final int length) {
        if (length < BODY_OFFSET) {
            return false;
        }
        blockLength = unsignedShort(buffer, offset + MessageHeaderDecoder.blockLengthEncodingOffset());
        templateId = unsignedShort(buffer, offset + MessageHeaderDecoder.templateIdEncodingOffset());
        version = unsignedShort(buffer, offset + MessageHeaderDecoder.versionEncodingOffset());
        final int schemaId = unsignedShort(buffer, offset + MessageHeaderDecoder.schemaIdEncodingOffset());
        if (schemaId != MessageHeaderDecoder.SCHEMA_ID || templateId >= shapes.length) {
            return false;
        }
        final MessageShape shape = shapes[templateId];
        if (shape == null || !isReadable(shape)) {
            return false;
        }
        final int limit = offset + length;
        final int bodyEnd = offset + BODY_OFFSET + blockLength;
        return bodyEnd <= limit && shape.end(buffer, bodyEnd, limit) >= 0;
    }

    /** Of the message checked last: which decoder to use. */
    public int templateId() {
        return templateId;
    }

    /** Of the message checked last: for the decoder's {@code wrap}. */
    public int blockLength() {
        return blockLength;
    }

    /** Of the message checked last, for the decoder's {@code wrap}; another than ours only in an opening message. */
    public int version() {
        return version;
    }

    /** A version has one layout, so that decoders may be wrapped with its lengths; other versions may only have added. */
    private boolean isReadable(final MessageShape shape) {
        return version == Protocol.VERSION
            ? blockLength == shape.blockLength : shape.isForAllVersions && blockLength >= shape.blockLength;
    }

    private static int unsignedShort(final DirectBuffer buffer, final int index) {
        return buffer.getShort(index, ORDER) & 0xFFFF;
    }
}
