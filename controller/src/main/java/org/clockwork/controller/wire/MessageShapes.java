package org.clockwork.controller.wire;

import org.agrona.DirectBuffer;
import org.clockwork.schema.codec.ActionResultDecoder;
import org.clockwork.schema.codec.ArtifactStateDecoder;
import org.clockwork.schema.codec.CancelRequestDecoder;
import org.clockwork.schema.codec.CloseSessionDecoder;
import org.clockwork.schema.codec.ConnectDecoder;
import org.clockwork.schema.codec.DrainingDecoder;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.schema.codec.HelloDecoder;
import org.clockwork.schema.codec.InferRequestDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.InventoryDecoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.ListModelsDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.codec.RegisterModelDecoder;
import org.clockwork.schema.codec.StatusQueryDecoder;
import org.clockwork.schema.codec.UnregisterModelDecoder;

/**
 * Knows the layout of every message that the controller receives, so that all lengths inside a message are checked once,
 * before any of it is used, and whether or not buffers check their bounds. Owned by the controller agent.
 */
public final class MessageShapes {
    /** The message is none that the controller receives, or its lengths point outside itself. */
    public static final int MALFORMED = -1;
    /** The peer speaks another version: only the header and the fixed block can be trusted to be there. */
    public static final int OTHER_VERSION = -2;

    private static final int TEMPLATE_LIMIT = 128;
    private static final int TEXT = Short.BYTES;
    private static final int DATA = Integer.BYTES;
    private static final int GROUP_HEADER = 2 * Short.BYTES;

    private final Shape[] shapes = new Shape[TEMPLATE_LIMIT];
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();

    /** The parts of one message behind its header; each entry of the arrays is the width of a length field. */
    private record Shape(int blockLength, Group[] groups, int[] data) {
    }

    /** One repeating group. */
    private record Group(int blockLength, int[] data) {
    }

    /** All messages that clients and workers send. */
    public MessageShapes() {
        final Group dimensions = group(RegisterModelDecoder.DimensionsDecoder.sbeBlockLength(), TEXT);
        put(ConnectDecoder.TEMPLATE_ID, ConnectDecoder.BLOCK_LENGTH, TEXT, DATA);
        put(KeepAliveDecoder.TEMPLATE_ID, KeepAliveDecoder.BLOCK_LENGTH);
        put(CloseSessionDecoder.TEMPLATE_ID, CloseSessionDecoder.BLOCK_LENGTH);
        put(InferRequestDecoder.TEMPLATE_ID, InferRequestDecoder.BLOCK_LENGTH, DATA);
        put(CancelRequestDecoder.TEMPLATE_ID, CancelRequestDecoder.BLOCK_LENGTH);
        put(InputDecoder.TEMPLATE_ID, InputDecoder.BLOCK_LENGTH, DATA);
        put(ListModelsDecoder.TEMPLATE_ID, ListModelsDecoder.BLOCK_LENGTH, TEXT);
        put(RegisterModelDecoder.TEMPLATE_ID, RegisterModelDecoder.BLOCK_LENGTH, new Group[] {dimensions}, TEXT, TEXT);
        put(UnregisterModelDecoder.TEMPLATE_ID, UnregisterModelDecoder.BLOCK_LENGTH, TEXT);
        put(FileChunkDecoder.TEMPLATE_ID, FileChunkDecoder.BLOCK_LENGTH, DATA);
        put(StatusQueryDecoder.TEMPLATE_ID, StatusQueryDecoder.BLOCK_LENGTH);

        final Group devices = group(HelloDecoder.DevicesDecoder.sbeBlockLength(), TEXT);
        final Group loaded = group(InventoryDecoder.LoadedDecoder.sbeBlockLength());
        final Group profile = group(ArtifactStateDecoder.ProfileDecoder.sbeBlockLength());
        final Group tensors = group(ArtifactStateDecoder.TensorsDecoder.sbeBlockLength(), TEXT, TEXT);
        final Group outputs = group(ActionResultDecoder.OutputsDecoder.sbeBlockLength(), DATA);
        put(HelloDecoder.TEMPLATE_ID, HelloDecoder.BLOCK_LENGTH, new Group[] {devices}, TEXT, TEXT, TEXT, DATA);
        put(InventoryDecoder.TEMPLATE_ID, InventoryDecoder.BLOCK_LENGTH, new Group[] {loaded});
        put(HeartbeatDecoder.TEMPLATE_ID, HeartbeatDecoder.BLOCK_LENGTH);
        put(ArtifactStateDecoder.TEMPLATE_ID, ArtifactStateDecoder.BLOCK_LENGTH, new Group[] {profile, tensors}, TEXT);
        put(ActionResultDecoder.TEMPLATE_ID, ActionResultDecoder.BLOCK_LENGTH, new Group[] {outputs}, TEXT);
        put(OutputDecoder.TEMPLATE_ID, OutputDecoder.BLOCK_LENGTH, DATA);
        put(DrainingDecoder.TEMPLATE_ID, DrainingDecoder.BLOCK_LENGTH);
    }

    /**
     * Checks a message from end to end.
     *
     * @return its template id, {@link #MALFORMED}, or {@link #OTHER_VERSION}.
     */
    public int check(final DirectBuffer buffer, final int offset, final int length) {
        if (length < MessageHeaderDecoder.ENCODED_LENGTH) {
            return MALFORMED;
        }
        header.wrap(buffer, offset);
        final int templateId = header.templateId();
        if (header.schemaId() != MessageHeaderDecoder.SCHEMA_ID || templateId >= TEMPLATE_LIMIT || shapes[templateId] == null) {
            return MALFORMED;
        }
        final Shape shape = shapes[templateId];
        if (header.blockLength() != shape.blockLength || MessageHeaderDecoder.ENCODED_LENGTH + shape.blockLength > length) {
            return MALFORMED;
        }
        if (header.version() != MessageHeaderDecoder.SCHEMA_VERSION) {
            return OTHER_VERSION;
        }
        final int end = offset + length;
        int position = offset + MessageHeaderDecoder.ENCODED_LENGTH + shape.blockLength;
        for (int i = 0; i < shape.groups.length && position >= 0; i++) {
            position = afterGroup(shape.groups[i], buffer, position, end);
        }
        return position >= 0 && afterData(shape.data, buffer, position, end) >= 0 ? templateId : MALFORMED;
    }

    /** Template id of a message of {@link #OTHER_VERSION}. */
    public int templateId(final DirectBuffer buffer, final int offset) {
        return header.wrap(buffer, offset).templateId();
    }

    /** The position behind a group, or negative if it does not fit. */
    private static int afterGroup(final Group group, final DirectBuffer buffer, final int start, final int end) {
        if (end - start < GROUP_HEADER) {
            return MALFORMED;
        }
        final int blockLength = buffer.getShort(start, MessageHeaderDecoder.BYTE_ORDER) & 0xFFFF;
        final int count = buffer.getShort(start + Short.BYTES, MessageHeaderDecoder.BYTE_ORDER) & 0xFFFF;
        int position = start + GROUP_HEADER;
        if (blockLength != group.blockLength || (long) count * blockLength > end - position) {
            return MALFORMED;
        }
        if (group.data.length == 0) {
            return position + count * blockLength;
        }
        for (int i = 0; i < count && position >= 0; i++) {
            position = end - position < blockLength ? MALFORMED : afterData(group.data, buffer, position + blockLength, end);
        }
        return position;
    }

    /** The position behind data of variable length, or negative if it does not fit. */
    private static int afterData(final int[] widths, final DirectBuffer buffer, final int start, final int end) {
        int position = start;
        for (int i = 0; i < widths.length; i++) {
            if (end - position < widths[i]) {
                return MALFORMED;
            }
            final int length = widths[i] == TEXT
                ? buffer.getShort(position, MessageHeaderDecoder.BYTE_ORDER) & 0xFFFF
                : buffer.getInt(position, MessageHeaderDecoder.BYTE_ORDER);
            position += widths[i];
            if (length < 0 || length > end - position) {
                return MALFORMED;
            }
            position += length;
        }
        return position;
    }

    private static Group group(final int blockLength, final int... data) {
        return new Group(blockLength, data);
    }

    private void put(final int templateId, final int blockLength, final int... data) {
        put(templateId, blockLength, new Group[0], data);
    }

    private void put(final int templateId, final int blockLength, final Group[] groups, final int... data) {
        shapes[templateId] = new Shape(blockLength, groups, data);
    }
}
