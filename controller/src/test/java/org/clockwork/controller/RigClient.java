package org.clockwork.controller;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CancelRequestEncoder;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.InferRequestEncoder;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.InputEncoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.codec.Status;

/** A client that counts how often each of its requests ended, and how. */
final class RigClient {
    /** What it knows of one request. */
    static final class Sent {
        long id;
        long sentNs;
        int ends;
        Status status;
        long earliestNs;
        long endedNs;
        int batchSize;
        int outputBytes;
        int inlineOutput;
        int relayedOutput;
        boolean isCold;
        boolean isInTime;
        long queueNs;
        long loadNs;
        long executeNs;
        long totalNs;
        String detail;
    }

    final PathRig rig;
    final ClientSession session;
    final RigLink link;
    final Map<Long, Sent> byId = new HashMap<>();
    final List<Sent> all = new ArrayList<>();
    int unknownResponses;
    private final int[] generations;
    private final boolean[] isBusy;
    private int nextIndex;

    RigClient(final PathRig rig, final int index, final int maxInFlight, final long maxBytes) {
        this.rig = rig;
        link = new RigLink(rig, rig.hopNs, this::onMessage);
        session = new ClientSession(Ids.id(1, index), index, link, 5000 + index, "c" + index, maxInFlight, maxBytes);
        generations = new int[maxInFlight];
        isBusy = new boolean[maxInFlight];
    }

    /** Options of a request. */
    static final class Ask {
        long sloNs = 100_000_000L;
        long elapsedNs;
        int inputBytes = -1;
        int inlineBytes = -1;
        boolean isGenerated;
        boolean omitsOutput;
        long modelId = -1;
        long clientId = -1;
        DataType type = DataType.FLOAT32;
    }

    Sent ask(final Model model, final long sloNs) {
        final Ask ask = new Ask();
        ask.sloNs = sloNs;
        return ask(model, ask);
    }

    /** Sends a request that arrives at once. */
    Sent ask(final Model model, final Ask ask) {
        final Sent sent = new Sent();
        sent.sentNs = rig.nowNs;
        if (ask.clientId == -1) {
            int tried = 0;
            while (isBusy[nextIndex] && tried++ < isBusy.length) {
                nextIndex = (nextIndex + 1) % isBusy.length;
            }
            isBusy[nextIndex] = true;
            sent.id = Ids.id(++generations[nextIndex], nextIndex);
            nextIndex = (nextIndex + 1) % isBusy.length;
        } else {
            sent.id = ask.clientId;
        }
        byId.put(sent.id, sent);
        all.add(sent);
        final int inputBytes = ask.inputBytes >= 0 ? ask.inputBytes : model.artifact.inputBytes;
        final int inline = ask.isGenerated ? 0 : ask.inlineBytes >= 0 ? ask.inlineBytes
            : inputBytes <= Protocol.DEFAULT_INLINE_BYTES ? inputBytes : 0;
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256 + inline]);
        final InferRequestEncoder request = new InferRequestEncoder();
        request.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
            .sessionId(session.id)
            .requestId(sent.id)
            .modelId(ask.modelId == -1 ? model.id : ask.modelId)
            .sloNs(ask.sloNs)
            .elapsedNs(ask.elapsedNs)
            .seed(1)
            .inputBytes(ask.isGenerated ? 0 : inputBytes)
            .inputType(ask.type)
            .priority((short) 0);
        request.flags().clear().generatedInput(ask.isGenerated).omitOutput(ask.omitsOutput);
        request.putInput(new byte[inline], 0, inline);
        rig.toPath(session, InferRequestEncoder.TEMPLATE_ID, buffer,
            MessageHeaderEncoder.ENCODED_LENGTH + request.encodedLength());
        return sent;
    }

    void input(final long requestId, final int tensor, final int position, final int total, final int length) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256 + length]);
        final InputEncoder input = new InputEncoder();
        input.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
            .sessionId(session.id).requestId(requestId).position(position).totalLength(total).tensorIndex(tensor)
            .putBytes(new byte[length], 0, length);
        rig.toPath(session, InputEncoder.TEMPLATE_ID, buffer, MessageHeaderEncoder.ENCODED_LENGTH + input.encodedLength());
    }

    void cancel(final long requestId) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256]);
        final CancelRequestEncoder cancel = new CancelRequestEncoder();
        cancel.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder()).sessionId(session.id).requestId(requestId);
        rig.toPath(session, CancelRequestEncoder.TEMPLATE_ID, buffer,
            MessageHeaderEncoder.ENCODED_LENGTH + cancel.encodedLength());
    }

    int count(final Status status) {
        int count = 0;
        for (final Sent sent : all) {
            count += sent.ends > 0 && sent.status == status ? 1 : 0;
        }
        return count;
    }

    private void onMessage(final int lane, final UnsafeBuffer message) {
        final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(message, 0);
        final int at = MessageHeaderDecoder.ENCODED_LENGTH;
        if (header.templateId() == OutputDecoder.TEMPLATE_ID) {
            final OutputDecoder output = new OutputDecoder().wrap(message, at, header.blockLength(), header.version());
            final Sent sent = byId.get(output.requestId());
            if (sent != null) {
                sent.relayedOutput += output.bytesLength();
            }
            return;
        }
        final InferResponseDecoder response =
            new InferResponseDecoder().wrap(message, at, header.blockLength(), header.version());
        final Sent sent = byId.get(response.requestId());
        if (sent == null) {
            unknownResponses++;
            return;
        }
        sent.ends++;
        sent.status = response.status();
        sent.earliestNs = response.earliestNs();
        sent.endedNs = rig.nowNs;
        sent.batchSize = response.batchSize();
        sent.outputBytes = response.outputBytes();
        sent.isCold = response.flags().cold();
        sent.isInTime = response.flags().inTimeAtController();
        sent.queueNs = response.queueNs();
        sent.loadNs = response.loadNs();
        sent.executeNs = response.executeNs();
        sent.totalNs = response.totalNs();
        sent.inlineOutput = response.outputLength();
        response.skipOutput();
        sent.detail = response.detail();
        final int index = Ids.index(sent.id);
        if (index >= 0 && index < isBusy.length) {
            isBusy[index] = false;
        }
    }
}
