package org.clockwork.worker.link;

import java.util.Map;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CancelActionDecoder;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.ForgetArtifactDecoder;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.schema.codec.HelloAckDecoder;
import org.clockwork.schema.codec.InferDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.InstallArtifactDecoder;
import org.clockwork.schema.codec.LoadDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.ProfileDecoder;
import org.clockwork.schema.codec.UnloadDecoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;

/**
 * Turns bytes of a controller into calls of a {@link ControllerHandler}. Lengths are checked before anything is decoded;
 * what does not hold is reported as malformed and dropped. Owned by the worker agent.
 */
public final class ControllerAdapter implements MessageHandler {
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int SHA_BYTES = 32;
    private static final int DATA_LENGTH_BYTES = 4;
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private final ControllerHandler handler;
    private final WireCursor cursor = new WireCursor();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final HelloAckDecoder helloAck = new HelloAckDecoder();
    private final HeartbeatDecoder heartbeat = new HeartbeatDecoder();
    private final InstallArtifactDecoder install = new InstallArtifactDecoder();
    private final ForgetArtifactDecoder forget = new ForgetArtifactDecoder();
    private final LoadDecoder load = new LoadDecoder();
    private final UnloadDecoder unload = new UnloadDecoder();
    private final InferDecoder infer = new InferDecoder();
    private final ProfileDecoder profile = new ProfileDecoder();
    private final CancelActionDecoder cancel = new CancelActionDecoder();
    private final InputDecoder input = new InputDecoder();
    private final FileChunkDecoder fileChunk = new FileChunkDecoder();

    /** An adapter that calls {@code handler}. */
    public ControllerAdapter(final ControllerHandler handler) {
        this.handler = handler;
    }

    @Override
    public void onMessage(final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (!dispatch(lane, buffer, offset, length)) {
            handler.onMalformed();
        }
    }

    private boolean dispatch(final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (length < HEADER) {
            return false;
        }
        header.wrap(buffer, offset);
        final int template = header.templateId();
        if (header.schemaId() != MessageHeaderDecoder.SCHEMA_ID
            || header.version() != Protocol.VERSION && template != HelloAckDecoder.TEMPLATE_ID) {
            return false;
        }
        final int body = offset + HEADER;
        final int block = header.blockLength();
        if (block > length - HEADER) {
            return false;
        }
        cursor.reset(buffer, body + block, offset + length);
        if (lane == Link.BULK) {
            return switch (template) {
                case InputDecoder.TEMPLATE_ID -> block >= InputDecoder.BLOCK_LENGTH && onInput(buffer, body, block);
                case FileChunkDecoder.TEMPLATE_ID ->
                    block >= FileChunkDecoder.BLOCK_LENGTH && onFileChunk(buffer, body, block);
                default -> false;
            };
        }
        return switch (template) {
            case InferDecoder.TEMPLATE_ID -> block >= InferDecoder.BLOCK_LENGTH && onInfer(buffer, body, block);
            case LoadDecoder.TEMPLATE_ID -> block >= LoadDecoder.BLOCK_LENGTH && onLoad(buffer, body, block);
            case UnloadDecoder.TEMPLATE_ID -> block >= UnloadDecoder.BLOCK_LENGTH && onUnload(buffer, body, block);
            case ProfileDecoder.TEMPLATE_ID -> block >= ProfileDecoder.BLOCK_LENGTH && onProfile(buffer, body, block);
            case CancelActionDecoder.TEMPLATE_ID ->
                block >= CancelActionDecoder.BLOCK_LENGTH && onCancel(buffer, body, block);
            case HeartbeatDecoder.TEMPLATE_ID -> block >= HeartbeatDecoder.BLOCK_LENGTH && onHeartbeat(buffer, body, block);
            case InstallArtifactDecoder.TEMPLATE_ID ->
                block >= InstallArtifactDecoder.BLOCK_LENGTH && onInstall(buffer, body, block);
            case ForgetArtifactDecoder.TEMPLATE_ID ->
                block >= ForgetArtifactDecoder.BLOCK_LENGTH && onForget(buffer, body, block);
            case HelloAckDecoder.TEMPLATE_ID -> block >= HelloAckDecoder.BLOCK_LENGTH && onHelloAck(buffer, body, block);
            default -> false;
        };
    }

    private boolean onInfer(final DirectBuffer buffer, final int body, final int block) {
        if (!cursor.enterGroup(InferDecoder.RequestsDecoder.sbeBlockLength())) {
            return false;
        }
        final int requests = cursor.groupCount();
        for (int i = 0; i < requests; i++) {
            if (!cursor.skipElement() || !cursor.skipData()) {
                return false;
            }
        }
        infer.wrap(buffer, body, block, Protocol.VERSION);
        final boolean isWanted = handler.onInfer(
            infer.epoch(), infer.actionId(), infer.earliestNs(), infer.latestNs(),
            infer.modelId(), infer.deviceIndex(), infer.batchSize(), requests);
        if (isWanted) {
            final InferDecoder.RequestsDecoder request = infer.requests();
            for (int i = 0; i < requests; i++) {
                request.next();
                final int inputLength = request.inputLength();
                handler.onInferRequest(
                    i, request.requestId(), request.seed(), request.inputBytes(),
                    request.flags().generatedInput(), request.flags().omitOutput(),
                    buffer, infer.limit() + DATA_LENGTH_BYTES, inputLength);
                request.skipInput();
            }
            handler.onInferEnd();
        }
        return true;
    }

    private boolean onLoad(final DirectBuffer buffer, final int body, final int block) {
        load.wrap(buffer, body, block, Protocol.VERSION);
        handler.onLoad(
            load.epoch(), load.actionId(), load.earliestNs(), load.latestNs(),
            load.modelId(), load.artifactId(), load.deviceIndex());
        return true;
    }

    private boolean onUnload(final DirectBuffer buffer, final int body, final int block) {
        unload.wrap(buffer, body, block, Protocol.VERSION);
        handler.onUnload(
            unload.epoch(), unload.actionId(), unload.earliestNs(), unload.latestNs(), unload.modelId(), unload.deviceIndex());
        return true;
    }

    private boolean onProfile(final DirectBuffer buffer, final int body, final int block) {
        profile.wrap(buffer, body, block, Protocol.VERSION);
        handler.onProfile(
            profile.epoch(), profile.actionId(), profile.earliestNs(), profile.latestNs(),
            profile.modelId(), profile.deviceIndex(), profile.batchSize());
        return true;
    }

    private boolean onCancel(final DirectBuffer buffer, final int body, final int block) {
        cancel.wrap(buffer, body, block, Protocol.VERSION);
        handler.onCancelAction(cancel.epoch(), cancel.actionId());
        return true;
    }

    private boolean onHeartbeat(final DirectBuffer buffer, final int body, final int block) {
        heartbeat.wrap(buffer, body, block, Protocol.VERSION);
        handler.onHeartbeat(heartbeat.incarnation(), heartbeat.epoch(), heartbeat.sentNs());
        return true;
    }

    private boolean onForget(final DirectBuffer buffer, final int body, final int block) {
        forget.wrap(buffer, body, block, Protocol.VERSION);
        handler.onForgetArtifact(forget.epoch(), forget.artifactId());
        return true;
    }

    private boolean onHelloAck(final DirectBuffer buffer, final int body, final int block) {
        if (!cursor.skipText()) {
            return false;
        }
        helloAck.wrap(buffer, body, block, Protocol.VERSION);
        handler.onHelloAck(
            helloAck.correlationId(), helloAck.epoch(), helloAck.status(), helloAck.schemaVersion(),
            helloAck.heartbeatNs(), helloAck.timeoutNs(), helloAck.inlineBytes(), helloAck.detail());
        return true;
    }

    private boolean onInstall(final DirectBuffer buffer, final int body, final int block) {
        if (!cursor.enterGroup(InstallArtifactDecoder.DimensionsDecoder.sbeBlockLength())) {
            return false;
        }
        final int count = cursor.groupCount();
        for (int i = 0; i < count; i++) {
            if (!cursor.skipElement() || !cursor.skipText()) {
                return false;
            }
        }
        if (!cursor.skipText()) {
            return false;
        }
        install.wrap(buffer, body, block, Protocol.VERSION);
        final Map<String, Integer> dimensions = new TreeMap<>();
        final InstallArtifactDecoder.DimensionsDecoder dimension = install.dimensions();
        for (int i = 0; i < count; i++) {
            dimension.next();
            final int value = dimension.value();
            if (value < 1) {
                return false;
            }
            dimensions.put(dimension.dimension(), value);
        }
        final String profileName = install.profileName();
        final String fileHash = hex(buffer, body + InstallArtifactDecoder.fileSha256EncodingOffset());
        handler.onInstallArtifact(
            install.epoch(), install.artifactId(), hex(buffer, body + InstallArtifactDecoder.artifactKeyEncodingOffset()),
            profileName.isEmpty() ? fileHash : null, install.fileLength(), install.maxBatch(),
            dimensions, profileName.isEmpty() ? null : profileName);
        return true;
    }

    private boolean onInput(final DirectBuffer buffer, final int body, final int block) {
        if (!cursor.skipData()) {
            return false;
        }
        input.wrap(buffer, body, block, Protocol.VERSION);
        handler.onInput(
            input.requestId(), input.tensorIndex(), input.position(), input.totalLength(),
            buffer, input.limit() + DATA_LENGTH_BYTES, input.bytesLength());
        return true;
    }

    private boolean onFileChunk(final DirectBuffer buffer, final int body, final int block) {
        if (!cursor.skipData()) {
            return false;
        }
        fileChunk.wrap(buffer, body, block, Protocol.VERSION);
        handler.onFileChunk(
            fileChunk.transferId(), fileChunk.position(), fileChunk.totalLength(),
            buffer, fileChunk.limit() + DATA_LENGTH_BYTES, fileChunk.bytesLength());
        return true;
    }

    private static String hex(final DirectBuffer buffer, final int offset) {
        final char[] text = new char[SHA_BYTES * 2];
        for (int i = 0; i < SHA_BYTES; i++) {
            final byte value = buffer.getByte(offset + i);
            text[i * 2] = HEX[(value >> 4) & 0xF];
            text[i * 2 + 1] = HEX[value & 0xF];
        }
        return new String(text);
    }
}
