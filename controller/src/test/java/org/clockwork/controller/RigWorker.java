package org.clockwork.controller;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.cluster.ClockOffset;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ActionResultEncoder;
import org.clockwork.schema.codec.CancelActionDecoder;
import org.clockwork.schema.codec.InferDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.LoadDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.OutputEncoder;
import org.clockwork.schema.codec.ProfileDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.UnloadDecoder;
import org.clockwork.schema.codec.WorkerPhase;

/**
 * A worker with a clock of its own that obeys to the letter and complains ({@link AssertionError}) about anything that a
 * controller must never ask: more pages than there are, an action that goes back in time, an unknown copy.
 */
final class RigWorker {
    /** One thing told to a device. */
    private static final class Told {
        ActionKind kind;
        long actionId;
        long modelId;
        long earliestNs;
        long latestNs;
        int artifactId;
        int batchSize;
        long receivedNs;
        final List<Long> requestIds = new ArrayList<>();
        final List<Boolean> omitted = new ArrayList<>();
        final List<Integer> missing = new ArrayList<>();
    }

    /** One device: two engines and pages. */
    private static final class Engines {
        long executeFreeNs;
        long loadFreeNs;
        int freePages;
        long lastExecuteEarliestNs = Long.MIN_VALUE;
        long lastLoadEarliestNs = Long.MIN_VALUE;
        final Map<Long, Integer> loaded = new HashMap<>();
    }

    /** What a test may do to results. */
    interface Fault {
        /** Status to report instead of OK, or null for silence. */
        Status on(ActionKind kind, long actionId);
    }

    final PathRig rig;
    final WorkerState state;
    final RigLink link;
    final long offsetNs;
    final SplittableRandom random;
    double jitter;
    Fault fault = (kind, id) -> Status.OK;
    boolean repeatsResults;
    /** Probability that a result gets lost on its way, after the action was done. */
    double lossRate;
    /** After lost results the controller can't know what is loaded: then wrong requests are answered, not complained about. */
    boolean isLenient;
    int outputChunkBytes = Protocol.MAX_CHUNK_BYTES;
    int inlineBytes = Protocol.DEFAULT_INLINE_BYTES;
    boolean isDead;
    int infers;
    int loads;
    int unloads;
    int profiles;
    final List<Integer> batches = new ArrayList<>();
    final List<String> starts = new ArrayList<>();
    final Map<Long, Integer> inputs = new HashMap<>();
    private final List<Engines> engines = new ArrayList<>();
    private final ArrayDeque<Long> cancelled = new ArrayDeque<>();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final InferDecoder infer = new InferDecoder();
    private final LoadDecoder load = new LoadDecoder();
    private final UnloadDecoder unload = new UnloadDecoder();
    private final ProfileDecoder profile = new ProfileDecoder();
    private final CancelActionDecoder cancel = new CancelActionDecoder();
    private final InputDecoder input = new InputDecoder();

    RigWorker(final PathRig rig, final int index, final int firstSlot, final int devices, final int pages, final long offsetNs) {
        this.rig = rig;
        this.offsetNs = offsetNs;
        random = new SplittableRandom(index + 77L);
        link = new RigLink(rig, rig.hopNs, this::onMessage);
        final List<DeviceState> states = new ArrayList<>();
        for (int i = 0; i < devices; i++) {
            states.add(new DeviceState(firstSlot + i, i, 16 << 20, pages, 16, 2, true, "rig"));
            final Engines made = new Engines();
            made.freePages = pages;
            engines.add(made);
        }
        final ClockOffset clock = new ClockOffset();
        clock.onSample(
            rig.nowNs - 2 * rig.hopNs, rig.nowNs - rig.hopNs + offsetNs, rig.nowNs - rig.hopNs + offsetNs, rig.nowNs);
        state = new WorkerState(index, 1000 + index, "w" + index, link, states, clock);
        for (final DeviceState device : states) {
            device.worker = state;
        }
    }

    void join() {
        for (final Artifact artifact : rig.catalogue.artifacts) {
            rig.path.onArtifactInstalled(state, artifact, rig.nowNs);
        }
        state.phase = WorkerPhase.LIVE;
        rig.path.onWorkerLive(state, rig.nowNs);
    }

    /** Puts a copy on a device before the worker joins. */
    void hold(final int device, final Model model) {
        final Engines at = engines.get(device);
        at.loaded.put(model.id, model.artifact.pages);
        at.freePages -= model.artifact.pages;
        state.devices.get(device).freePages = at.freePages;
        rig.path.onHeld(state.devices.get(device), model, model.artifact.pages, rig.nowNs);
    }

    void die() {
        isDead = true;
        link.isDead = true;
    }

    int freePages(final int device) {
        return engines.get(device).freePages;
    }

    boolean holds(final int device, final Model model) {
        return engines.get(device).loaded.containsKey(model.id);
    }

    private long clock() {
        return rig.nowNs + offsetNs;
    }

    private void onMessage(final int lane, final UnsafeBuffer message) {
        header.wrap(message, 0);
        final int at = MessageHeaderDecoder.ENCODED_LENGTH;
        final Told told = new Told();
        told.receivedNs = clock();
        final int device;
        switch (header.templateId()) {
            case InferDecoder.TEMPLATE_ID:
                infer.wrap(message, at, header.blockLength(), header.version());
                device = infer.deviceIndex();
                told.kind = ActionKind.INFER;
                told.actionId = infer.actionId();
                told.modelId = infer.modelId();
                told.earliestNs = infer.earliestNs();
                told.latestNs = infer.latestNs();
                told.batchSize = infer.batchSize();
                for (final InferDecoder.RequestsDecoder request : infer.requests()) {
                    told.requestIds.add(request.requestId());
                    told.omitted.add(request.flags().omitOutput());
                    told.missing.add(request.flags().generatedInput() ? 0 : request.inputBytes() - request.inputLength());
                    request.skipInput();
                }
                break;
            case LoadDecoder.TEMPLATE_ID:
                load.wrap(message, at, header.blockLength(), header.version());
                device = load.deviceIndex();
                told.kind = ActionKind.LOAD;
                told.actionId = load.actionId();
                told.modelId = load.modelId();
                told.earliestNs = load.earliestNs();
                told.latestNs = load.latestNs();
                told.artifactId = load.artifactId();
                break;
            case UnloadDecoder.TEMPLATE_ID:
                unload.wrap(message, at, header.blockLength(), header.version());
                device = unload.deviceIndex();
                told.kind = ActionKind.UNLOAD;
                told.actionId = unload.actionId();
                told.modelId = unload.modelId();
                told.earliestNs = unload.earliestNs();
                told.latestNs = unload.latestNs();
                break;
            case ProfileDecoder.TEMPLATE_ID:
                profile.wrap(message, at, header.blockLength(), header.version());
                device = profile.deviceIndex();
                told.kind = ActionKind.PROFILE;
                told.actionId = profile.actionId();
                told.modelId = profile.modelId();
                told.earliestNs = profile.earliestNs();
                told.latestNs = profile.latestNs();
                told.batchSize = profile.batchSize();
                break;
            case CancelActionDecoder.TEMPLATE_ID:
                cancel.wrap(message, at, header.blockLength(), header.version());
                cancelled.add(cancel.actionId());
                return;
            case InputDecoder.TEMPLATE_ID:
                input.wrap(message, at, header.blockLength(), header.version());
                inputs.merge(input.requestId(), input.bytesLength(), Integer::sum);
                return;
            default:
                throw new AssertionError("unknown message templateId=" + header.templateId());
        }
        run(told, device, engines.get(device));
    }

    private void run(final Told told, final int device, final Engines at) {
        final boolean isExecution = told.kind == ActionKind.INFER || told.kind == ActionKind.PROFILE;
        final long lastNs = isExecution ? at.lastExecuteEarliestNs : at.lastLoadEarliestNs;
        if (lastNs != Long.MIN_VALUE && told.earliestNs - lastNs < 0) {
            throw new AssertionError("earliest went back");
        }
        if (isExecution) {
            at.lastExecuteEarliestNs = told.earliestNs;
        } else {
            at.lastLoadEarliestNs = told.earliestNs;
        }
        if (told.latestNs - told.earliestNs < 0) {
            throw new AssertionError("window closes before it opens: " + told.kind);
        }
        final long freeNs = isExecution ? at.executeFreeNs : at.loadFreeNs;
        long startNs = Math.max(Math.max(clock(), told.earliestNs), freeNs);
        Status status = fault.on(told.kind, told.actionId);
        if (status == null) {
            return;
        }
        if (startNs - told.latestNs > 0) {
            status = lateStatus(told.kind);
            startNs = told.latestNs + 1;
        }
        if (status == Status.OK && isLenient) {
            status = obstacle(told, at);
        }
        final long durationNs = status == Status.OK ? duration(told, at) : 0;
        if (isExecution) {
            at.executeFreeNs = Math.max(freeNs, startNs + durationNs);
        } else {
            at.loadFreeNs = Math.max(freeNs, startNs + durationNs);
            if (status == Status.OK) {
                moveInMemory(told, device, at);
            }
        }
        final long beginNs = startNs;
        final Status ending = status;
        if (status == Status.OK) {
            starts.add(told.kind + " " + (beginNs - offsetNs) + " " + told.modelId + " " + told.batchSize);
        }
        if (lossRate > 0 && random.nextDouble() < lossRate) {
            return;
        }
        rig.at(startNs + durationNs - offsetNs, () -> report(told, device, at, ending, beginNs, durationNs));
    }

    private Status obstacle(final Told told, final Engines at) {
        final boolean isLoaded = at.loaded.containsKey(told.modelId);
        switch (told.kind) {
            case LOAD:
                return isLoaded ? Status.LOAD_ALREADY_LOADED
                    : at.freePages < rig.catalogue.artifacts.get(told.artifactId).pages ? Status.LOAD_NO_PAGES : Status.OK;
            case UNLOAD:
                return isLoaded ? Status.OK : Status.UNLOAD_NOT_LOADED;
            case INFER:
                return isLoaded ? Status.OK : Status.INFER_NOT_LOADED;
            default:
                return isLoaded ? Status.OK : Status.INFER_NOT_LOADED;
        }
    }

    private void moveInMemory(final Told told, final int device, final Engines at) {
        if (told.kind == ActionKind.LOAD) {
            final int pages = rig.catalogue.artifacts.get(told.artifactId).pages;
            if (at.freePages < pages) {
                throw new AssertionError("over-committed: freePages=" + at.freePages + " pages=" + pages);
            }
            if (at.loaded.put(told.modelId, pages) != null) {
                throw new AssertionError("loaded twice: " + told.modelId);
            }
            at.freePages -= pages;
        } else {
            final Integer pages = at.loaded.remove(told.modelId);
            if (pages == null) {
                throw new AssertionError("not loaded: " + told.modelId);
            }
            at.freePages += pages;
        }
    }

    private long duration(final Told told, final Engines at) {
        final double factor = jitter == 0 ? 1 : 1 + jitter * (random.nextDouble() - 0.5);
        switch (told.kind) {
            case LOAD:
                loads++;
                return (long) (rig.loadNs * factor);
            case UNLOAD:
                unloads++;
                return 1_000;
            case INFER:
                infers++;
                batches.add(told.requestIds.size());
                if (!at.loaded.containsKey(told.modelId)) {
                    throw new AssertionError("not loaded: " + told.modelId);
                }
                return (long) (rig.executeNs(told.batchSize) * factor);
            default:
                profiles++;
                return (long) (rig.executeNs(told.batchSize) * factor);
        }
    }

    private void report(
        final Told told, final int device, final Engines at, final Status asked, final long startNs, final long durationNs) {
        if (isDead) {
            return;
        }
        Status status = asked;
        if (status == Status.OK && told.kind == ActionKind.INFER) {
            for (int i = 0; i < told.requestIds.size(); i++) {
                final int came = inputs.getOrDefault(told.requestIds.get(i), 0);
                if (told.missing.get(i) > came) {
                    status = Status.INFER_INPUT_MISSING;
                }
            }
        }
        if (status == Status.OK && cancelled.remove(told.actionId)) {
            cancelled.size();
        }
        final Artifact artifact = rig.artifactOf(told.modelId);
        final boolean isBulk = artifact != null && artifact.outputBytes > inlineBytes;
        if (status == Status.OK && told.kind == ActionKind.INFER && isBulk) {
            for (int i = 0; i < told.requestIds.size(); i++) {
                if (!told.omitted.get(i)) {
                    sendOutputs(told.requestIds.get(i), artifact.outputBytes);
                }
            }
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64 * 1024]);
        final ActionResultEncoder result = new ActionResultEncoder();
        final boolean isOk = status == Status.OK;
        result.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
            .epoch(1)
            .actionId(told.actionId)
            .modelId(told.modelId)
            .receivedNs(told.receivedNs)
            .startNs(isOk ? startNs : Protocol.NULL_NS)
            .copyInNs(0)
            .executeNs(durationNs)
            .executeStartNs(isOk ? startNs : Protocol.NULL_NS)
            .copyOutNs(0)
            .endNs(isOk ? startNs + durationNs : Protocol.NULL_NS)
            .sentNs(clock())
            .status(status)
            .kind(told.kind)
            .deviceIndex(device)
            .batchSize(told.batchSize)
            .freePages(at.freePages);
        final int count = isOk && told.kind == ActionKind.INFER ? told.requestIds.size() : 0;
        final ActionResultEncoder.OutputsEncoder outputs = result.outputsCount(count);
        for (int i = 0; i < count; i++) {
            final int bytes = told.omitted.get(i) ? 0 : artifact.outputBytes;
            outputs.next().requestId(told.requestIds.get(i)).outputBytes(bytes);
            outputs.putOutput(new byte[isBulk ? 0 : bytes], 0, isBulk ? 0 : bytes);
        }
        result.detail("");
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + result.encodedLength();
        rig.toPath(state, buffer, length);
        if (repeatsResults) {
            rig.toPath(state, buffer, length);
        }
    }

    private void sendOutputs(final long requestId, final int total) {
        final OutputEncoder output = new OutputEncoder();
        for (int position = 0; position < total; position += outputChunkBytes) {
            final int length = Math.min(outputChunkBytes, total - position);
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[length + 128]);
            output.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .sessionId(0).requestId(requestId).position(position).totalLength(total).tensorIndex(0)
                .putBytes(new byte[length], 0, length);
            rig.toPath(state, buffer, MessageHeaderEncoder.ENCODED_LENGTH + output.encodedLength());
        }
    }

    private static Status lateStatus(final ActionKind kind) {
        switch (kind) {
            case INFER:
                return Status.INFER_TOO_LATE;
            case LOAD:
                return Status.LOAD_TOO_LATE;
            case UNLOAD:
                return Status.UNLOAD_TOO_LATE;
            default:
                return Status.PROFILE_TOO_LATE;
        }
    }
}
