package org.clockwork.worker;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ActionResultDecoder;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.ArtifactStateDecoder;
import org.clockwork.schema.codec.CancelActionEncoder;
import org.clockwork.schema.codec.DrainingDecoder;
import org.clockwork.schema.codec.FileChunkEncoder;
import org.clockwork.schema.codec.ForgetArtifactEncoder;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.schema.codec.HeartbeatEncoder;
import org.clockwork.schema.codec.HelloAckEncoder;
import org.clockwork.schema.codec.HelloDecoder;
import org.clockwork.schema.codec.InferEncoder;
import org.clockwork.schema.codec.InputEncoder;
import org.clockwork.schema.codec.InstallArtifactEncoder;
import org.clockwork.schema.codec.InventoryDecoder;
import org.clockwork.schema.codec.LoadEncoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.codec.ProfileEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.UnloadEncoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.MessageHandler;
import org.clockwork.schema.link.memory.MemoryListener;

/** The controller's end of a worker's link, moved by a test's script: speaks the real protocol and keeps what it hears. */
final class StubController implements LinkObserver, MessageHandler {
    /** A request of an INFER. */
    record Request(long requestId, long seed, int inputBytes, boolean isGenerated, boolean isOmitted, byte[] inline) {
        static Request generated(final long requestId, final long seed) {
            return new Request(requestId, seed, 0, true, false, new byte[0]);
        }

        static Request omitted(final long requestId) {
            return new Request(requestId, requestId, 0, true, true, new byte[0]);
        }

        static Request inline(final long requestId, final byte[] input) {
            return new Request(requestId, 0, input.length, false, false, input);
        }

        static Request bulk(final long requestId, final int inputBytes) {
            return new Request(requestId, 0, inputBytes, false, false, new byte[0]);
        }
    }

    /** HELLO. */
    record Hello(long correlationId, long incarnation, long epochSeen, String name, String backend, List<String> devices) {
    }

    /** INVENTORY. */
    record Inventory(boolean isLast, List<String> loaded) {
    }

    /** HEARTBEAT. */
    record Heartbeat(long epoch, long sentNs, long echoSentNs, long echoReceivedNs) {
    }

    /** DRAINING. */
    record Draining(long limitNs) {
    }

    /** ARTIFACT-STATE. */
    record ArtifactState(
        int id, ArtifactPhase phase, Status status, long transferId, int pages, int maxBatch, long loadNs,
        List<String> profile, List<String> tensors, String detail) {
    }

    /** OUTPUT. */
    record Output(long requestId, int tensor, int position, int total, byte[] bytes) {
        @Override
        public String toString() {
            return "Output " + requestId + " " + tensor + " " + position + "/" + total + " " + java.util.Arrays.hashCode(bytes);
        }
    }

    /** ACTION-RESULT. */
    record Result(
        long epoch, long actionId, ActionKind kind, Status status, long receivedNs, long startNs, long executeStartNs,
        long executeNs, long endNs, long sentNs, int batchSize, int freePages, List<String> outputs, String detail) {
    }

    final List<Object> heard = new ArrayList<>();
    final List<byte[]> inlineOutputs = new ArrayList<>();
    /** Of the next INSTALL-ARTIFACT. */
    String options = "";
    Link link;
    long epoch = 1;
    long heartbeatNs = Protocol.DEFAULT_HEARTBEAT_NS;
    long timeoutNs = Protocol.DEFAULT_TIMEOUT_NS;
    int inlineBytes = Protocol.DEFAULT_INLINE_BYTES;
    Status answer = Status.OK;
    String answerDetail = "";
    boolean isAnswering = true;
    boolean isBeating = true;
    int pollLimit = 1000;
    private final NanoClock clock;
    private final MemoryListener listener;
    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final HeartbeatEncoder heartbeat = new HeartbeatEncoder();
    private long incarnation;
    private long lastBeatNs;

    StubController(final MemoryListener listener, final NanoClock clock) {
        this.listener = listener;
        this.clock = clock;
    }

    MemoryListener listener() {
        return listener;
    }

    int doWork() {
        int work = listener.poll(this);
        work += listener.poll(Link.CONTROL, this, pollLimit);
        work += listener.poll(Link.BULK, this, pollLimit);
        if (link != null && incarnation != 0 && isBeating && clock.nanoTime() - lastBeatNs >= heartbeatNs) {
            lastBeatNs = clock.nanoTime();
            beat(epoch, 0, 0);
        }
        return work;
    }

    void close() {
        listener.close();
    }

    @SuppressWarnings("unchecked")
    <T> List<T> all(final Class<T> type) {
        return (List<T>) heard.stream().filter(type::isInstance).toList();
    }

    <T> T last(final Class<T> type) {
        final List<T> all = all(type);
        if (all.isEmpty()) {
            throw new AssertionError("no " + type.getSimpleName() + " among " + heard);
        }
        return all.get(all.size() - 1);
    }

    Result result(final long actionId) {
        final List<Result> results = all(Result.class).stream().filter(r -> r.actionId == actionId).toList();
        if (results.size() != 1) {
            throw new AssertionError("results of " + actionId + ": " + results + " among " + heard);
        }
        return results.get(0);
    }

    boolean hasResult(final long actionId) {
        return all(Result.class).stream().anyMatch(r -> r.actionId == actionId);
    }

    @Override
    public void onLinkUp(final Link newLink) {
        link = newLink;
    }

    @Override
    public void onLinkDown(final Link oldLink) {
        if (link == oldLink) {
            link = null;
            incarnation = 0;
        }
    }

    boolean helloAck(final long correlationId, final long ackEpoch, final Status status, final String detail) {
        final HelloAckEncoder ack = new HelloAckEncoder().wrapAndApplyHeader(buffer, 0, header)
            .correlationId(correlationId).epoch(ackEpoch).status(status).schemaVersion(Protocol.VERSION)
            .heartbeatNs(heartbeatNs).timeoutNs(timeoutNs).inlineBytes(inlineBytes).detail(detail);
        return send(Link.CONTROL, ack.encodedLength());
    }

    boolean beat(final long withEpoch, final long echoSentNs, final long echoReceivedNs) {
        return send(Link.CONTROL, heartbeat.wrapAndApplyHeader(buffer, 0, header)
            .incarnation(incarnation).epoch(withEpoch).sentNs(clock.nanoTime())
            .echoSentNs(echoSentNs).echoReceivedNs(echoReceivedNs).encodedLength());
    }

    boolean installProfile(final int artifactId, final int key, final String profile, final int maxBatch) {
        return install(artifactId, key, new byte[32], 0, maxBatch, profile);
    }

    boolean install(
            final int artifactId, final int key, final byte[] sha, final long length, final int maxBatch, final String profile) {
        final byte[] keyBytes = new byte[32];
        keyBytes[31] = (byte) key;
        final InstallArtifactEncoder install = new InstallArtifactEncoder().wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch).artifactId(artifactId).putArtifactKey(keyBytes, 0, 32).putFileSha256(sha, 0, 32)
            .fileLength(length).maxBatch(maxBatch);
        install.dimensionsCount(1).next().value(32).dimension("sequence");
        install.profileName(profile).options(options);
        return send(Link.CONTROL, install.encodedLength());
    }

    boolean forget(final int artifactId) {
        return send(Link.CONTROL, new ForgetArtifactEncoder().wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch).artifactId(artifactId).encodedLength());
    }

    boolean chunk(final long transferId, final long position, final long total, final byte[] bytes) {
        final FileChunkEncoder chunk = new FileChunkEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(0).transferId(transferId).position(position).totalLength(total).putBytes(bytes, 0, bytes.length);
        return send(Link.BULK, chunk.encodedLength());
    }

    boolean load(final long actionId, final long earliestNs, final long latestNs, final long modelId, final int artifactId) {
        return load(epoch, actionId, earliestNs, latestNs, modelId, artifactId, 0);
    }

    boolean load(
            final long withEpoch, final long actionId, final long earliestNs, final long latestNs, final long modelId,
            final int artifactId, final int device) {
        return send(Link.CONTROL, new LoadEncoder().wrapAndApplyHeader(buffer, 0, header)
            .epoch(withEpoch).actionId(actionId).earliestNs(earliestNs).latestNs(latestNs).expectedNs(0)
            .modelId(modelId).artifactId(artifactId).deviceIndex(device).encodedLength());
    }

    boolean unload(final long actionId, final long earliestNs, final long latestNs, final long modelId) {
        return send(Link.CONTROL, new UnloadEncoder().wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch).actionId(actionId).earliestNs(earliestNs).latestNs(latestNs).expectedNs(0)
            .modelId(modelId).deviceIndex(0).encodedLength());
    }

    boolean profile(
            final long actionId, final long earliestNs, final long latestNs, final long modelId, final int batchSize) {
        return send(Link.CONTROL, new ProfileEncoder().wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch).actionId(actionId).earliestNs(earliestNs).latestNs(latestNs).expectedNs(0)
            .modelId(modelId).deviceIndex(0).batchSize(batchSize).encodedLength());
    }

    boolean cancel(final long actionId) {
        return send(Link.CONTROL, new CancelActionEncoder().wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch).actionId(actionId).encodedLength());
    }

    boolean infer(
            final long actionId, final long earliestNs, final long latestNs, final long modelId, final int batchSize,
            final Request... requests) {
        final InferEncoder infer = new InferEncoder().wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch).actionId(actionId).earliestNs(earliestNs).latestNs(latestNs).expectedNs(0)
            .modelId(modelId).deviceIndex(0).batchSize(batchSize);
        final InferEncoder.RequestsEncoder group = infer.requestsCount(requests.length);
        for (final Request request : requests) {
            group.next().requestId(request.requestId).seed(request.seed).inputBytes(request.inputBytes)
                .flags().clear().generatedInput(request.isGenerated).omitOutput(request.isOmitted);
            group.putInput(request.inline, 0, request.inline.length);
        }
        return send(Link.CONTROL, infer.encodedLength());
    }

    boolean input(final long requestId, final int tensor, final int position, final int total, final byte[] bytes) {
        final InputEncoder input = new InputEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(0).requestId(requestId).position(position).totalLength(total).tensorIndex(tensor)
            .putBytes(bytes, 0, bytes.length);
        return send(Link.BULK, input.encodedLength());
    }

    boolean send(final int lane, final int bodyLength) {
        return link.offer(lane, buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + bodyLength);
    }

    boolean sendRaw(final int lane, final byte[] bytes) {
        return link.offer(lane, new UnsafeBuffer(bytes), 0, bytes.length);
    }

    @Override
    public void onMessage(final Link from, final int lane, final DirectBuffer message, final int offset, final int length) {
        final MessageHeaderDecoder decoded = new MessageHeaderDecoder().wrap(message, offset);
        switch (decoded.templateId()) {
            case HelloDecoder.TEMPLATE_ID -> onHello(new HelloDecoder().wrapAndApplyHeader(message, offset, decoded));
            case InventoryDecoder.TEMPLATE_ID ->
                onInventory(new InventoryDecoder().wrapAndApplyHeader(message, offset, decoded));
            case HeartbeatDecoder.TEMPLATE_ID -> {
                final HeartbeatDecoder m = new HeartbeatDecoder().wrapAndApplyHeader(message, offset, decoded);
                heard.add(new Heartbeat(m.epoch(), m.sentNs(), m.echoSentNs(), m.echoReceivedNs()));
            }
            case ArtifactStateDecoder.TEMPLATE_ID ->
                onArtifactState(new ArtifactStateDecoder().wrapAndApplyHeader(message, offset, decoded));
            case ActionResultDecoder.TEMPLATE_ID ->
                onResult(new ActionResultDecoder().wrapAndApplyHeader(message, offset, decoded));
            case OutputDecoder.TEMPLATE_ID -> {
                final OutputDecoder m = new OutputDecoder().wrapAndApplyHeader(message, offset, decoded);
                final byte[] bytes = new byte[m.bytesLength()];
                final Output output = new Output(m.requestId(), m.tensorIndex(), m.position(), m.totalLength(), bytes);
                m.getBytes(bytes, 0, bytes.length);
                heard.add(output);
            }
            case DrainingDecoder.TEMPLATE_ID ->
                heard.add(new Draining(new DrainingDecoder().wrapAndApplyHeader(message, offset, decoded).limitNs()));
            default -> throw new AssertionError("template " + decoded.templateId());
        }
    }

    private void onHello(final HelloDecoder m) {
        final List<String> devices = new ArrayList<>();
        incarnation = m.incarnation();
        final long correlationId = m.correlationId();
        final long epochSeen = m.epochSeen();
        for (final HelloDecoder.DevicesDecoder d : m.devices()) {
            final String numbers = d.totalPages() + " pages " + d.freePages() + " free batch " + d.maxBatch();
            d.skipDescription();
            devices.add(numbers);
        }
        heard.add(new Hello(correlationId, incarnation, epochSeen, m.workerName(), m.backend(), devices));
        lastBeatNs = clock.nanoTime();
    }

    private void onInventory(final InventoryDecoder m) {
        final boolean isLast = m.flags().last();
        final List<String> loaded = new ArrayList<>();
        final byte[] key = new byte[32];
        for (final InventoryDecoder.LoadedDecoder l : m.loaded()) {
            l.getArtifactKey(key, 0, key.length);
            loaded.add(l.deviceIndex() + ":" + l.modelId() + ":" + l.pages() + ":" + HexFormat.of().formatHex(key, 30, 32));
        }
        heard.add(new Inventory(isLast, loaded));
        if (isLast && isAnswering) {
            helloAck(last(Hello.class).correlationId, epoch, answer, answerDetail);
        }
    }

    private void onArtifactState(final ArtifactStateDecoder m) {
        final List<String> profile = new ArrayList<>();
        for (final ArtifactStateDecoder.ProfileDecoder p : m.profile()) {
            profile.add(p.batchSize() + "=" + p.executeNs());
        }
        final List<String> tensors = new ArrayList<>();
        for (final ArtifactStateDecoder.TensorsDecoder t : m.tensors()) {
            final String numbers = (t.isOutput() == 1 ? "out " : "in ") + t.dataType() + " " + t.bytes();
            tensors.add(numbers + " " + t.name() + " " + t.shape());
        }
        heard.add(new ArtifactState(
            m.artifactId(), m.phase(), m.status(), m.transferId(), m.pages(), m.maxBatch(), m.loadNs(),
            profile, tensors, m.detail()));
    }

    private void onResult(final ActionResultDecoder m) {
        final List<String> outputs = new ArrayList<>();
        inlineOutputs.clear();
        for (final ActionResultDecoder.OutputsDecoder o : m.outputs()) {
            final String text = o.requestId() + ":" + o.outputBytes();
            final byte[] bytes = new byte[o.outputLength()];
            o.getOutput(bytes, 0, bytes.length);
            inlineOutputs.add(bytes);
            outputs.add(text + ":" + bytes.length);
        }
        heard.add(new Result(
            m.epoch(), m.actionId(), m.kind(), m.status(), m.receivedNs(), m.startNs(), m.executeStartNs(), m.executeNs(),
            m.endNs(), m.sentNs(), m.batchSize(), m.freePages(), outputs, m.detail()));
    }
}
