package org.clockwork.controller.request;

import java.util.List;
import org.agrona.DirectBuffer;
import org.clockwork.controller.PathFigures;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.model.ModelCatalogue;
import org.clockwork.controller.queue.IndexedHeap;
import org.clockwork.controller.response.Responder;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CancelRequestDecoder;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.InferRequestDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.Status;

/**
 * Station 1: reads requests, checks all that can be checked at once, gives them a slot and a deadline, and gathers their
 * inputs. Owned by the controller agent.
 */
public final class RequestIntake {
    /** Longer times than this many nanoseconds (11 days) are as good as none; sums of them stay far from wrapping. */
    private static final long MAX_TIME_NS = 1_000_000_000_000_000L;
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;

    private final RequestTable requests;
    private final ByteArena arena;
    private final ModelCatalogue catalogue;
    private final Responder responder;
    private final RequestSink sink;
    private final PathFigures figures;
    private final IntakeLimits limits;
    private final EarlyInputs early;
    private final EarlyInputs.Receiver earlyReceiver = this::takePart;
    /** Requests whose inputs are missing, by the time at which they end for that. */
    private final IndexedHeap awaiting;
    private final InferRequestDecoder inferRequest = new InferRequestDecoder();
    private final CancelRequestDecoder cancelRequest = new CancelRequestDecoder();
    private final InputDecoder input = new InputDecoder();
    private boolean isDraining;

    /** An intake over these tables that hands accepted requests to {@code sink}. */
    public RequestIntake(
        final RequestTable requests,
        final ByteArena arena,
        final ModelCatalogue catalogue,
        final Responder responder,
        final RequestSink sink,
        final PathFigures figures,
        final IntakeLimits limits) {
        this.requests = requests;
        this.arena = arena;
        this.catalogue = catalogue;
        this.responder = responder;
        this.sink = sink;
        this.figures = figures;
        this.limits = limits;
        early = new EarlyInputs(arena, limits.earlyParts(), limits.earlyTimeoutNs());
        awaiting = new IndexedHeap(requests.capacity());
    }

    /** From now on new requests are refused. */
    public void drain() {
        isDraining = true;
    }

    /** Reads an INFER-REQUEST. */
    public void onInferRequest(final ClientSession session, final DirectBuffer buffer, final int offset, final long nowNs) {
        inferRequest.wrap(buffer, offset + HEADER, InferRequestDecoder.BLOCK_LENGTH, InferRequestDecoder.SCHEMA_VERSION);
        figures.requests++;
        final Model model = catalogue.byId(inferRequest.modelId());
        Status status = check(session, model);
        if (status == Status.OK) {
            status = accept(session, model, buffer, nowNs);
        }
        if (status != Status.INVALID_REQUEST_ID) {
            session.onRequest(inferRequest.requestId());
        }
        if (status != Status.OK) {
            responder.reject(session, inferRequest.requestId(), inferRequest.modelId(), status, nowNs);
        }
    }

    /** Reads a CANCEL-REQUEST; for a request that has ended it comes too late and is ignored. */
    public void onCancelRequest(final ClientSession session, final DirectBuffer buffer, final int offset, final long nowNs) {
        cancelRequest.wrap(buffer, offset + HEADER, CancelRequestDecoder.BLOCK_LENGTH, CancelRequestDecoder.SCHEMA_VERSION);
        final Request request = find(session, cancelRequest.requestId());
        if (request != null) {
            cancel(request, nowNs);
        }
    }

    /** Reads an INPUT: a part of the input of a request that is there, or is still on its way. */
    public void onInput(final ClientSession session, final DirectBuffer buffer, final int offset, final long nowNs) {
        input.wrap(buffer, offset + HEADER, InputDecoder.BLOCK_LENGTH, InputDecoder.SCHEMA_VERSION);
        final long requestId = input.requestId();
        final int clientIndex = Ids.index(requestId);
        final int length = input.bytesLength();
        final int bytesOffset = input.limit() + InputDecoder.bytesHeaderLength();
        if (clientIndex < 0 || clientIndex >= session.maxInFlight || length == 0 || length > Protocol.MAX_CHUNK_BYTES) {
            figures.malformed++;
            return;
        }
        final Request request = find(session, requestId);
        if (request == null) {
            if (session.hasSeen(requestId)
                || !early.add(session, requestId, input.tensorIndex(), input.position(), input.totalLength(),
                    buffer, bytesOffset, length, nowNs)) {
                figures.inputPartsDropped++;
            }
        } else {
            takePart(request, input.tensorIndex(), input.position(), input.totalLength(), buffer, bytesOffset, length);
            goOn(request, nowNs);
        }
    }

    /** Ends requests whose inputs never came, and forgets parts whose requests never came. */
    public int expire(final long nowNs) {
        int expired = 0;
        while (!awaiting.isEmpty() && awaiting.firstKey() - nowNs <= 0) {
            final Request request = requests.at(awaiting.poll());
            expired++;
            final boolean isTooLate = request.hasDeadline && lastInputNs(request) - nowNs <= 0;
            responder.fail(request, isTooLate ? Status.DEADLINE_UNREACHABLE : Status.INPUT_NEVER_CAME, nowNs);
        }
        final int parts = early.expire(nowNs);
        figures.inputPartsDropped += parts;
        return expired + parts;
    }

    /** When {@link #expire} has something to do next. */
    public long nextWakeNs() {
        if (awaiting.isEmpty()) {
            return early.nextWakeNs();
        }
        final long earlyNs = early.nextWakeNs();
        return earlyNs == Long.MAX_VALUE || awaiting.firstKey() - earlyNs < 0 ? awaiting.firstKey() : earlyNs;
    }

    /** Takes back what a session has in flight; nobody is told. */
    public void onSessionClosed(final ClientSession session, final long nowNs) {
        early.onSessionClosed(session);
        for (int i = 0; i < session.requestSlots.length; i++) {
            final int slot = session.requestSlots[i];
            if (slot != Request.NONE) {
                cancel(requests.at(slot), nowNs);
            }
        }
    }

    private void cancel(final Request request, final long nowNs) {
        if (request.state == RequestState.AWAITING_INPUT) {
            awaiting.remove(request.index);
            responder.fail(request, Status.CANCELLED, nowNs);
        } else {
            sink.onCancelled(request, nowNs);
        }
    }

    /** All that can be said without a slot, in the order in which a client would mend it. */
    private Status check(final ClientSession session, final Model model) {
        final int clientIndex = Ids.index(inferRequest.requestId());
        final long sloNs = inferRequest.sloNs();
        if (clientIndex < 0 || clientIndex >= session.maxInFlight) {
            return Status.INVALID_REQUEST_ID;
        }
        if (session.requestSlots[clientIndex] != Request.NONE) {
            return Status.DUPLICATE_REQUEST_ID;
        }
        if (isDraining) {
            return Status.CONTROLLER_DRAINING;
        }
        if (model == null) {
            return Status.UNKNOWN_MODEL;
        }
        if (sloNs != Protocol.NULL_NS && sloNs <= 0) {
            return Status.INVALID_SLO;
        }
        if (inferRequest.elapsedNs() < 0) {
            return Status.INVALID_ELAPSED;
        }
        if (!model.isReady()) {
            return Status.NOT_READY;
        }
        final Status status = checkInput(model.artifact);
        if (status != Status.OK) {
            return status;
        }
        if (session.inFlight >= session.maxInFlight) {
            return Status.TOO_MANY_IN_FLIGHT;
        }
        return Status.OK;
    }

    private Status checkInput(final Artifact artifact) {
        if (inferRequest.flags().generatedInput()) {
            return limits.acceptsGenerated() ? Status.OK : Status.GENERATED_INPUT_REFUSED;
        }
        final int inlineLength = inferRequest.inputLength();
        if (inferRequest.inputBytes() != artifact.inputBytes) {
            return Status.WRONG_INPUT_SIZE;
        }
        if (inlineLength != 0 && inlineLength != artifact.inputBytes) {
            return Status.MALFORMED_MESSAGE;
        }
        final DataType type = inferRequest.inputType();
        if (type != DataType.UNSPECIFIED && !artifact.tensors.isEmpty() && type != artifact.tensors.get(0).type()) {
            return Status.WRONG_INPUT_TYPE;
        }
        return Status.OK;
    }

    private Status accept(final ClientSession session, final Model model, final DirectBuffer buffer, final long nowNs) {
        final boolean isGenerated = inferRequest.flags().generatedInput();
        final boolean omitsOutput = inferRequest.flags().omitOutput();
        final int inputBytes = isGenerated ? 0 : inferRequest.inputBytes();
        final long sloNs = inferRequest.sloNs() == Protocol.NULL_NS ? model.defaultSloNs : inferRequest.sloNs();
        final boolean hasDeadline = sloNs != Protocol.NULL_NS;
        final long deadlineNs = nowNs + Math.min(sloNs, MAX_TIME_NS) - Math.min(inferRequest.elapsedNs(), MAX_TIME_NS)
            - session.hopInNs - session.hopOutNs;
        if (hasDeadline && deadlineNs - nowNs <= 0) {
            return Status.DEADLINE_PASSED;
        }
        final int earlyBytes = inputBytes == 0 ? 0 : early.bytesOf(session, inferRequest.requestId());
        if (session.bytesInFlight - earlyBytes + inputBytes > session.maxBytes) {
            return Status.TOO_MANY_BYTES;
        }
        final int block = inputBytes == 0 ? Request.NONE : arena.allocate(inputBytes);
        if (inputBytes > 0 && block == ByteArena.FULL) {
            return Status.INPUT_ARENA_FULL;
        }
        final Request request = requests.allocate();
        if (request == null) {
            if (block != Request.NONE) {
                arena.free(block, inputBytes);
            }
            return Status.REQUEST_TABLE_FULL;
        }
        request.session = session;
        request.clientId = inferRequest.requestId();
        request.model = model;
        request.arrivalNs = nowNs;
        request.hasDeadline = hasDeadline;
        request.deadlineNs = deadlineNs;
        request.priority = inferRequest.priority();
        request.isGenerated = isGenerated;
        request.omitsOutput = omitsOutput;
        request.seed = inferRequest.seed();
        request.inputBytes = inputBytes;
        request.inputBlock = block;
        request.state = RequestState.AWAITING_INPUT;
        session.requestSlots[Ids.index(request.clientId)] = request.index;
        session.inFlight++;
        session.bytesInFlight += inputBytes;
        gather(request, buffer, nowNs);
        return Status.OK;
    }

    private void gather(final Request request, final DirectBuffer buffer, final long nowNs) {
        final int inlineLength = inferRequest.inputLength();
        if (request.inputBytes > 0) {
            if (inlineLength > 0) {
                final int from = inferRequest.limit() + InferRequestDecoder.inputHeaderLength();
                arena.buffer().putBytes(ByteArena.offset(request.inputBlock), buffer, from, inlineLength);
                request.inputReceived = inlineLength;
            } else {
                early.claim(request, earlyReceiver);
            }
        }
        if (request.inputReceived < request.inputBytes) {
            final long limitNs = nowNs + limits.inputTimeoutNs();
            final boolean isDeadlineFirst = request.hasDeadline && lastInputNs(request) - limitNs < 0;
            awaiting.set(request.index, isDeadlineFirst ? lastInputNs(request) : limitNs);
        }
        goOn(request, nowNs);
    }

    /** An input that comes later than this can't be answered by the deadline on any device. */
    private static long lastInputNs(final Request request) {
        return request.deadlineNs - request.model.artifact.profile.leastExecuteNs(0);
    }

    /** Writes a part of an input to its place; what does not fit the model's tensors is dropped. */
    private void takePart(
        final Request request, final int tensor, final int position, final int total,
        final DirectBuffer bytes, final int offset, final int length) {
        final List<Artifact.Tensor> tensors = request.model.artifact.tensors;
        if (request.state != RequestState.AWAITING_INPUT || request.inputBlock == Request.NONE
            || tensor >= tensors.size() || tensors.get(tensor).isOutput()
            || total != tensors.get(tensor).bytes() || position < 0 || length > total - position
            || length > request.inputBytes - request.inputReceived) {
            figures.malformed++;
            return;
        }
        int start = position;
        for (int i = 0; i < tensor; i++) {
            start += tensors.get(i).bytes();
        }
        if (start + length > request.inputBytes) {
            figures.malformed++;
            return;
        }
        arena.buffer().putBytes(ByteArena.offset(request.inputBlock) + start, bytes, offset, length);
        request.inputReceived += length;
    }

    /** Hands a request on if all of it is there. */
    private void goOn(final Request request, final long nowNs) {
        if (request.state == RequestState.AWAITING_INPUT && request.inputReceived == request.inputBytes) {
            awaiting.remove(request.index);
            sink.onReady(request, nowNs);
        }
    }

    private Request find(final ClientSession session, final long clientId) {
        final int clientIndex = Ids.index(clientId);
        if (clientIndex < 0 || clientIndex >= session.maxInFlight || session.requestSlots[clientIndex] == Request.NONE) {
            return null;
        }
        final Request request = requests.at(session.requestSlots[clientIndex]);
        return request.clientId == clientId ? request : null;
    }
}
