package org.clockwork.client;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.ErrorHandler;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.Status;

/**
 * The table of requests: gives each a slot, sends it, and ends it exactly once, by the controller's response, the
 * client's time-out or the loss of the session. A request that the client gave up keeps its slot until the controller
 * has answered it too. Owned by the thread that polls the core.
 */
final class Requests {
    private static final int MAX_CANCELS_PER_CYCLE = 64;
    private static final long MAX_TIMEOUT_NS = 1L << 60;

    private final RequestSlot[] slots;
    private final int[] free;
    private final DeadlineHeap deadlines;
    private final SlotList cancels;
    private final Uploads uploads;
    private final Gate controlGate;
    private final Gate bulkGate;
    private final ControllerPublisher publisher;
    private final Catalogue catalogue;
    private final ClientCounters counters;
    private final ResponseHandler handler;
    private final ErrorHandler errorHandler;
    private final BuddyArena arena;
    private final List<OutputAssembly> idleAssemblies = new ArrayList<>();
    private final InferResult result = new InferResult();
    private final long defaultTimeoutNs;
    private final long outputTimeoutNs;
    private final long defaultSloNs;

    private int freeCount;
    private int inFlight;
    private int zombies;
    private int maxInFlight;
    private long bytesInFlight;
    private long maxBytes;
    private int inlineBytes;
    private boolean isOpen;

    Requests(
        final ClockworkClient.Context context, final ControllerPublisher publisher, final Lanes lanes,
        final Catalogue catalogue, final ClientCounters counters, final ResponseHandler handler) {
        final int capacity = context.maxInFlight();
        this.publisher = publisher;
        this.catalogue = catalogue;
        this.counters = counters;
        this.handler = handler;
        controlGate = lanes.control;
        bulkGate = lanes.bulk;
        errorHandler = context.errorHandler();
        defaultTimeoutNs = context.requestTimeoutNs();
        outputTimeoutNs = context.outputTimeoutNs();
        defaultSloNs = context.defaultSloNs();
        slots = new RequestSlot[capacity];
        for (int i = 0; i < capacity; i++) {
            slots[i] = new RequestSlot(i);
        }
        free = new int[capacity];
        deadlines = new DeadlineHeap(capacity);
        cancels = new SlotList(capacity);
        uploads = new Uploads(slots, publisher, lanes.bulk);
        arena = new BuddyArena(context.outputArenaBytes());
    }

    int inFlight() {
        return inFlight;
    }

    int zombies() {
        return zombies;
    }

    long arenaBytesInUse() {
        return arena.bytesInUse();
    }

    void onSessionUp(final int grantedInFlight, final long grantedBytes, final int grantedInlineBytes) {
        maxInFlight = Math.min(grantedInFlight, slots.length);
        maxBytes = grantedBytes;
        inlineBytes = Math.min(grantedInlineBytes, ControllerPublisher.MAX_INLINE_BYTES);
        freeCount = 0;
        for (int i = maxInFlight - 1; i >= 0; i--) {
            free[freeCount++] = i;
        }
        isOpen = true;
    }

    /** Ends everything; what has only lost its output says so. */
    void onSessionDown(final long nowNs, final Status status, final String sentence) {
        isOpen = false;
        freeCount = 0;
        for (final RequestSlot slot : slots) {
            switch (slot.state) {
                case SENT -> {
                    result.wrapLocal(status, sentence);
                    end(slot, result, nowNs);
                }
                case ANSWERED -> endWithoutOutput(slot, "the session ended before all of the output came", nowNs);
                case ZOMBIE -> freeSlot(slot);
                default -> {
                }
            }
        }
        freeCount = 0;
    }

    long infer(final RequestSpec spec, final long nowNs) {
        if (!isOpen) {
            return ClientCore.NOT_CONNECTED;
        }
        if (spec.inputLength < 0 || spec.input == null && spec.inputLength > 0 || (spec.priority & ~0xFF) != 0) {
            return ClientCore.INVALID_SPEC;
        }
        if (freeCount == 0) {
            return ClientCore.TOO_MANY_IN_FLIGHT;
        }
        if (bytesInFlight + spec.inputLength > maxBytes) {
            return ClientCore.TOO_MANY_BYTES;
        }
        final RequestSlot slot = slots[free[freeCount - 1]];
        final int generation = slot.generation == Integer.MAX_VALUE ? 1 : slot.generation + 1;
        final long requestId = Ids.id(generation, slot.index);
        final long intendedNs = spec.intendedSendNs == Protocol.NULL_NS ? nowNs : spec.intendedSendNs;
        final boolean isInline = spec.inputLength <= inlineBytes;
        final long sloNs = spec.sloNs == Protocol.NULL_NS ? defaultSloNs : spec.sloNs;
        if (!publisher.inferRequest(spec, requestId, sloNs, nowNs - intendedNs, isInline)) {
            controlGate.shut(nowNs);
            return ClientCore.BACK_PRESSURED;
        }
        freeCount--;
        inFlight++;
        counters.requestsSent++;
        fill(slot, spec, generation, requestId, intendedNs, sloNs, nowNs);
        final long timeoutNs = spec.timeoutNs == Protocol.NULL_NS ? defaultTimeoutNs : spec.timeoutNs;
        deadlines.put(slot.index, nowNs + Math.min(MAX_TIMEOUT_NS, Math.max(0, timeoutNs)));
        if (!isInline) {
            slot.input.wrap(spec.input, spec.inputOffset, spec.inputLength);
            slot.inputCut = cut(slot.model, spec.inputLength);
            uploads.add(slot, nowNs);
        }
        return requestId;
    }

    private void fill(
        final RequestSlot slot, final RequestSpec spec, final int generation, final long requestId,
        final long intendedNs, final long sloNs, final long nowNs) {
        slot.state = RequestSlot.State.SENT;
        slot.generation = generation;
        slot.requestId = requestId;
        slot.token = spec.token;
        slot.attachment = spec.attachment;
        slot.modelId = spec.modelId;
        slot.model = spec.model != null ? spec.model : catalogue.byId(spec.modelId);
        slot.sloNs = sloNs != Protocol.NULL_NS || slot.model == null ? sloNs : slot.model.defaultSloNs();
        slot.intendedSendNs = intendedNs;
        slot.sentNs = nowNs;
        slot.inputBytes = spec.inputLength;
        bytesInFlight += spec.inputLength;
    }

    /** The model, if its entry says how to cut an input of this size into several tensors. */
    private static ModelInfo cut(final ModelInfo model, final int inputBytes) {
        if (model == null || model.inputs().size() < 2 || model.inputBytes() != inputBytes) {
            return null;
        }
        for (int i = 0; i < model.inputs().size(); i++) {
            if (model.inputs().get(i).bytes() <= 0) {
                return null;
            }
        }
        return model;
    }

    boolean isInputPending(final long requestId) {
        final RequestSlot slot = slotOf(requestId);
        return slot != null && uploads.isPending(slot);
    }

    boolean cancel(final long requestId, final long nowNs) {
        final RequestSlot slot = slotOf(requestId);
        if (slot == null || slot.state != RequestSlot.State.SENT) {
            return false;
        }
        uploads.remove(slot);
        cancels.add(slot.index);
        sendCancels(nowNs);
        return true;
    }

    int doWork(final long nowNs) {
        int work = cancels.isEmpty() ? 0 : sendCancels(nowNs);
        if (!deadlines.isEmpty()) {
            work += expire(nowNs);
        }
        return uploads.isEmpty() ? work : work + uploads.doWork(nowNs, this);
    }

    /** When there is something to do if no message comes. */
    long nextWakeNs(final long nowNs) {
        long wakeNs = deadlines.isEmpty() ? Long.MAX_VALUE : deadlines.firstNs();
        if (!cancels.isEmpty()) {
            wakeNs = ClientCore.earlier(wakeNs, controlGate.nextTryNs(nowNs));
        }
        return uploads.isEmpty() ? wakeNs : ClientCore.earlier(wakeNs, bulkGate.nextTryNs(nowNs));
    }

    private int sendCancels(final long nowNs) {
        int sent = 0;
        while (!cancels.isEmpty() && sent < MAX_CANCELS_PER_CYCLE && controlGate.isOpen(nowNs)) {
            final RequestSlot slot = slots[cancels.first()];
            if (publisher.cancelRequest(slot.requestId)) {
                cancels.remove(slot.index);
                sent++;
            } else {
                controlGate.shut(nowNs);
            }
        }
        return sent;
    }

    private int expire(final long nowNs) {
        int expired = 0;
        while (!deadlines.isEmpty() && nowNs - deadlines.firstNs() >= 0 && expired < slots.length) {
            final RequestSlot slot = slots[deadlines.first()];
            if (slot.state == RequestSlot.State.ANSWERED) {
                endWithoutOutput(slot, "not all bytes of the output came in time", nowNs);
            } else {
                cancels.add(slot.index);
                result.wrapLocal(Status.CLIENT_TIMED_OUT, "no response within the client's time-out");
                endAsZombie(slot, nowNs);
            }
            expired++;
        }
        if (expired > 0) {
            sendCancels(nowNs);
        }
        return expired;
    }

    /** A response, whole and of this session. Returns false if its fields contradict each other. */
    boolean onInferResponse(
        final InferResponseDecoder decoder, final Status status, final DirectBuffer buffer,
        final int outputAt, final int outputLength, final int detailAt, final int detailLength, final long nowNs) {
        final int outputBytes = decoder.outputBytes();
        if (outputBytes < 0 || outputLength > 0 && outputLength != outputBytes) {
            return false;
        }
        final RequestSlot slot = slotOf(decoder.requestId());
        if (slot == null) {
            counters.staleResponses++;
            return true;
        }
        switch (slot.state) {
            case SENT -> {
                if (status == Status.OK && outputBytes > outputLength) {
                    onLargeAnswer(slot, decoder, status, outputBytes, nowNs);
                } else {
                    result.wrapFields(decoder, status);
                    result.wrapInlineOutput(buffer, outputAt, outputLength, slot.model);
                    result.wrapDetail(buffer, detailAt, detailLength);
                    end(slot, result, nowNs);
                }
            }
            case ZOMBIE -> {
                counters.lateResponses++;
                freeSlot(slot);
            }
            default -> counters.staleResponses++;
        }
        return true;
    }

    private void onLargeAnswer(
        final RequestSlot slot, final InferResponseDecoder decoder, final Status status, final int outputBytes,
        final long nowNs) {
        final OutputAssembly output = assembly(slot);
        output.result.wrapFields(decoder, status);
        slot.state = RequestSlot.State.ANSWERED;
        uploads.remove(slot);
        cancels.remove(slot.index);
        if (output.isLost()) {
            endWithoutOutput(slot, "the client's memory for outputs is full", nowNs);
        } else if (output.isComplete(outputBytes)) {
            endWithOutput(slot, nowNs);
        } else {
            deadlines.put(slot.index, nowNs + outputTimeoutNs);
        }
    }

    void onOutput(
        final long requestId, final int tensor, final int position, final int totalLength,
        final DirectBuffer buffer, final int at, final int length, final long nowNs) {
        final RequestSlot slot = slotOf(requestId);
        if (slot == null || slot.state == RequestSlot.State.ZOMBIE) {
            counters.staleOutputs++;
            return;
        }
        final OutputAssembly output = assembly(slot);
        if (output.append(arena, tensor, position, totalLength, buffer, at, length) != OutputAssembly.Verdict.ADDED) {
            counters.rejectedOutputs++;
        }
        if (slot.state == RequestSlot.State.ANSWERED) {
            if (output.isLost()) {
                endWithoutOutput(slot, "the client's memory for outputs is full", nowNs);
            } else if (output.isComplete(output.result.outputBytes())) {
                endWithOutput(slot, nowNs);
            }
        }
    }

    void inputReleased(final RequestSlot slot) {
        try {
            handler.onInputReleased(slot.requestId, slot.token);
        } catch (final RuntimeException ex) {
            counters.handlerErrors++;
            errorHandler.onError(ex);
        }
    }

    private OutputAssembly assembly(final RequestSlot slot) {
        if (slot.output == null) {
            slot.output = idleAssemblies.isEmpty() ? new OutputAssembly() : idleAssemblies.remove(idleAssemblies.size() - 1);
        }
        return slot.output;
    }

    private void endWithOutput(final RequestSlot slot, final long nowNs) {
        slot.output.show(arena, slot.output.result);
        end(slot, slot.output.result, nowNs);
    }

    private void endWithoutOutput(final RequestSlot slot, final String sentence, final long nowNs) {
        slot.output.result.outputLost(sentence);
        end(slot, slot.output.result, nowNs);
    }

    /** The one end of a request whose slot is free again. */
    private void end(final RequestSlot slot, final InferResult end, final long nowNs) {
        describe(slot, end, nowNs);
        final OutputAssembly output = slot.output;
        slot.output = null;
        freeSlot(slot);
        deliver(end, output);
    }

    /** The one end, for the user, of a request that the controller may still hold. */
    private void endAsZombie(final RequestSlot slot, final long nowNs) {
        describe(slot, result, nowNs);
        final OutputAssembly output = slot.output;
        slot.output = null;
        deadlines.remove(slot.index);
        uploads.remove(slot);
        slot.attachment = null;
        slot.model = null;
        slot.state = RequestSlot.State.ZOMBIE;
        inFlight--;
        zombies++;
        deliver(result, output);
    }

    private void describe(final RequestSlot slot, final InferResult end, final long nowNs) {
        end.requestId = slot.requestId;
        end.token = slot.token;
        end.attachment = slot.attachment;
        end.modelId = slot.modelId;
        end.sloNs = slot.sloNs;
        end.latencyNs = nowNs - slot.intendedSendNs;
        end.sendLagNs = slot.sentNs - slot.intendedSendNs;
        end.isInTime = end.status == Status.OK && (slot.sloNs == Protocol.NULL_NS || end.latencyNs <= slot.sloNs);
        count(end);
    }

    private void count(final InferResult end) {
        switch (end.status) {
            case OK -> {
                counters.answered++;
                counters.answeredInTime += end.isInTime ? 1 : 0;
            }
            case CANCELLED -> counters.cancelled++;
            case CLIENT_TIMED_OUT -> counters.timedOut++;
            case OUTCOME_UNKNOWN -> counters.outcomeUnknown++;
            case OUTPUT_LOST -> counters.outputsLost++;
            default -> counters.refused++;
        }
    }

    private void deliver(final InferResult end, final OutputAssembly output) {
        try {
            handler.onResponse(end);
        } catch (final RuntimeException ex) {
            counters.handlerErrors++;
            errorHandler.onError(ex);
        } finally {
            end.release();
            if (output != null) {
                output.clear(arena);
                idleAssemblies.add(output);
            }
        }
    }

    private void freeSlot(final RequestSlot slot) {
        deadlines.remove(slot.index);
        uploads.remove(slot);
        cancels.remove(slot.index);
        bytesInFlight -= slot.inputBytes;
        if (slot.state == RequestSlot.State.ZOMBIE) {
            zombies--;
        } else {
            inFlight--;
        }
        slot.inputBytes = 0;
        slot.attachment = null;
        slot.model = null;
        slot.inputCut = null;
        slot.state = RequestSlot.State.FREE;
        free[freeCount++] = slot.index;
    }

    /** The slot of a request that is not over, or null. */
    private RequestSlot slotOf(final long requestId) {
        final int index = Ids.index(requestId);
        if (index < 0 || index >= slots.length) {
            return null;
        }
        final RequestSlot slot = slots[index];
        return slot.state != RequestSlot.State.FREE && slot.requestId == requestId ? slot : null;
    }
}
