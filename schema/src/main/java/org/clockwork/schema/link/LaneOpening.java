package org.clockwork.schema.link;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Lane;
import org.clockwork.schema.codec.LaneOpenDecoder;
import org.clockwork.schema.codec.LaneOpenEncoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;

/**
 * Writes and recognises LANE-OPEN, the first message of each lane, for the implementations of the port. One for each
 * endpoint, used by its thread.
 */
public final class LaneOpening {
    /** Bytes of the whole message as this version writes it. */
    public static final int LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + LaneOpenEncoder.BLOCK_LENGTH;

    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final LaneOpenEncoder encoder = new LaneOpenEncoder();
    private final LaneOpenDecoder decoder = new LaneOpenDecoder();
    private long linkId;

    /** Writes the message of one lane; {@link #LENGTH} bytes. */
    public void encode(final MutableDirectBuffer buffer, final int offset, final long linkId, final int lane) {
        encoder.wrapAndApplyHeader(buffer, offset, headerEncoder)
            .linkId(linkId)
            .lane(Lane.get((short) lane))
            .schemaVersion(Protocol.VERSION);
    }

    /**
     * Whether this is the opening of that lane, by a peer of whatever version: the upper layer answers
     * INCOMPATIBLE_VERSION, and for that it needs the link. If so, {@link #linkId()} is the peer's.
     */
    public boolean decode(final DirectBuffer buffer, final int offset, final int length, final int lane) {
        if (length < LENGTH) {
            return false;
        }
        headerDecoder.wrap(buffer, offset);
        if (headerDecoder.schemaId() != LaneOpenDecoder.SCHEMA_ID ||
            headerDecoder.templateId() != LaneOpenDecoder.TEMPLATE_ID ||
            headerDecoder.blockLength() < LaneOpenDecoder.BLOCK_LENGTH) {
            return false;
        }
        decoder.wrap(buffer, offset + MessageHeaderDecoder.ENCODED_LENGTH, LaneOpenDecoder.BLOCK_LENGTH, Protocol.VERSION);
        linkId = decoder.linkId();
        return decoder.laneRaw() == lane;
    }

    /** Of the LANE-OPEN decoded last. */
    public long linkId() {
        return linkId;
    }
}
