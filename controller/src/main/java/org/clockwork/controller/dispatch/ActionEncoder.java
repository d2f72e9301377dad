package org.clockwork.controller.dispatch;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.cluster.ClockOffset;
import org.clockwork.controller.request.ByteArena;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.schedule.DevicePlan;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CancelActionEncoder;
import org.clockwork.schema.codec.InferEncoder;
import org.clockwork.schema.codec.InputEncoder;
import org.clockwork.schema.codec.LoadEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.ProfileEncoder;
import org.clockwork.schema.codec.UnloadEncoder;

/**
 * Writes actions and inputs as messages into one buffer of its own. Windows are translated into the worker's clock here,
 * and {@code earliest} never goes back on an engine, so that a worker that orders by it keeps our order. Owned by the
 * controller agent.
 */
final class ActionEncoder {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    /** What a request takes in an INFER beside its input. */
    private static final int REQUEST_LENGTH = InferEncoder.RequestsEncoder.sbeBlockLength() + 4;

    private final long epoch;
    private final int inlineBytes;
    private final ByteArena arena;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Protocol.MAX_MESSAGE_BYTES + 4096]);
    private long lastEarliestNs;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final InferEncoder infer = new InferEncoder();
    private final LoadEncoder load = new LoadEncoder();
    private final UnloadEncoder unload = new UnloadEncoder();
    private final ProfileEncoder profile = new ProfileEncoder();
    private final CancelActionEncoder cancel = new CancelActionEncoder();
    private final InputEncoder input = new InputEncoder();

    ActionEncoder(final long epoch, final int inlineBytes, final ByteArena arena) {
        this.epoch = epoch;
        this.inlineBytes = inlineBytes;
        this.arena = arena;
    }

    /** Where messages are written, from offset 0. */
    DirectBuffer buffer() {
        return buffer;
    }

    /** Writes an action; returns the message's length. */
    int encode(final Action action) {
        switch (action.kind) {
            case INFER:
                return encodeInfer(action);
            case LOAD:
                return encodeLoad(action);
            case UNLOAD:
                return encodeUnload(action);
            default:
                return encodeProfile(action);
        }
    }

    /** Writes a CANCEL-ACTION; returns the message's length. */
    int encodeCancel(final Action action) {
        cancel.wrapAndApplyHeader(buffer, 0, header).epoch(epoch).actionId(action.id());
        return HEADER + cancel.encodedLength();
    }

    /** Writes an INPUT up to its bytes; returns the length so far. */
    int encodeInputHead(final Request request, final int tensor, final int position, final int total, final int length) {
        input.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(0)
            .requestId(request.id())
            .position(position)
            .totalLength(total)
            .tensorIndex(tensor);
        final int end = HEADER + input.encodedLength();
        buffer.putInt(end, length, InputEncoder.BYTE_ORDER);
        return end + InputEncoder.bytesHeaderLength();
    }

    /**
     * Decides for each request of a batch whether its input goes inside the INFER: small ones do, while there is room.
     *
     * @return whether some input has to go on the bulk lane.
     */
    boolean decideInline(final Action action) {
        int room = Protocol.MAX_MESSAGE_BYTES - HEADER - InferEncoder.BLOCK_LENGTH
            - InferEncoder.RequestsEncoder.sbeHeaderSize() - action.requestCount * REQUEST_LENGTH;
        boolean hasBulk = false;
        for (int i = 0; i < action.requestCount; i++) {
            final Request request = action.requests[i];
            request.isInline = request.inputBytes <= inlineBytes && request.inputBytes <= room;
            if (request.isInline) {
                room -= request.inputBytes;
            } else {
                hasBulk = true;
            }
        }
        return hasBulk;
    }

    /** An action was sent as encoded last: what follows on its engine may not open earlier. */
    void onSent(final Action action) {
        final DevicePlan device = action.device;
        if (action.isExecution()) {
            device.lastExecutionEarliestNs = lastEarliestNs;
        } else {
            device.lastLoadEarliestNs = lastEarliestNs;
        }
    }

    private int encodeInfer(final Action action) {
        final DevicePlan device = action.device;
        final long earliestNs = earliest(action);
        infer.wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch)
            .actionId(action.id())
            .earliestNs(earliestNs)
            .latestNs(latest(action, earliestNs))
            .expectedNs(action.copyInNs + action.durationNs + action.copyOutNs)
            .modelId(action.copy.modelId)
            .deviceIndex(device.state.deviceIndex)
            .batchSize(action.batchSize);
        final InferEncoder.RequestsEncoder group = infer.requestsCount(action.requestCount);
        for (int i = 0; i < action.requestCount; i++) {
            final Request request = action.requests[i];
            final InferEncoder.RequestsEncoder entry = group.next();
            entry.requestId(request.id()).seed(request.seed).inputBytes(request.inputBytes);
            entry.flags().clear().generatedInput(request.isGenerated).omitOutput(request.omitsOutput);
            if (request.isInline && request.inputBytes > 0) {
                entry.putInput(arena.buffer(), ByteArena.offset(request.inputBlock), request.inputBytes);
            } else {
                entry.putInput(buffer, 0, 0);
            }
        }
        return HEADER + infer.encodedLength();
    }

    private int encodeLoad(final Action action) {
        final long earliestNs = earliest(action);
        load.wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch)
            .actionId(action.id())
            .earliestNs(earliestNs)
            .latestNs(latest(action, earliestNs))
            .expectedNs(action.durationNs)
            .modelId(action.copy.modelId)
            .artifactId(action.copy.plan.artifact.artifact.id)
            .deviceIndex(action.device.state.deviceIndex);
        return HEADER + load.encodedLength();
    }

    private int encodeUnload(final Action action) {
        final long earliestNs = earliest(action);
        unload.wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch)
            .actionId(action.id())
            .earliestNs(earliestNs)
            .latestNs(latest(action, earliestNs))
            .expectedNs(action.durationNs)
            .modelId(action.copy.modelId)
            .deviceIndex(action.device.state.deviceIndex);
        return HEADER + unload.encodedLength();
    }

    private int encodeProfile(final Action action) {
        final long earliestNs = earliest(action);
        profile.wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch)
            .actionId(action.id())
            .earliestNs(earliestNs)
            .latestNs(latest(action, earliestNs))
            .expectedNs(action.durationNs)
            .modelId(action.copy.modelId)
            .deviceIndex(action.device.state.deviceIndex)
            .batchSize(action.batchSize);
        return HEADER + profile.encodedLength();
    }

    private long earliest(final Action action) {
        final DevicePlan device = action.device;
        final ClockOffset clock = device.worker.state.clock;
        final long lastNs = action.isExecution() ? device.lastExecutionEarliestNs : device.lastLoadEarliestNs;
        final long theirsNs = clock.toTheirs(action.earliestNs);
        lastEarliestNs = lastNs != Long.MIN_VALUE && lastNs - theirsNs > 0 ? lastNs : theirsNs;
        return lastEarliestNs;
    }

    /** A window that opens later than we wished, since it may not overtake, still closes when it must. */
    private static long latest(final Action action, final long earliestNs) {
        final long theirsNs = action.device.worker.state.clock.toTheirs(action.latestNs);
        return theirsNs - earliestNs < 0 ? earliestNs : theirsNs;
    }
}
