package org.clockwork.client;

import io.aeron.logbuffer.BufferClaim;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CancelRequestEncoder;
import org.clockwork.schema.codec.CloseSessionEncoder;
import org.clockwork.schema.codec.ConnectEncoder;
import org.clockwork.schema.codec.FileChunkEncoder;
import org.clockwork.schema.codec.InferRequestEncoder;
import org.clockwork.schema.codec.InputEncoder;
import org.clockwork.schema.codec.KeepAliveEncoder;
import org.clockwork.schema.codec.ListModelsEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.RegisterModelEncoder;
import org.clockwork.schema.codec.StatusQueryEncoder;
import org.clockwork.schema.codec.UnregisterModelEncoder;
import org.clockwork.schema.link.Link;

/**
 * Encodes what a client sends and offers it to the current link. Each method answers {@code false} when the lane can't
 * take the message now. Owned by the thread that polls the core.
 */
final class ControllerPublisher {
    /** Longest input that an INFER-REQUEST can carry in one message. */
    static final int MAX_INLINE_BYTES = Protocol.MAX_MESSAGE_BYTES - MessageHeaderEncoder.ENCODED_LENGTH -
        InferRequestEncoder.BLOCK_LENGTH - InferRequestEncoder.inputHeaderLength();

    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int INFER_FIXED = HEADER + InferRequestEncoder.BLOCK_LENGTH + InferRequestEncoder.inputHeaderLength();
    private static final int INPUT_FIXED = HEADER + InputEncoder.BLOCK_LENGTH + InputEncoder.bytesHeaderLength();
    private static final int CHUNK_FIXED = HEADER + FileChunkEncoder.BLOCK_LENGTH + FileChunkEncoder.bytesHeaderLength();

    private final BufferClaim claim = new BufferClaim();
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[Protocol.MAX_MESSAGE_BYTES]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ConnectEncoder connect = new ConnectEncoder();
    private final KeepAliveEncoder keepAlive = new KeepAliveEncoder();
    private final CloseSessionEncoder closeSession = new CloseSessionEncoder();
    private final InferRequestEncoder inferRequest = new InferRequestEncoder();
    private final CancelRequestEncoder cancelRequest = new CancelRequestEncoder();
    private final InputEncoder inputPart = new InputEncoder();
    private final ListModelsEncoder listModels = new ListModelsEncoder();
    private final StatusQueryEncoder statusQuery = new StatusQueryEncoder();
    private final RegisterModelEncoder registerModel = new RegisterModelEncoder();
    private final UnregisterModelEncoder unregisterModel = new UnregisterModelEncoder();
    private final FileChunkEncoder fileChunk = new FileChunkEncoder();

    private Link link;
    private long sessionId;

    void use(final Link newLink, final long newSessionId) {
        link = newLink;
        sessionId = newSessionId;
    }

    boolean connect(
        final long correlationId, final long incarnation, final int wantedInFlight, final long wantedBytes,
        final String clientName, final byte[] credentials) {
        connect.wrapAndApplyHeader(scratch, 0, header)
            .correlationId(correlationId)
            .incarnation(incarnation)
            .schemaVersion(Protocol.VERSION)
            .wantedInFlight(wantedInFlight)
            .wantedBytes(wantedBytes)
            .clientName(clientName)
            .putCredentials(credentials, 0, credentials.length);
        return link.offer(Link.CONTROL, scratch, 0, HEADER + connect.encodedLength());
    }

    boolean keepAlive(final long sentNs, final long echoSentNs, final long echoReceivedNs) {
        if (!link.tryClaim(Link.CONTROL, HEADER + KeepAliveEncoder.BLOCK_LENGTH, claim)) {
            return false;
        }
        keepAlive.wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
            .sessionId(sessionId)
            .sentNs(sentNs)
            .echoSentNs(echoSentNs)
            .echoReceivedNs(echoReceivedNs);
        claim.commit();
        return true;
    }

    boolean closeSession() {
        closeSession.wrapAndApplyHeader(scratch, 0, header).sessionId(sessionId);
        return link.offer(Link.CONTROL, scratch, 0, HEADER + closeSession.encodedLength());
    }

    /** Sends a request; its input goes with it if {@code isInline}. */
    boolean inferRequest(
        final RequestSpec spec, final long requestId, final long sloNs, final long elapsedNs, final boolean isInline) {
        final int inlineBytes = isInline ? spec.inputLength : 0;
        final int length = INFER_FIXED + inlineBytes;
        if (length <= link.maxClaimLength(Link.CONTROL)) {
            if (!link.tryClaim(Link.CONTROL, length, claim)) {
                return false;
            }
            final MutableDirectBuffer buffer = claim.buffer();
            encodeRequest(buffer, claim.offset(), spec, requestId, sloNs, elapsedNs, inlineBytes);
            if (inlineBytes > 0) {
                buffer.putBytes(claim.offset() + INFER_FIXED, spec.input, spec.inputOffset, inlineBytes);
            }
            claim.commit();
            return true;
        }
        encodeRequest(scratch, 0, spec, requestId, sloNs, elapsedNs, inlineBytes);
        return link.offer(Link.CONTROL, scratch, 0, INFER_FIXED, spec.input, spec.inputOffset, inlineBytes);
    }

    private void encodeRequest(
        final MutableDirectBuffer buffer, final int offset, final RequestSpec spec, final long requestId,
        final long sloNs, final long elapsedNs, final int inlineBytes) {
        inferRequest.wrapAndApplyHeader(buffer, offset, header)
            .sessionId(sessionId)
            .requestId(requestId)
            .modelId(spec.modelId)
            .sloNs(sloNs)
            .elapsedNs(elapsedNs)
            .seed(spec.seed)
            .inputBytes(spec.inputLength)
            .inputType(spec.inputType)
            .priority((short) spec.priority);
        inferRequest.flags().clear().generatedInput(spec.isGenerated).omitOutput(spec.isOutputOmitted);
        buffer.putInt(inferRequest.limit(), inlineBytes, InferRequestEncoder.BYTE_ORDER);
    }

    boolean cancelRequest(final long requestId) {
        if (!link.tryClaim(Link.CONTROL, HEADER + CancelRequestEncoder.BLOCK_LENGTH, claim)) {
            return false;
        }
        cancelRequest.wrapAndApplyHeader(claim.buffer(), claim.offset(), header).sessionId(sessionId).requestId(requestId);
        claim.commit();
        return true;
    }

    /** Sends a part of an input tensor; its bytes are copied once, into the link. */
    boolean input(
        final long requestId, final int tensorIndex, final int position, final int totalLength,
        final DirectBuffer bytes, final int offset, final int length) {
        inputPart.wrapAndApplyHeader(scratch, 0, header)
            .sessionId(sessionId)
            .requestId(requestId)
            .position(position)
            .totalLength(totalLength)
            .tensorIndex(tensorIndex);
        scratch.putInt(inputPart.limit(), length, InputEncoder.BYTE_ORDER);
        return link.offer(Link.BULK, scratch, 0, INPUT_FIXED, bytes, offset, length);
    }

    boolean listModels(final long correlationId, final String prefix) {
        listModels.wrapAndApplyHeader(scratch, 0, header)
            .sessionId(sessionId).correlationId(correlationId).prefix(prefix);
        return link.offer(Link.CONTROL, scratch, 0, HEADER + listModels.encodedLength());
    }

    boolean statusQuery(final long correlationId) {
        statusQuery.wrapAndApplyHeader(scratch, 0, header).sessionId(sessionId).correlationId(correlationId);
        return link.offer(Link.CONTROL, scratch, 0, HEADER + statusQuery.encodedLength());
    }

    boolean registerModel(final long correlationId, final RegisterSpec spec, final long fileLength, final byte[] sha256) {
        registerModel.wrapAndApplyHeader(scratch, 0, header)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .fileLength(fileLength)
            .putSha256(sha256, 0, sha256.length)
            .count(spec.count)
            .defaultSloNs(spec.defaultSloNs)
            .maxBatch(spec.maxBatch);
        registerModel.flags().clear().replace(spec.isReplacing);
        final RegisterModelEncoder.DimensionsEncoder dimensions =
            registerModel.dimensionsCount(spec.dimensions.size());
        for (final Map.Entry<String, Integer> dimension : spec.dimensions.entrySet()) {
            dimensions.next().value(dimension.getValue()).dimension(dimension.getKey());
        }
        registerModel.name(spec.name).profileName(spec.profileName).options(spec.options());
        return link.offer(Link.CONTROL, scratch, 0, HEADER + registerModel.encodedLength());
    }

    boolean unregisterModel(final long correlationId, final String name, final int count) {
        unregisterModel.wrapAndApplyHeader(scratch, 0, header)
            .sessionId(sessionId).correlationId(correlationId).count(count).name(name);
        return link.offer(Link.CONTROL, scratch, 0, HEADER + unregisterModel.encodedLength());
    }

    boolean fileChunk(
        final long transferId, final long position, final long totalLength, final DirectBuffer bytes, final int length) {
        fileChunk.wrapAndApplyHeader(scratch, 0, header)
            .sessionId(sessionId)
            .transferId(transferId)
            .position(position)
            .totalLength(totalLength);
        scratch.putInt(fileChunk.limit(), length, FileChunkEncoder.BYTE_ORDER);
        return link.offer(Link.BULK, scratch, 0, CHUNK_FIXED, bytes, 0, length);
    }
}
