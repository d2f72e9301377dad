package org.clockwork.client;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CancelRequestDecoder;
import org.clockwork.schema.codec.CloseSessionDecoder;
import org.clockwork.schema.codec.ConnectDecoder;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.InferRequestDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.ListModelsDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.RegisterModelDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.StatusQueryDecoder;
import org.clockwork.schema.codec.UnregisterModelDecoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.Listener;
import org.clockwork.schema.link.MessageHandler;

/** A controller that does what a test says: it records what comes and sends what it is told to. One client at a time. */
final class ControllerStub implements LinkObserver, MessageHandler {
    /** What it grants. */
    record Grant(int maxInFlight, long maxBytes, int inlineBytes, long keepAliveNs, long timeoutNs) {
        static final Grant USUAL = new Grant(1024, 64L << 20, 1024, 50_000_000, 500_000_000);
    }

    /** An INFER-REQUEST as it came. */
    record Request(long sessionId, long requestId, long modelId, long sloNs, long elapsedNs, long seed, int inputBytes,
        short priority, boolean isGenerated, boolean isOutputOmitted, byte[] inline) {
    }

    /** An INPUT as it came. */
    record Input(long requestId, int tensor, int position, int total, byte[] bytes) {
    }

    /** A REGISTER-MODEL as it came. */
    record Registration(long correlationId, String name, String profile, long fileLength, byte[] sha256, int count,
        long defaultSloNs, int maxBatch, boolean isReplacing, Map<String, Integer> dimensions) {
    }

    private static final MessageHandler IGNORE = (from, lane, buffer, offset, length) -> {
    };

    final ControllerEncoder encoder = new ControllerEncoder();
    final List<Request> requests = new ArrayList<>();
    final List<Input> inputs = new ArrayList<>();
    final List<Long> cancels = new ArrayList<>();
    final List<long[]> keepAlives = new ArrayList<>();
    final List<Registration> registrations = new ArrayList<>();
    final List<Long> unregistrations = new ArrayList<>();
    final List<String> prefixes = new ArrayList<>();
    final List<Long> queries = new ArrayList<>();
    final ByteArrayOutputStream file = new ByteArrayOutputStream();
    String clientName;
    String credentials;
    int connects;
    int closes;
    Grant grant = Grant.USUAL;
    Status connectStatus = Status.OK;
    String connectDetail = "";
    boolean isAnsweringConnect = true;
    boolean isEchoing;
    boolean isRecording = true;
    long sessionId;
    long epoch = 1;
    long connectCorrelationId;
    Link link;

    private final Listener listener;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final InferRequestDecoder request = new InferRequestDecoder();
    private final KeepAliveDecoder keepAlive = new KeepAliveDecoder();
    private final byte[] echo = new byte[Protocol.MAX_MESSAGE_BYTES];
    private long nextSessionId = 1000;

    ControllerStub(final Listener listener) {
        this.listener = listener;
    }

    int poll() {
        return listener.poll(this) + listener.poll(Link.CONTROL, this, 64) + listener.poll(Link.BULK, this, 64);
    }

    /** Takes what has come without looking at it. */
    void drain() {
        listener.poll(Link.CONTROL, IGNORE, 64);
        listener.poll(Link.BULK, IGNORE, 64);
    }

    @Override
    public void onLinkUp(final Link newLink) {
        link = newLink;
    }

    @Override
    public void onLinkDown(final Link oldLink) {
        if (oldLink == link) {
            link = null;
            sessionId = 0;
        }
    }

    boolean send(final int length) {
        return link != null && link.offer(Link.CONTROL, encoder.buffer, 0, length);
    }

    boolean sendBulk(final int length) {
        return link != null && link.offer(Link.BULK, encoder.buffer, 0, length);
    }

    boolean answer(final long requestId, final Status status) {
        return send(encoder.response(sessionId, requestId, 1, status, 0, echo, 0, status == Status.OK ? "" : "because"));
    }

    boolean answer(final long requestId, final byte[] inline) {
        return send(encoder.response(sessionId, requestId, 1, Status.OK, inline.length, inline, inline.length, ""));
    }

    boolean answerLarge(final long requestId, final int outputBytes) {
        return send(encoder.response(sessionId, requestId, 1, Status.OK, outputBytes, echo, 0, ""));
    }

    boolean output(final long requestId, final int tensor, final int position, final int total, final byte[] bytes) {
        return sendBulk(encoder.output(sessionId, requestId, tensor, position, total, bytes, 0, bytes.length));
    }

    @Override
    public void onMessage(final Link from, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        link = from;
        header.wrap(buffer, offset);
        switch (header.templateId()) {
            case ConnectDecoder.TEMPLATE_ID -> onConnect(new ConnectDecoder().wrapAndApplyHeader(buffer, offset, header));
            case KeepAliveDecoder.TEMPLATE_ID -> {
                keepAlive.wrapAndApplyHeader(buffer, offset, header);
                if (isRecording) {
                    keepAlives.add(new long[] {keepAlive.sentNs(), keepAlive.echoSentNs(), keepAlive.echoReceivedNs()});
                }
            }
            case InferRequestDecoder.TEMPLATE_ID -> onRequest(request.wrapAndApplyHeader(buffer, offset, header));
            case InputDecoder.TEMPLATE_ID -> onInput(new InputDecoder().wrapAndApplyHeader(buffer, offset, header));
            case CancelRequestDecoder.TEMPLATE_ID ->
                cancels.add(new CancelRequestDecoder().wrapAndApplyHeader(buffer, offset, header).requestId());
            case CloseSessionDecoder.TEMPLATE_ID -> closes++;
            case ListModelsDecoder.TEMPLATE_ID -> {
                final ListModelsDecoder list = new ListModelsDecoder().wrapAndApplyHeader(buffer, offset, header);
                queries.add(list.correlationId());
                prefixes.add(list.prefix());
            }
            case StatusQueryDecoder.TEMPLATE_ID ->
                queries.add(new StatusQueryDecoder().wrapAndApplyHeader(buffer, offset, header).correlationId());
            case RegisterModelDecoder.TEMPLATE_ID ->
                onRegister(new RegisterModelDecoder().wrapAndApplyHeader(buffer, offset, header));
            case UnregisterModelDecoder.TEMPLATE_ID ->
                unregistrations.add(new UnregisterModelDecoder().wrapAndApplyHeader(buffer, offset, header).correlationId());
            case FileChunkDecoder.TEMPLATE_ID -> onChunk(new FileChunkDecoder().wrapAndApplyHeader(buffer, offset, header));
            default -> throw new AssertionError("template " + header.templateId());
        }
    }

    private void onConnect(final ConnectDecoder connect) {
        connects++;
        connectCorrelationId = connect.correlationId();
        clientName = connect.clientName();
        final byte[] bytes = new byte[connect.credentialsLength()];
        connect.getCredentials(bytes, 0, bytes.length);
        credentials = new String(bytes);
        if (isAnsweringConnect) {
            acknowledge();
        }
    }

    void acknowledge() {
        sessionId = connectStatus == Status.OK ? ++nextSessionId : 0;
        send(encoder.connectAck(connectCorrelationId, sessionId, epoch, connectStatus, grant, connectDetail));
    }

    private void onRequest(final InferRequestDecoder r) {
        final int inlineLength = r.inputLength();
        if (isEchoing) {
            r.getInput(echo, 0, inlineLength);
            send(encoder.response(
                sessionId, r.requestId(), r.modelId(), Status.OK, inlineLength, echo, inlineLength, ""));
        }
        if (isRecording) {
            final byte[] inline = new byte[isEchoing ? 0 : inlineLength];
            r.getInput(inline, 0, inline.length);
            requests.add(new Request(
                r.sessionId(), r.requestId(), r.modelId(), r.sloNs(), r.elapsedNs(), r.seed(), r.inputBytes(),
                r.priority(), r.flags().generatedInput(), r.flags().omitOutput(), inline));
        }
    }

    private void onInput(final InputDecoder input) {
        final byte[] bytes = new byte[input.bytesLength()];
        input.getBytes(bytes, 0, bytes.length);
        inputs.add(new Input(input.requestId(), input.tensorIndex(), input.position(), input.totalLength(), bytes));
    }

    private void onRegister(final RegisterModelDecoder r) {
        final byte[] sha256 = new byte[32];
        r.getSha256(sha256, 0, 32);
        final Map<String, Integer> dimensions = new HashMap<>();
        final RegisterModelDecoder.DimensionsDecoder group = r.dimensions();
        while (group.hasNext()) {
            group.next();
            dimensions.put(group.dimension(), group.value());
        }
        final String name = r.name();
        registrations.add(new Registration(
            r.correlationId(), name, r.profileName(), r.fileLength(), sha256, r.count(), r.defaultSloNs(), r.maxBatch(),
            r.flags().replace(), dimensions));
    }

    private void onChunk(final FileChunkDecoder chunk) {
        if (chunk.position() != file.size() || chunk.transferId() != 99) {
            throw new AssertionError("position " + chunk.position() + " size " + file.size());
        }
        final byte[] bytes = new byte[chunk.bytesLength()];
        chunk.getBytes(bytes, 0, bytes.length);
        file.write(bytes, 0, bytes.length);
    }
}
