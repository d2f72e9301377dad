package org.clockwork.bench;

import io.aeron.logbuffer.BufferClaim;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.RequestPath;
import org.clockwork.controller.RequestPathContext;
import org.clockwork.controller.cluster.ClockOffset;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.model.ModelCatalogue;
import org.clockwork.controller.model.Profile;
import org.clockwork.controller.queue.IndexedHeap;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ActionResultEncoder;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.InferDecoder;
import org.clockwork.schema.codec.InferRequestEncoder;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.LoadDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.UnloadDecoder;
import org.clockwork.schema.codec.WorkerPhase;
import org.clockwork.schema.link.Link;

/**
 * A controller's request path among devices that always take exactly as long as their profile says, in virtual time: one
 * call of {@link #nextRequest} is one request and, on the average, its result. Most requests go to models by Zipf's law,
 * some to a model that may not be loaded. Its own work is small beside the path's and allocates nothing.
 */
final class SchedulingWorld implements ModelCatalogue {
    private static final int DEVICES_A_WORKER = 8;
    private static final int PAGES = 1376;
    private static final int MODEL_PAGES = 7;
    private static final int INPUT_BYTES = 64;
    private static final int IN_FLIGHT = 16_384;
    private static final long LOAD_NS = 8_320_000;
    private static final long HOP_NS = 50_000;
    private static final long TICK_NS = 1_000_000;
    private static final long[] EXECUTE_NS = {2_730_000, 4_050_000, 5_870_000, 9_930_000, 17_300_000};
    private static final int DRAWS = 1 << 16;

    private final Model[] models;
    private final int[] draws = new int[DRAWS];
    private final RequestPath path;
    private final List<WorkerState> workers = new ArrayList<>();
    private final Engine[] engines;
    /** Devices by the time of their next result; loads after executions. */
    private final IndexedHeap due;
    private final long interArrivalNs;
    private final ClientLink clientLink = new ClientLink();
    private final ClientSession session = new ClientSession(1, 0, clientLink, 1, "bench", IN_FLIGHT, 1L << 40);
    private final int[] generations = new int[IN_FLIGHT];
    private final int[] freeIndexes = new int[IN_FLIGHT];
    private int freeCount = IN_FLIGHT;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64 * 1024]);
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[INPUT_BYTES]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final InferRequestEncoder request = new InferRequestEncoder();
    private final ActionResultEncoder result = new ActionResultEncoder();
    private long nowNs = 1_000_000_000L;
    private long nextTickNs = nowNs;
    private final int burst;
    private int leftOfBurst;
    private Model model;
    private int nextDraw;
    private long answered;
    private long asked;

    /**
     * @param burst     requests for one model that come at once, a power of two: they are one INFER.
     * @param load      offered, as a share of what the devices can execute in such batches.
     * @param coldShare of requests, which go to any model.
     */
    SchedulingWorld(
        final int deviceCount, final int modelCount, final int burst, final double load, final double coldShare,
        final String policy) {
        this.burst = burst;
        final int batchSizes = Profile.indexOf(burst) + 1;
        final SplittableRandom random = new SplittableRandom(42);
        models = new Model[modelCount];
        engines = new Engine[2 * deviceCount];
        due = new IndexedHeap(engines.length);
        interArrivalNs = (long) (EXECUTE_NS[batchSizes - 1] / (load * deviceCount));
        path = new RequestPath(new RequestPathContext()
            .catalogue(this)
            .policy(policy)
            .sessionCloser((closing, status, detail, now) -> {
                throw new IllegalStateException("closed: " + status);
            }));
        for (int i = 0; i < modelCount; i++) {
            models[i] = new Model(Ids.id(1, i), i, "m" + i, artifact(i, batchSizes));
            models[i].defaultSloNs = Protocol.NULL_NS;
            models[i].state = ModelState.READY;
            path.onModelRegistered(models[i], nowNs);
        }
        addWorkers(deviceCount);
        draw(random, coldShare);
        for (int i = 0; i < IN_FLIGHT; i++) {
            freeIndexes[i] = i;
        }
    }

    /** Share of requests that were answered so far, to be looked at: a benchmark of refusals would be another. */
    double answeredShare() {
        return (double) answered / asked;
    }

    @Override
    public Model byId(final long modelId) {
        return models[Ids.index(modelId)];
    }

    @Override
    public void onProfiled(final Artifact artifact, final long atNs) {
        artifact.isProfiled = true;
    }

    /** A request; with the first of a burst come the results that are due by then, with the last the decisions. */
    void nextRequest() {
        if (leftOfBurst == 0) {
            advance();
            model = models[draws[nextDraw++ & DRAWS - 1]];
            leftOfBurst = burst;
        }
        ask();
        if (--leftOfBurst == 0) {
            turn();
        }
    }

    private void advance() {
        final long arrivalNs = nowNs + interArrivalNs;
        long wakeNs = next();
        while (wakeNs - arrivalNs < 0) {
            nowNs = Math.max(nowNs, wakeNs);
            turn();
            wakeNs = next();
        }
        nowNs = arrivalNs;
    }

    private long next() {
        final long resultNs = due.isEmpty() ? Long.MAX_VALUE : due.firstKey() + HOP_NS;
        return Math.min(Math.min(resultNs, path.nextWakeNs()), nextTickNs);
    }

    private void turn() {
        while (!due.isEmpty() && due.firstKey() + HOP_NS - nowNs <= 0) {
            report(engines[due.first()]);
        }
        if (nowNs - nextTickNs >= 0) {
            nextTickNs = nowNs + TICK_NS;
            path.slowTick(nowNs);
        }
        path.schedule(nowNs);
        path.flush(nowNs);
    }

    private void ask() {
        if (freeCount == 0) {
            throw new IllegalStateException("too many in flight");
        }
        final int index = freeIndexes[--freeCount];
        asked++;
        request.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(1).requestId(Ids.id(++generations[index], index)).modelId(model.id).sloNs(100_000_000L)
            .elapsedNs(0).seed(1).inputBytes(INPUT_BYTES).inputType(DataType.FLOAT32).priority((short) 0);
        request.flags().clear();
        request.putInput(payload, 0, INPUT_BYTES);
        path.onClientMessage(
            session, InferRequestEncoder.TEMPLATE_ID, buffer, 0,
            MessageHeaderEncoder.ENCODED_LENGTH + request.encodedLength(), nowNs);
    }

    private void report(final Engine engine) {
        final int at = engine.head;
        final int count = engine.requestCounts[at];
        final boolean isInfer = engine.kinds[at] == ActionKind.INFER;
        final long endNs = engine.endsNs[at];
        final long durationNs = engine.durationsNs[at];
        result.wrapAndApplyHeader(buffer, 0, header)
            .epoch(1).actionId(engine.actionIds[at]).modelId(engine.modelIds[at]).receivedNs(endNs - durationNs)
            .startNs(endNs - durationNs).copyInNs(0).executeNs(durationNs).executeStartNs(endNs - durationNs)
            .copyOutNs(0).endNs(endNs).sentNs(endNs).status(Status.OK).kind(engine.kinds[at])
            .deviceIndex(engine.device.deviceIndex).batchSize(count).freePages(-1);
        final ActionResultEncoder.OutputsEncoder outputs = result.outputsCount(isInfer ? count : 0);
        for (int i = 0; isInfer && i < count; i++) {
            outputs.next().requestId(engine.requestIds[at * Protocol.MAX_BATCH + i]).outputBytes(INPUT_BYTES);
            outputs.putOutput(payload, 0, INPUT_BYTES);
        }
        result.putDetail(payload, 0, 0);
        engine.pop();
        path.onWorkerMessage(
            engine.device.worker, ActionResultEncoder.TEMPLATE_ID, buffer, 0,
            MessageHeaderEncoder.ENCODED_LENGTH + result.encodedLength(), nowNs);
    }

    private static Artifact artifact(final int id, final int batchSizes) {
        final Profile profile = new Profile(10, 99);
        for (int n = 0; n < 10; n++) {
            profile.recordLoad(LOAD_NS);
            for (int i = 0; i < batchSizes; i++) {
                profile.recordExecute(i, EXECUTE_NS[i]);
            }
        }
        final Artifact artifact = new Artifact(id, new byte[32], new byte[32], 0, "bench", Map.of(), 16, profile);
        artifact.pages = MODEL_PAGES;
        artifact.maxBatch = 16;
        artifact.inputBytes = INPUT_BYTES;
        artifact.outputBytes = INPUT_BYTES;
        artifact.isProfiled = true;
        artifact.tensors = List.of(
            new Artifact.Tensor(false, DataType.FLOAT32, INPUT_BYTES, "in", ""),
            new Artifact.Tensor(true, DataType.FLOAT32, INPUT_BYTES, "out", ""));
        return artifact;
    }

    /** Each worker joins holding its part of the models, the popular ones on as many devices as they need. */
    private void addWorkers(final int deviceCount) {
        final List<DeviceState> devices = new ArrayList<>();
        for (int slot = 0; slot < deviceCount; slot += DEVICES_A_WORKER) {
            final List<DeviceState> own = new ArrayList<>();
            for (int i = 0; i < Math.min(DEVICES_A_WORKER, deviceCount - slot); i++) {
                own.add(new DeviceState(slot + i, i, 16 << 20, PAGES, 16, 2, true, "bench"));
            }
            final ClockOffset clock = new ClockOffset();
            clock.onSample(nowNs - 2 * HOP_NS, nowNs - HOP_NS, nowNs - HOP_NS, nowNs);
            final WorkerLink link = new WorkerLink(slot);
            final WorkerState worker = new WorkerState(workers.size(), 1, "w" + slot, link, own, clock);
            for (final DeviceState device : own) {
                device.worker = worker;
                engines[device.slot] = new Engine(device, device.slot);
                engines[deviceCount + device.slot] = new Engine(device, deviceCount + device.slot);
            }
            devices.addAll(own);
            workers.add(worker);
        }
        place(devices);
        for (final WorkerState worker : workers) {
            for (final Model model : models) {
                path.onArtifactInstalled(worker, model.artifact, nowNs);
            }
            worker.phase = WorkerPhase.LIVE;
            path.onWorkerLive(worker, nowNs);
        }
    }

    private void place(final List<DeviceState> devices) {
        double sum = 0;
        for (int i = 1; i <= models.length; i++) {
            sum += 1.0 / i;
        }
        int next = 0;
        for (int i = 0; i < models.length; i++) {
            final int replicas = Math.min(devices.size(), Math.max(1, (int) (1.5 * devices.size() / ((i + 1) * sum))));
            for (int r = 0; r < replicas; r++) {
                final DeviceState device = devices.get(next++ % devices.size());
                if (device.freePages >= MODEL_PAGES) {
                    device.freePages -= MODEL_PAGES;
                    path.onHeld(device, models[i], MODEL_PAGES, nowNs);
                }
            }
        }
    }

    /** Most draws by Zipf's law among models that some device holds, the cold share among all others, if there are any. */
    private void draw(final SplittableRandom random, final double coldShare) {
        int held = 0;
        while (held < models.length && models[held].loadedOn > 0) {
            held++;
        }
        final double[] sums = new double[held];
        for (int i = 0; i < held; i++) {
            sums[i] = (i == 0 ? 0 : sums[i - 1]) + 1.0 / (i + 1);
        }
        for (int i = 0; i < DRAWS; i++) {
            if (held < models.length && random.nextDouble() < coldShare) {
                draws[i] = held + random.nextInt(models.length - held);
            } else {
                final int at = Arrays.binarySearch(sums, random.nextDouble() * sums[held - 1]);
                draws[i] = Math.min(held - 1, at < 0 ? -at - 1 : at);
            }
        }
    }

    /** What one engine was told, oldest first. */
    private final class Engine {
        private static final int CAPACITY = 256;
        private final DeviceState device;
        private final int id;
        private final long[] actionIds = new long[CAPACITY];
        private final long[] modelIds = new long[CAPACITY];
        private final long[] endsNs = new long[CAPACITY];
        private final long[] durationsNs = new long[CAPACITY];
        private final ActionKind[] kinds = new ActionKind[CAPACITY];
        private final int[] requestCounts = new int[CAPACITY];
        private final long[] requestIds = new long[CAPACITY * Protocol.MAX_BATCH];
        private int head;
        private int size;
        private long freeNs;

        Engine(final DeviceState device, final int id) {
            this.device = device;
            this.id = id;
        }

        int push(final ActionKind kind, final long actionId, final long modelId, final long durationNs) {
            if (size == CAPACITY) {
                throw new IllegalStateException("told too much");
            }
            final int at = head + size++ & CAPACITY - 1;
            freeNs = Math.max(freeNs, nowNs + HOP_NS) + durationNs;
            kinds[at] = kind;
            actionIds[at] = actionId;
            modelIds[at] = modelId;
            durationsNs[at] = durationNs;
            endsNs[at] = freeNs;
            requestCounts[at] = 0;
            if (size == 1) {
                due.set(id, freeNs);
            }
            return at;
        }

        void pop() {
            head = head + 1 & CAPACITY - 1;
            size--;
            if (size == 0) {
                due.remove(id);
            } else {
                due.set(id, endsNs[head]);
            }
        }
    }

    /** A link that takes everything. */
    private abstract static class OpenLink implements Link {
        @Override
        public long id() {
            return 1;
        }

        @Override
        public boolean tryClaim(final int lane, final int length, final BufferClaim claim) {
            return false;
        }

        @Override
        public boolean offer(
            final int lane,
            final DirectBuffer first, final int firstOffset, final int firstLength,
            final DirectBuffer second, final int secondOffset, final int secondLength) {
            throw new IllegalStateException("nothing here is that large");
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

    /** Engines obey at once. */
    private final class WorkerLink extends OpenLink {
        private final int firstSlot;
        private final MessageHeaderDecoder header = new MessageHeaderDecoder();
        private final InferDecoder infer = new InferDecoder();
        private final LoadDecoder load = new LoadDecoder();
        private final UnloadDecoder unload = new UnloadDecoder();

        WorkerLink(final int firstSlot) {
            this.firstSlot = firstSlot;
        }

        @Override
        public boolean offer(final int lane, final DirectBuffer message, final int offset, final int length) {
            header.wrap(message, offset);
            final int at = offset + MessageHeaderDecoder.ENCODED_LENGTH;
            switch (header.templateId()) {
                case InferDecoder.TEMPLATE_ID:
                    infer.wrap(message, at, header.blockLength(), header.version());
                    onInfer(engines[firstSlot + infer.deviceIndex()]);
                    break;
                case LoadDecoder.TEMPLATE_ID:
                    load.wrap(message, at, header.blockLength(), header.version());
                    engines[engines.length / 2 + firstSlot + load.deviceIndex()]
                        .push(ActionKind.LOAD, load.actionId(), load.modelId(), LOAD_NS);
                    break;
                default:
                    unload.wrap(message, at, header.blockLength(), header.version());
                    engines[engines.length / 2 + firstSlot + unload.deviceIndex()]
                        .push(ActionKind.UNLOAD, unload.actionId(), unload.modelId(), 1_000);
                    break;
            }
            return true;
        }

        private void onInfer(final Engine engine) {
            final long durationNs = EXECUTE_NS[31 - Integer.numberOfLeadingZeros(infer.batchSize())];
            final int slot = engine.push(ActionKind.INFER, infer.actionId(), infer.modelId(), durationNs);
            final InferDecoder.RequestsDecoder requests = infer.requests();
            int count = 0;
            while (requests.hasNext()) {
                requests.next();
                engine.requestIds[slot * Protocol.MAX_BATCH + count++] = requests.requestId();
                requests.skipInput();
            }
            engine.requestCounts[slot] = count;
        }
    }

    /** Ends free their index. */
    private final class ClientLink extends OpenLink {
        private final MessageHeaderDecoder header = new MessageHeaderDecoder();
        private final InferResponseDecoder response = new InferResponseDecoder();

        @Override
        public boolean offer(final int lane, final DirectBuffer message, final int offset, final int length) {
            header.wrap(message, offset);
            response.wrap(
                message, offset + MessageHeaderDecoder.ENCODED_LENGTH, header.blockLength(), header.version());
            freeIndexes[freeCount++] = Ids.index(response.requestId());
            if (response.status() == Status.OK) {
                answered++;
            }
            return true;
        }
    }
}
