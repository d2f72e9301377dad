package org.clockwork.schema;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.clockwork.schema.codec.ActionResultDecoder;
import org.clockwork.schema.codec.ArtifactStateDecoder;
import org.clockwork.schema.codec.CancelActionDecoder;
import org.clockwork.schema.codec.CancelRequestDecoder;
import org.clockwork.schema.codec.CatalogueAckDecoder;
import org.clockwork.schema.codec.CloseSessionDecoder;
import org.clockwork.schema.codec.ConnectAckDecoder;
import org.clockwork.schema.codec.ConnectDecoder;
import org.clockwork.schema.codec.DeviceEntryDecoder;
import org.clockwork.schema.codec.DrainingDecoder;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.ForgetArtifactDecoder;
import org.clockwork.schema.codec.GroupSizeEncodingDecoder;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.schema.codec.HelloAckDecoder;
import org.clockwork.schema.codec.HelloDecoder;
import org.clockwork.schema.codec.InferDecoder;
import org.clockwork.schema.codec.InferRequestDecoder;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.InstallArtifactDecoder;
import org.clockwork.schema.codec.InventoryDecoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.LaneOpenDecoder;
import org.clockwork.schema.codec.ListModelsDecoder;
import org.clockwork.schema.codec.LoadDecoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.codec.ProfileDecoder;
import org.clockwork.schema.codec.QueryEndDecoder;
import org.clockwork.schema.codec.RegisterModelDecoder;
import org.clockwork.schema.codec.SessionClosedDecoder;
import org.clockwork.schema.codec.StatusQueryDecoder;
import org.clockwork.schema.codec.StatusReportDecoder;
import org.clockwork.schema.codec.UnloadDecoder;
import org.clockwork.schema.codec.UnregisterModelDecoder;
import org.clockwork.schema.codec.VarDataEncodingDecoder;
import org.clockwork.schema.codec.VarTextEncodingDecoder;
import org.clockwork.schema.codec.WorkerEntryDecoder;

/** Where a message's lengths stand, so that they can be followed to its end before anything reads it. Immutable. */
final class MessageShape {
    private static final java.nio.ByteOrder ORDER = LaneOpenDecoder.BYTE_ORDER;
    private static final int TEXT = VarTextEncodingDecoder.lengthEncodingLength();
    private static final int BYTES = VarDataEncodingDecoder.lengthEncodingLength();
    private static final int[] NOTHING = {};

    /** Least length of the fixed part. */
    final int blockLength;
    /** Whether its layout never changes, so that peers of all versions can say who they are. */
    final boolean isForAllVersions;
    private final Group[] groups;
    private final int[] data;

    /** A repeating group: the least length of an entry's fixed part, and the sizes of the lengths behind it. */
    private record Group(int blockLength, int[] data) {
    }

    private MessageShape(final int blockLength, final boolean isForAllVersions, final Group[] groups, final int[] data) {
        this.blockLength = blockLength;
        this.isForAllVersions = isForAllVersions;
        this.groups = groups;
        this.data = data;
    }

    /**
     * Position behind the last byte that the message's lengths point at, or -1 if they point outside {@code [0, limit)}.
     *
     * @param bodyEnd end of the fixed part.
     * @param limit   end of the message.
     */
    int end(final DirectBuffer buffer, final int bodyEnd, final int limit) {
        int position = bodyEnd;
        for (final Group group : groups) {
            position = endOfGroup(buffer, position, limit, group);
            if (position < 0) {
                return -1;
            }
        }
        return endOfData(buffer, position, limit, data);
    }

    private static int endOfGroup(final DirectBuffer buffer, final int start, final int limit, final Group group) {
        int position = start + GroupSizeEncodingDecoder.ENCODED_LENGTH;
        if (position > limit) {
            return -1;
        }
        final int blockLength = buffer.getShort(start, ORDER) & 0xFFFF;
        final int count = buffer.getShort(start + GroupSizeEncodingDecoder.numInGroupEncodingOffset(), ORDER) & 0xFFFF;
        if (count > 0 && blockLength < group.blockLength) {
            return -1;
        }
        for (int i = 0; i < count; i++) {
            position += blockLength;
            if (position > limit) {
                return -1;
            }
            position = endOfData(buffer, position, limit, group.data);
            if (position < 0) {
                return -1;
            }
        }
        return position;
    }

    private static int endOfData(final DirectBuffer buffer, final int start, final int limit, final int[] data) {
        int position = start;
        for (final int size : data) {
            if (limit - position < size) {
                return -1;
            }
            final long length = size == TEXT ?
                buffer.getShort(position, ORDER) & 0xFFFF : buffer.getInt(position, ORDER) & 0xFFFF_FFFFL;
            position += size;
            if (limit - position < length) {
                return -1;
            }
            position += (int) length;
        }
        return position;
    }

    /** The shapes of all messages of this schema by template id; null where there is none. */
    static MessageShape[] byTemplateId() {
        final Table table = new Table();
        table.opening(LaneOpenDecoder.TEMPLATE_ID, LaneOpenDecoder.BLOCK_LENGTH);
        clientMessages(table);
        catalogueMessages(table);
        workerMessages(table);
        return table.shapes;
    }

    private static void clientMessages(final Table table) {
        table.opening(ConnectDecoder.TEMPLATE_ID, ConnectDecoder.BLOCK_LENGTH, TEXT, BYTES);
        table.opening(ConnectAckDecoder.TEMPLATE_ID, ConnectAckDecoder.BLOCK_LENGTH, TEXT);
        table.add(KeepAliveDecoder.TEMPLATE_ID, KeepAliveDecoder.BLOCK_LENGTH);
        table.add(CloseSessionDecoder.TEMPLATE_ID, CloseSessionDecoder.BLOCK_LENGTH);
        table.add(SessionClosedDecoder.TEMPLATE_ID, SessionClosedDecoder.BLOCK_LENGTH, TEXT);
        table.add(InferRequestDecoder.TEMPLATE_ID, InferRequestDecoder.BLOCK_LENGTH, BYTES);
        table.add(CancelRequestDecoder.TEMPLATE_ID, CancelRequestDecoder.BLOCK_LENGTH);
        table.add(InferResponseDecoder.TEMPLATE_ID, InferResponseDecoder.BLOCK_LENGTH, BYTES, TEXT);
        table.add(InputDecoder.TEMPLATE_ID, InputDecoder.BLOCK_LENGTH, BYTES);
        table.add(OutputDecoder.TEMPLATE_ID, OutputDecoder.BLOCK_LENGTH, BYTES);
        table.add(StatusQueryDecoder.TEMPLATE_ID, StatusQueryDecoder.BLOCK_LENGTH);
        table.add(StatusReportDecoder.TEMPLATE_ID, StatusReportDecoder.BLOCK_LENGTH, TEXT, TEXT);
        table.add(WorkerEntryDecoder.TEMPLATE_ID, WorkerEntryDecoder.BLOCK_LENGTH, TEXT, TEXT);
        table.add(DeviceEntryDecoder.TEMPLATE_ID, DeviceEntryDecoder.BLOCK_LENGTH, TEXT);
        table.add(QueryEndDecoder.TEMPLATE_ID, QueryEndDecoder.BLOCK_LENGTH);
    }

    private static void catalogueMessages(final Table table) {
        table.add(ListModelsDecoder.TEMPLATE_ID, ListModelsDecoder.BLOCK_LENGTH, TEXT);
        table.add(ModelEntryDecoder.TEMPLATE_ID, ModelEntryDecoder.BLOCK_LENGTH, TEXT, TEXT, TEXT, TEXT)
            .group(ModelEntryDecoder.ProfileDecoder.sbeBlockLength())
            .group(ModelEntryDecoder.TensorsDecoder.sbeBlockLength(), TEXT, TEXT);
        table.add(RegisterModelDecoder.TEMPLATE_ID, RegisterModelDecoder.BLOCK_LENGTH, TEXT, TEXT, TEXT)
            .group(RegisterModelDecoder.DimensionsDecoder.sbeBlockLength(), TEXT);
        table.add(CatalogueAckDecoder.TEMPLATE_ID, CatalogueAckDecoder.BLOCK_LENGTH, TEXT);
        table.add(UnregisterModelDecoder.TEMPLATE_ID, UnregisterModelDecoder.BLOCK_LENGTH, TEXT);
        table.add(FileChunkDecoder.TEMPLATE_ID, FileChunkDecoder.BLOCK_LENGTH, BYTES);
    }

    private static void workerMessages(final Table table) {
        table.opening(HelloDecoder.TEMPLATE_ID, HelloDecoder.BLOCK_LENGTH, TEXT, TEXT, TEXT, BYTES)
            .group(HelloDecoder.DevicesDecoder.sbeBlockLength(), TEXT);
        table.add(InventoryDecoder.TEMPLATE_ID, InventoryDecoder.BLOCK_LENGTH)
            .group(InventoryDecoder.LoadedDecoder.sbeBlockLength());
        table.opening(HelloAckDecoder.TEMPLATE_ID, HelloAckDecoder.BLOCK_LENGTH, TEXT);
        table.add(HeartbeatDecoder.TEMPLATE_ID, HeartbeatDecoder.BLOCK_LENGTH);
        table.add(InstallArtifactDecoder.TEMPLATE_ID, InstallArtifactDecoder.BLOCK_LENGTH, TEXT, TEXT)
            .group(InstallArtifactDecoder.DimensionsDecoder.sbeBlockLength(), TEXT);
        table.add(ArtifactStateDecoder.TEMPLATE_ID, ArtifactStateDecoder.BLOCK_LENGTH, TEXT, TEXT)
            .group(ArtifactStateDecoder.ProfileDecoder.sbeBlockLength())
            .group(ArtifactStateDecoder.TensorsDecoder.sbeBlockLength(), TEXT, TEXT);
        table.add(ForgetArtifactDecoder.TEMPLATE_ID, ForgetArtifactDecoder.BLOCK_LENGTH);
        table.add(LoadDecoder.TEMPLATE_ID, LoadDecoder.BLOCK_LENGTH);
        table.add(UnloadDecoder.TEMPLATE_ID, UnloadDecoder.BLOCK_LENGTH);
        table.add(InferDecoder.TEMPLATE_ID, InferDecoder.BLOCK_LENGTH)
            .group(InferDecoder.RequestsDecoder.sbeBlockLength(), BYTES);
        table.add(ProfileDecoder.TEMPLATE_ID, ProfileDecoder.BLOCK_LENGTH);
        table.add(CancelActionDecoder.TEMPLATE_ID, CancelActionDecoder.BLOCK_LENGTH);
        table.add(ActionResultDecoder.TEMPLATE_ID, ActionResultDecoder.BLOCK_LENGTH, TEXT)
            .group(ActionResultDecoder.OutputsDecoder.sbeBlockLength(), BYTES);
        table.add(DrainingDecoder.TEMPLATE_ID, DrainingDecoder.BLOCK_LENGTH);
    }

    /** Puts the table together. */
    private static final class Table {
        private MessageShape[] shapes = new MessageShape[0];
        private int current;

        Table add(final int templateId, final int blockLength, final int... data) {
            return put(templateId, new MessageShape(blockLength, false, new Group[0], data));
        }

        Table opening(final int templateId, final int blockLength, final int... data) {
            return put(templateId, new MessageShape(blockLength, true, new Group[0], data));
        }

        /** The next group of the message added last. */
        Table group(final int blockLength, final int... data) {
            final MessageShape shape = shapes[current];
            final Group[] groups = Arrays.copyOf(shape.groups, shape.groups.length + 1);
            groups[shape.groups.length] = new Group(blockLength, data.length == 0 ? NOTHING : data);
            return put(current, new MessageShape(shape.blockLength, shape.isForAllVersions, groups, shape.data));
        }

        private Table put(final int templateId, final MessageShape shape) {
            if (templateId >= shapes.length) {
                shapes = Arrays.copyOf(shapes, templateId + 1);
            }
            shapes[templateId] = shape;
            current = templateId;
            return this;
        }
    }
}
