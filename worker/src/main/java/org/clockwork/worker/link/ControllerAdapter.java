package org.clockwork.worker.link;

import java.util.Map;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.clockwork.schema.MessageCheck;
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
import org.clockwork.schema.codec.ProfileDecoder;
import org.clockwork.schema.codec.UnloadDecoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;

/**
 * Turns bytes of a controller into calls of a {@link ControllerHandler}. Lengths are checked before anything is decoded;
 * what does not hold is reported as malformed and dropped. Owned by the worker agent.
 */
public final class ControllerAdapter implements MessageHandler {
    private static final int SHA_BYTES = 32;
    private static final int DATA_LENGTH_BYTES = 4;
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private final ControllerHandler handler;
    private final MessageCheck check = new MessageCheck();
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
        if (!check.isValid(buffer, offset, length)) {
            return false;
        }
        final int body = offset + MessageCheck.BODY_OFFSET;
        final int block = check.blockLength();
        if (lane == Link.BULK) {
            return switch (check.templateId()) {
                case InputDecoder.TEMPLATE_ID -> onInput(buffer, body, block);
                case FileChunkDecoder.TEMPLATE_ID -> onFileChunk(buffer, body, block);
                default -> false;
            };
        }
        return switch (check.templateId()) {
            case InferDecoder.TEMPLATE_ID -> onInfer(buffer, body, block);
            case LoadDecoder.TEMPLATE_ID -> onLoad(buffer, body, block);
            case UnloadDecoder.TEMPLATE_ID -> onUnload(buffer, body, block);
            case ProfileDecoder.TEMPLATE_ID -> onProfile(buffer, body, block);
            case CancelActionDecoder.TEMPLATE_ID -> onCancel(buffer, body, block);
            case HeartbeatDecoder.TEMPLATE_ID -> onHeartbeat(buffer, body, block);
            case InstallArtifactDecoder.TEMPLATE_ID -> onInstall(buffer, body, block);
            case ForgetArtifactDecoder.TEMPLATE_ID -> onForget(buffer, body, block);
            case HelloAckDecoder.TEMPLATE_ID -> onHelloAck(buffer, body, block);
            default -> false;
        };
    }

    private boolean onInfer(final DirectBuffer buffer, final int body, final int block) {
        infer.wrap(buffer, body, block, Protocol.VERSION);
        final InferDecoder.RequestsDecoder request = infer.requests();
        final int requests = request.count();
        handler.onInfer(
            infer.epoch(), infer.actionId(), infer.earliestNs(), infer.latestNs(),
            infer.modelId(), infer.deviceIndex(), infer.batchSize(), requests);
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
        helloAck.wrap(buffer, body, block, Protocol.VERSION);
        handler.onHelloAck(
            helloAck.correlationId(), helloAck.epoch(), helloAck.status(), helloAck.schemaVersion(),
            helloAck.heartbeatNs(), helloAck.timeoutNs(), helloAck.inlineBytes(), helloAck.detail());
        return true;
    }

    private boolean onInstall(final DirectBuffer buffer, final int body, final int block) {
        install.wrap(buffer, body, block, Protocol.VERSION);
        final Map<String, Integer> dimensions = new TreeMap<>();
        final InstallArtifactDecoder.DimensionsDecoder dimension = install.dimensions();
        while (dimension.hasNext()) {
            dimension.next();
            final int value = dimension.value();
            if (value < 1) {
                return false;
            }
            dimensions.put(dimension.dimension(), value);
        }
        final String profileName = install.profileName();
        final String options = install.options();
        final String fileHash = hex(buffer, body + InstallArtifactDecoder.fileSha256EncodingOffset());
        handler.onInstallArtifact(
            install.epoch(), install.artifactId(), hex(buffer, body + InstallArtifactDecoder.artifactKeyEncodingOffset()),
            profileName.isEmpty() ? fileHash : null, install.fileLength(), install.maxBatch(),
            dimensions, profileName.isEmpty() ? null : profileName, options);
        return true;
    }

    private boolean onInput(final DirectBuffer buffer, final int body, final int block) {
        input.wrap(buffer, body, block, Protocol.VERSION);
        handler.onInput(
            input.requestId(), input.tensorIndex(), input.position(), input.totalLength(),
            buffer, input.limit() + DATA_LENGTH_BYTES, input.bytesLength());
        return true;
    }

    private boolean onFileChunk(final DirectBuffer buffer, final int body, final int block) {
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
