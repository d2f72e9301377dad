package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.logbuffer.BufferClaim;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.cluster.ClockOffset;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.controller.telemetry.Telemetry;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ActionResultEncoder;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.InferDecoder;
import org.clockwork.schema.codec.InferRequestEncoder;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.InputEncoder;
import org.clockwork.schema.codec.LoadDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.OutputEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.WorkerPhase;
import org.clockwork.schema.link.Link;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** In steady state the path allocates nothing: warm and cold requests, small and large tensors, answers and refusals. */
class AllocationTest {
    private static final int MODELS = 24;
    private static final int IN_FLIGHT = 256;
    private static final int LARGE = 5_000;
    private static final long EXECUTE_NS = 100_000;
    private static final long LOAD_NS = 200_000;

    /** A link into arrays made before. */
    private static final class ArrayLink implements Link {
        private final UnsafeBuffer[] messages = new UnsafeBuffer[4096];
        private final int[] lengths = new int[messages.length];
        private int count;

        ArrayLink() {
            for (int i = 0; i < messages.length; i++) {
                messages[i] = new UnsafeBuffer(new byte[16 * 1024]);
            }
        }

        @Override
        public long id() {
            return 1;
        }

        @Override
        public boolean tryClaim(final int lane, final int length, final BufferClaim claim) {
            return false;
        }

        @Override
        public boolean offer(final int lane, final DirectBuffer buffer, final int offset, final int length) {
            messages[count].putBytes(0, buffer, offset, length);
            lengths[count++] = length;
            return true;
        }

        @Override
        public boolean offer(
            final int lane,
            final DirectBuffer first, final int firstOffset, final int firstLength,
            final DirectBuffer second, final int secondOffset, final int secondLength) {
            messages[count].putBytes(0, first, firstOffset, firstLength);
            messages[count].putBytes(firstLength, second, secondOffset, secondLength);
            lengths[count++] = firstLength + secondLength;
            return true;
        }

        @Override
        public int maxClaimLength(final int lane) {
            return 1376;
        }

        @Override
        public boolean isConnected() {
            return true;
        }

        @Override
        public boolean isClosed() {
            return false;
        }

        @Override
        public void close() {
        }
    }

    private final RigCatalogue catalogue = new RigCatalogue();
    private final ArrayLink toWorker = new ArrayLink();
    private final ArrayLink toClient = new ArrayLink();
    private final Model[] models = new Model[MODELS];
    private final ClientSession session = new ClientSession(7, 0, toClient, 1, "c", IN_FLIGHT, 1 << 20);
    private final int[] generations = new int[IN_FLIGHT];
    private final int[] freeIndexes = new int[IN_FLIGHT];
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64 * 1024]);
    private final UnsafeBuffer inputBytes = new UnsafeBuffer(new byte[LARGE]);
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final InferRequestEncoder request = new InferRequestEncoder();
    private final InputEncoder input = new InputEncoder();
    private final OutputEncoder output = new OutputEncoder();
    private final InferDecoder infer = new InferDecoder();
    private final LoadDecoder load = new LoadDecoder();
    private final InferResponseDecoder response = new InferResponseDecoder();
    private final ActionResultEncoder result = new ActionResultEncoder();
    private RequestPath path;
    private WorkerState worker;
    private int freeCount = IN_FLIGHT;
    private int nextModel;
    private long nowNs = 1_000_000_000L;
    private long engineFreeNs;
    private long asked;
    private long ended;
    private long answered;

    private void start(final PathObserver observer) {
        final DeviceState device = new DeviceState(0, 0, 16 << 20, 30, 16, 2, true, "d");
        final ClockOffset clock = new ClockOffset();
        clock.onSample(nowNs - 2_000, nowNs - 1_000, nowNs - 1_000, nowNs);
        worker = new WorkerState(0, 1, "w", toWorker, List.of(device), clock);
        device.worker = worker;
        path = new RequestPath(new RequestPathContext()
            .catalogue(catalogue)
            .observer(observer)
            .sessionCloser((closing, status, detail, now) -> {
                throw new AssertionError(status);
            }));
        for (int i = 0; i < MODELS; i++) {
            final int size = i % 6 == 0 ? LARGE : 64;
            models[i] = catalogue.model(
                catalogue.artifact(2, size, size, LOAD_NS, EXECUTE_NS, EXECUTE_NS * 3 / 2, EXECUTE_NS * 2));
            path.onModelRegistered(models[i], nowNs);
            path.onArtifactInstalled(worker, models[i].artifact, nowNs);
        }
        worker.phase = WorkerPhase.LIVE;
        path.onWorkerLive(worker, nowNs);
        for (int i = 0; i < IN_FLIGHT; i++) {
            freeIndexes[i] = i;
        }
    }

    @Test
    void lessThanAByteARequest() {
        start(new Telemetry(true, true));
        turn(60_000);
        final long before = asked;
        final long bytes = Allocation.bytesOf(() -> turn(60_000));
        final long requests = asked - before;
        assertTrue(requests >= 100_000, "requests=" + requests);
        assertTrue(bytes < requests, "bytes=" + bytes + " requests=" + requests);
        assertTrue(answered > asked / 4 && answered < asked, "answered=" + answered + " asked=" + asked);
        assertTrue(path.figures().loads > 100 && path.figures().unloads > 100, "loads=" + path.figures().loads);
        assertEquals(asked, ended + path.requestsInFlight());
    }

    private void turn(final int turns) {
        for (int i = 0; i < turns; i++) {
            nowNs += 20_000;
            drainWorker();
            for (int j = 0; j < 2 && freeCount > 0; j++) {
                ask();
            }
            path.schedule(nowNs);
            path.flush(nowNs);
            drainClient();
            if (i % 500 == 0) {
                path.slowTick(nowNs);
            }
        }
    }

    private void ask() {
        nextModel = nextModel * 1_103_515_245 + 12_345;
        final int draw = nextModel >>> 16;
        final Model model = models[draw % 64 == 0 ? (draw >> 6) % MODELS : draw % 6];
        final boolean isLarge = model.artifact.inputBytes == LARGE;
        final int index = freeIndexes[--freeCount];
        final long id = Ids.id(++generations[index], index);
        asked++;
        request.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .sessionId(session.id).requestId(id).modelId(model.id)
            .sloNs(draw % 5 == 0 ? 110_000 : draw % 11 == 0 ? Protocol.NULL_NS : 3_000_000)
            .elapsedNs(0).seed(1).inputBytes(model.artifact.inputBytes).inputType(DataType.FLOAT32).priority((short) 0);
        request.flags().clear();
        request.putInput(inputBytes, 0, isLarge ? 0 : 64);
        path.onClientMessage(session, InferRequestEncoder.TEMPLATE_ID, buffer, 0, 8 + request.encodedLength(), nowNs);
        if (isLarge) {
            input.wrapAndApplyHeader(buffer, 0, headerEncoder)
                .sessionId(session.id).requestId(id).position(0).totalLength(LARGE).tensorIndex(0)
                .putBytes(inputBytes, 0, LARGE);
            path.onClientMessage(session, InputEncoder.TEMPLATE_ID, buffer, 0, 8 + input.encodedLength(), nowNs);
        }
    }

    private void drainClient() {
        for (int i = 0; i < toClient.count; i++) {
            headerDecoder.wrap(toClient.messages[i], 0);
            if (headerDecoder.templateId() == InferResponseDecoder.TEMPLATE_ID) {
                response.wrap(toClient.messages[i], 8, headerDecoder.blockLength(), headerDecoder.version());
                freeIndexes[freeCount++] = Ids.index(response.requestId());
                ended++;
                answered += response.status() == Status.OK ? 1 : 0;
            }
        }
        toClient.count = 0;
    }

    /** Everything is reported in the next turn, with stamps as if the engines had taken their time. */
    private void drainWorker() {
        for (int i = 0; i < toWorker.count; i++) {
            final UnsafeBuffer message = toWorker.messages[i];
            headerDecoder.wrap(message, 0);
            switch (headerDecoder.templateId()) {
                case InferDecoder.TEMPLATE_ID:
                    infer.wrap(message, 8, headerDecoder.blockLength(), headerDecoder.version());
                    engineFreeNs = Math.max(engineFreeNs, nowNs - 15_000);
                    report(infer.actionId(), infer.modelId(), ActionKind.INFER, engineFreeNs, 10_000, infer.batchSize());
                    break;
                case LoadDecoder.TEMPLATE_ID:
                    load.wrap(message, 8, headerDecoder.blockLength(), headerDecoder.version());
                    report(load.actionId(), load.modelId(), ActionKind.LOAD, nowNs - 15_000, 10_000, 0);
                    break;
                case InputDecoder.TEMPLATE_ID:
                    break;
                default:
                    unload(message);
                    break;
            }
        }
        toWorker.count = 0;
    }

    private void unload(final UnsafeBuffer message) {
        load.wrap(message, 8, headerDecoder.blockLength(), headerDecoder.version());
        report(load.actionId(), load.modelId(), ActionKind.UNLOAD, nowNs - 15_000, 10, 0);
    }

    private void report(
        final long actionId, final long modelId, final ActionKind kind,
        final long startNs, final long executeNs, final int batchSize) {
        final int size = catalogue.byId(modelId).artifact.outputBytes;
        if (kind == ActionKind.INFER && size == LARGE) {
            int count = 0;
            for (InferDecoder.RequestsDecoder one = infer.requests(); one.hasNext(); count++) {
                one.next();
                output.wrapAndApplyHeader(buffer, 0, headerEncoder)
                    .sessionId(0).requestId(one.requestId()).position(0).totalLength(LARGE).tensorIndex(0)
                    .putBytes(inputBytes, 0, LARGE);
                one.skipInput();
                path.onWorkerMessage(worker, OutputEncoder.TEMPLATE_ID, buffer, 0, 8 + output.encodedLength(), nowNs);
            }
            infer.sbeRewind();
        }
        result.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .epoch(1).actionId(actionId).modelId(modelId).receivedNs(startNs).startNs(startNs).copyInNs(0)
            .executeNs(executeNs).executeStartNs(startNs).copyOutNs(0).endNs(startNs + executeNs).sentNs(nowNs)
            .status(Status.OK).kind(kind).deviceIndex(0).batchSize(batchSize).freePages(-1);
        if (kind == ActionKind.INFER) {
            final InferDecoder.RequestsDecoder requests = infer.requests();
            final ActionResultEncoder.OutputsEncoder outputs = result.outputsCount(requests.count());
            while (requests.hasNext()) {
                requests.next();
                outputs.next().requestId(requests.requestId()).outputBytes(size);
                outputs.putOutput(inputBytes, 0, size == LARGE ? 0 : size);
                requests.skipInput();
            }
        } else {
            result.outputsCount(0);
        }
        result.putDetail(inputBytes, 0, 0);
        path.onWorkerMessage(worker, ActionResultEncoder.TEMPLATE_ID, buffer, 0, 8 + result.encodedLength(), nowNs);
    }
}
