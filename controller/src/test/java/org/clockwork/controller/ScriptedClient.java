package org.clockwork.controller;

import java.util.Map;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CatalogueAckDecoder;
import org.clockwork.schema.codec.CloseSessionEncoder;
import org.clockwork.schema.codec.ConnectAckDecoder;
import org.clockwork.schema.codec.ConnectEncoder;
import org.clockwork.schema.codec.FileChunkEncoder;
import org.clockwork.schema.codec.InferRequestEncoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.KeepAliveEncoder;
import org.clockwork.schema.codec.ListModelsEncoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.RegisterModelEncoder;
import org.clockwork.schema.codec.StatusQueryEncoder;
import org.clockwork.schema.codec.UnregisterModelEncoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.memory.MemoryDialer;

/** A client that does what a test tells it, with the real codecs; it answers keep-alives unless told not to. */
public final class ScriptedClient extends ScriptedPeer {
    public final long incarnation;
    public long sessionId;
    public boolean answersKeepAlives = true;
    /** Of the next registration. */
    public String options = "";
    private long correlationId;

    public ScriptedClient(final MemoryDialer dialer, final long incarnation) {
        super(dialer);
        this.incarnation = incarnation;
    }

    @Override
    protected void onReceived(final int lane, final UnsafeBuffer message, final long atNs) {
        if (templateId(message) == ConnectAckDecoder.TEMPLATE_ID) {
            sessionId = decode(message, new ConnectAckDecoder()).sessionId();
        } else if (templateId(message) == KeepAliveDecoder.TEMPLATE_ID && answersKeepAlives) {
            keepAlive(atNs, decode(message, new KeepAliveDecoder()).sentNs(), atNs);
        }
    }

    public long connect() {
        return connect(Protocol.VERSION, 0, 0, "test", new byte[0]);
    }

    public long connect(
        final int version, final int wantedInFlight, final long wantedBytes, final String name, final byte[] credentials) {
        final ConnectEncoder connect = new ConnectEncoder().wrapAndApplyHeader(buffer, 0, header)
            .correlationId(++correlationId)
            .incarnation(incarnation)
            .schemaVersion(version)
            .wantedInFlight(wantedInFlight)
            .wantedBytes(wantedBytes)
            .clientName(name)
            .putCredentials(credentials, 0, credentials.length);
        send(Link.CONTROL, connect);
        return correlationId;
    }

    public void keepAlive(final long sentNs, final long echoSentNs, final long echoReceivedNs) {
        send(Link.CONTROL, new KeepAliveEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).sentNs(sentNs).echoSentNs(echoSentNs).echoReceivedNs(echoReceivedNs));
    }

    public void closeSession() {
        send(Link.CONTROL, new CloseSessionEncoder().wrapAndApplyHeader(buffer, 0, header).sessionId(sessionId));
    }

    public long list(final String prefix) {
        send(Link.CONTROL, new ListModelsEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(++correlationId).prefix(prefix));
        return correlationId;
    }

    public long status() {
        send(Link.CONTROL, new StatusQueryEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(++correlationId));
        return correlationId;
    }

    public void infer(final long requestId, final long modelId) {
        final InferRequestEncoder infer = new InferRequestEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).requestId(requestId).modelId(modelId).sloNs(100_000_000).elapsedNs(0).seed(1)
            .inputBytes(0).priority((short) 0);
        infer.flags().clear();
        send(Link.CONTROL, infer.putInput(new byte[0], 0, 0));
    }

    public long registerProfile(final String name, final int count, final String profile) {
        return register(name, count, profile, 0, new byte[32], Map.of(), false, Protocol.NULL_NS, 0);
    }

    public long registerFile(final String name, final byte[] sha256, final long length) {
        return register(name, 1, "", length, sha256, Map.of(), false, Protocol.NULL_NS, 0);
    }

    public long register(
        final String name, final int count, final String profile, final long length, final byte[] sha256,
        final Map<String, Integer> dimensions, final boolean isReplacing, final long sloNs, final int maxBatch) {
        final RegisterModelEncoder register = new RegisterModelEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(++correlationId).fileLength(length).putSha256(sha256, 0, 32)
            .count(count).defaultSloNs(sloNs).maxBatch(maxBatch);
        register.flags().clear().replace(isReplacing);
        final RegisterModelEncoder.DimensionsEncoder group = register.dimensionsCount(dimensions.size());
        new TreeMap<>(dimensions).forEach((dimension, value) -> group.next().value(value).dimension(dimension));
        send(Link.CONTROL, register.name(name).profileName(profile).options(options));
        options = "";
        return correlationId;
    }

    public long unregister(final String name, final int count) {
        send(Link.CONTROL, new UnregisterModelEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(++correlationId).count(count).name(name));
        return correlationId;
    }

    public void chunk(final long transferId, final byte[] file, final int position, final int length) {
        send(Link.BULK, new FileChunkEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).transferId(transferId).position(position).totalLength(file.length)
            .putBytes(file, position, length));
    }

    public CatalogueAckDecoder ack() {
        return last(new CatalogueAckDecoder());
    }

    public ModelEntryDecoder entry() {
        return last(new ModelEntryDecoder());
    }
}
