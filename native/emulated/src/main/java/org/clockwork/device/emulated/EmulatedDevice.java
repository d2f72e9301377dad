package org.clockwork.device.emulated;

import java.util.ArrayList;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.collections.Long2ObjectHashMap;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * One emulated device: fixes what an operation takes when it is started, and hands it back when that time has come. Owned by
 * one agent; allocates nothing once its tables have grown.
 */
public final class EmulatedDevice implements Device {
    private static final String FOREIGN_MODEL = "The model was compiled for another backend.";
    private static final String LOST = "The emulated device is lost.";
    private static final int JITTER_STREAM = 1;
    private static final int OUTLIER_STREAM = 2;
    private static final int LOAD_JITTER_STREAM = 3;
    private static final double NS_PER_SECOND = 1e9;
    private static final int LOAD_SLOT = 0;
    private static final int UNLOAD_DEPTH = 4;
    private static final int FIRST_UNLOAD_SLOT = 1;
    private static final int FIRST_INFER_SLOT = FIRST_UNLOAD_SLOT + UNLOAD_DEPTH;

    private final int index;
    private final int totalPages;
    private final int maxBatch;
    private final int inferDepth;
    private final double nsPerByte;
    private final PcieSharing sharing;
    private final Jitter executeJitter;
    private final Jitter loadJitter;
    private final Faults.Loss loss;
    private final Faults.Failure failure;
    private final Faults.Slowness slowness;

    private final Long2ObjectHashMap<LoadedCopy> copies = new Long2ObjectHashMap<>();
    private final List<LoadedCopy> freeCopies = new ArrayList<>();
    private int freePages;

    /** Slots of the engines: that of LOAD, those of UNLOAD, which is bookkeeping and takes no time, then those of INFER. */
    private final Slot[] slots;
    private long nextSequence;
    private boolean isPending;
    private long wakeNs;

    private boolean isPcieUsed;
    private long pcieFreeNs;
    private boolean isEngineUsed;
    private long engineFreeNs;
    private long copyOutFreeNs;
    private boolean isLost;

    EmulatedDevice(final EmulatedContext context, final int index) {
        this.index = index;
        totalPages = (int) (context.memoryBytes() / PAGE_BYTES);
        freePages = totalPages;
        maxBatch = context.maxBatch();
        inferDepth = context.inferDepth();
        nsPerByte = NS_PER_SECOND / context.pcieBytesPerSecond();
        sharing = context.pcieSharing();
        executeJitter = new Jitter(SplitMix64.stream(context.seed(), index, JITTER_STREAM),
            SplitMix64.stream(context.seed(), index, OUTLIER_STREAM),
            context.executeJitter(), context.outlierProbability(), context.outlierFactor());
        loadJitter = new Jitter(SplitMix64.stream(context.seed(), index, LOAD_JITTER_STREAM), null, context.loadJitter(), 0, 1);
        loss = context.loss();
        failure = context.failure();
        slowness = context.slowness();
        slots = new Slot[FIRST_INFER_SLOT + inferDepth];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = new Slot();
        }
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public String description() {
        return "emulated GPU " + index + " (profile table, " + totalPages + " pages)";
    }

    @Override
    public int totalPages() {
        return totalPages;
    }

    @Override
    public int freePages() {
        return freePages;
    }

    @Override
    public int maxBatch() {
        return maxBatch;
    }

    @Override
    public int inferDepth() {
        return inferDepth;
    }

    @Override
    public boolean isLost() {
        return isLost;
    }

    @Override
    public boolean canStart(final Operation.Kind kind) {
        return freeSlot(kind) != null;
    }

    @Override
    public boolean start(final Operation operation, final long nowNs) {
        final Slot slot = freeSlot(operation.kind);
        if (slot == null) {
            return false;
        }
        operation.clearResults();
        slot.operation = operation;
        slot.sequence = nextSequence++;
        if (!isLost && loss.isLost(index, operation, nowNs)) {
            lose(nowNs);
        } else if (isLost) {
            finish(slot, DeviceStatus.DEVICE_LOST, LOST, nowNs);
        } else {
            switch (operation.kind) {
                case LOAD -> load(slot, operation, nowNs);
                case UNLOAD -> unload(slot, operation, nowNs);
                default -> infer(slot, operation, nowNs);
            }
        }
        updateWake();
        return true;
    }

    @Override
    public int poll(final CompletionHandler handler, final long nowNs) {
        int completed = 0;
        while (isPending && wakeNs - nowNs <= 0 && completed < slots.length) {
            final Slot slot = earliest();
            final Operation operation = slot.operation;
            release(slot);
            updateWake();
            completed++;
            handler.onCompleted(operation);
        }
        return completed;
    }

    @Override
    public long nextWakeNs() {
        return isPending ? wakeNs : Long.MAX_VALUE;
    }

    /** The device fails for good: all that is in it ends DEVICE_LOST now, and so does all that is started later. */
    public void lose(final long nowNs) {
        isLost = true;
        for (final Slot slot : slots) {
            if (slot.operation != null && (!slot.isDecided || slot.doneNs - nowNs > 0)) {
                slot.operation.clearResults();
                finish(slot, DeviceStatus.DEVICE_LOST, LOST, nowNs);
            }
        }
        updateWake();
    }

    /** Whether the device holds this copy, loaded completely. */
    public boolean isLoaded(final long modelId) {
        final LoadedCopy copy = copies.get(modelId);
        return copy != null && !copy.isLoading;
    }

    @Override
    public void close() {
        isLost = true;
    }

    private void load(final Slot slot, final Operation operation, final long nowNs) {
        final boolean isOurs = operation.model instanceof EmulatedModel;
        final int pages = isOurs ? ((EmulatedModel) operation.model).pages : 0;
        final long startNs = sharing == PcieSharing.SEPARATE ? nowNs : later(nowNs, isPcieUsed, pcieFreeNs);
        if (!isOurs) {
            finish(slot, DeviceStatus.FAILED, FOREIGN_MODEL, nowNs);
        } else if (copies.containsKey(operation.modelId)) {
            finish(slot, DeviceStatus.ALREADY_LOADED, null, nowNs);
        } else if (isPast(nowNs, operation.latestNs)) {
            finish(slot, DeviceStatus.TOO_LATE, null, nowNs);
        } else if (isPast(startNs, operation.latestNs)) {
            finish(slot, DeviceStatus.TOO_LATE, null, startNs);
        } else if (pages > freePages) {
            finish(slot, DeviceStatus.NO_PAGES, null, nowNs);
        } else {
            final LoadedCopy copy = freeCopies.isEmpty() ? new LoadedCopy() : freeCopies.remove(freeCopies.size() - 1);
            copy.model = (EmulatedModel) operation.model;
            copy.isLoading = true;
            copies.put(operation.modelId, copy);
            freePages -= pages;
            slot.copy = copy;
            final long loadNs = slowed(loadJitter.vary(copy.model.profile.loadNs()), operation, nowNs);
            operation.startNs = startNs;
            operation.executeStartNs = startNs;
            if (sharing == PcieSharing.FIRST_COME) {
                isPcieUsed = true;
                pcieFreeNs = startNs + loadNs;
            }
            decide(slot, operation, nowNs, startNs + loadNs);
        }
    }

    private void unload(final Slot slot, final Operation operation, final long nowNs) {
        final LoadedCopy copy = copies.get(operation.modelId);
        if (copy == null) {
            finish(slot, DeviceStatus.NOT_LOADED, null, nowNs);
        } else if (copy.infers > 0 || copy.isLoading) {
            finish(slot, DeviceStatus.IN_USE, null, nowNs);
        } else if (isPast(nowNs, operation.latestNs)) {
            finish(slot, DeviceStatus.TOO_LATE, null, nowNs);
        } else {
            operation.startNs = nowNs;
            operation.executeStartNs = nowNs;
            decide(slot, operation, nowNs, nowNs);
            if (operation.status == DeviceStatus.OK) {
                removeCopy(operation.modelId, copy);
            }
        }
    }

    private void infer(final Slot slot, final Operation operation, final long nowNs) {
        final LoadedCopy copy = copies.get(operation.modelId);
        if (copy == null || copy.isLoading) {
            finish(slot, DeviceStatus.NOT_LOADED, null, nowNs);
            return;
        }
        final EmulatedModel model = copy.model;
        if (operation.batchSize < 1 || operation.batchSize > model.maxBatch
            || operation.requestCount < 0 || operation.requestCount > operation.batchSize) {
            finish(slot, DeviceStatus.INVALID_BATCH, null, nowNs);
            return;
        }
        final long copyInStartNs = later(nowNs, isPcieUsed, pcieFreeNs);
        if (isPast(nowNs, operation.latestNs) || isPast(copyInStartNs, operation.latestNs)) {
            finish(slot, DeviceStatus.TOO_LATE, null, isPast(nowNs, operation.latestNs) ? nowNs : copyInStartNs);
            return;
        }
        slot.copy = copy;
        copy.infers++;
        final long copyInNs = copyNs((long) operation.requestCount * model.inputBytes);
        final long copyInEndNs = copyInStartNs + copyInNs;
        isPcieUsed = true;
        pcieFreeNs = copyInEndNs;
        pauseLoad(copyInStartNs, copyInNs);
        final long executeStartNs = later(copyInEndNs, isEngineUsed, engineFreeNs);
        if (isPast(executeStartNs - copyInNs, operation.latestNs)) {
            finish(slot, DeviceStatus.TOO_LATE, null, executeStartNs);
            return;
        }
        final long executeNs = slowed(executeJitter.vary(model.knownExecuteNs(operation.batchSize)), operation, nowNs);
        final long executeEndNs = executeStartNs + executeNs;
        final long copyOutStartNs = later(executeEndNs, isEngineUsed, copyOutFreeNs);
        final long copyOutNs = copyNs((long) wantedOutputs(operation) * model.outputBytes);
        isEngineUsed = true;
        engineFreeNs = executeEndNs;
        copyOutFreeNs = copyOutStartNs + copyOutNs;
        operation.startNs = copyInStartNs;
        operation.copyInNs = copyInNs;
        operation.executeStartNs = executeStartNs;
        operation.executeNs = executeNs;
        operation.copyOutNs = copyOutNs;
        decide(slot, operation, nowNs, copyOutFreeNs);
    }

    /** Inputs first: a LOAD that is under way at {@code fromNs} ends later by the copy. */
    private void pauseLoad(final long fromNs, final long durationNs) {
        final Slot slot = slots[LOAD_SLOT];
        if (sharing == PcieSharing.INPUTS_FIRST && slot.isDecided && slot.copy != null && slot.doneNs - fromNs > 0) {
            slot.doneNs += durationNs;
        }
    }

    private void decide(final Slot slot, final Operation operation, final long nowNs, final long endNs) {
        final String reason = failure.failureOf(index, operation, nowNs);
        finish(slot, reason == null ? DeviceStatus.OK : DeviceStatus.FAILED, reason, endNs);
    }

    private static void finish(final Slot slot, final DeviceStatus status, final String detail, final long doneNs) {
        slot.operation.status = status;
        slot.operation.detail = detail;
        slot.isDecided = true;
        slot.doneNs = doneNs;
    }

    /** Takes a finished operation out of its slot and makes its effect visible. */
    private void release(final Slot slot) {
        final Operation operation = slot.operation;
        final LoadedCopy copy = slot.copy;
        operation.endNs = operation.startNs == Operation.NOT_REACHED ? Operation.NOT_REACHED : slot.doneNs;
        if (operation.kind == Operation.Kind.INFER) {
            if (copy != null) {
                copy.infers--;
                if (operation.status == DeviceStatus.OK) {
                    fillOutputs(operation, copy.model);
                }
            }
        } else if (copy != null) {
            copy.isLoading = false;
            if (operation.status == DeviceStatus.OK) {
                operation.executeNs = slot.doneNs - operation.executeStartNs;
            } else {
                removeCopy(operation.modelId, copy);
            }
        }
        slot.clear();
    }

    private void removeCopy(final long modelId, final LoadedCopy copy) {
        copies.remove(modelId);
        freePages += copy.model.pages;
        copy.model = null;
        freeCopies.add(copy);
    }

    private Slot freeSlot(final Operation.Kind kind) {
        return switch (kind) {
            case LOAD -> slots[LOAD_SLOT].operation == null ? slots[LOAD_SLOT] : null;
            case UNLOAD -> freeSlot(FIRST_UNLOAD_SLOT, FIRST_INFER_SLOT);
            default -> freeSlot(FIRST_INFER_SLOT, slots.length);
        };
    }

    private Slot freeSlot(final int from, final int to) {
        for (int i = from; i < to; i++) {
            if (slots[i].operation == null) {
                return slots[i];
            }
        }
        return null;
    }

    /** The slot to be handed back next: the earliest, and of those the one that was started first. */
    private Slot earliest() {
        Slot earliest = null;
        for (final Slot slot : slots) {
            if (slot.operation != null && (earliest == null || slot.isBefore(earliest))) {
                earliest = slot;
            }
        }
        return earliest;
    }

    private void updateWake() {
        final Slot slot = earliest();
        isPending = slot != null;
        wakeNs = isPending ? slot.doneNs : Long.MAX_VALUE;
    }

    private long slowed(final long durationNs, final Operation operation, final long nowNs) {
        final double factor = slowness.factorOf(index, operation, nowNs);
        return factor == 1.0 ? durationNs : Math.max(0, (long) (durationNs * factor + 0.5));
    }

    private long copyNs(final long bytes) {
        return (long) (bytes * nsPerByte + 0.5);
    }

    private static long later(final long timeNs, final boolean isUsed, final long freeNs) {
        return isUsed && freeNs - timeNs > 0 ? freeNs : timeNs;
    }

    private static boolean isPast(final long timeNs, final long latestNs) {
        return latestNs != Long.MAX_VALUE && timeNs - latestNs > 0;
    }

    private static int wantedOutputs(final Operation operation) {
        int wanted = 0;
        for (int i = 0; i < operation.requestCount; i++) {
            if (operation.outputs[i] != null) {
                wanted++;
            }
        }
        return wanted;
    }

    /** Eight bytes that depend on the input, then zeros: nothing is left of what lay in the buffer before. */
    private static void fillOutputs(final Operation operation, final EmulatedModel model) {
        for (int i = 0; i < operation.requestCount; i++) {
            final MutableDirectBuffer output = operation.outputs[i];
            if (output != null) {
                final int offset = operation.outputOffsets[i];
                output.setMemory(offset, model.outputBytes, (byte) 0);
                if (model.outputBytes >= Long.BYTES) {
                    output.putLong(offset, digest(operation, i, model.inputBytes));
                }
            }
        }
    }

    private static long digest(final Operation operation, final int request, final int inputBytes) {
        final MutableDirectBuffer input = operation.inputs[request];
        if (input == null || inputBytes < Long.BYTES) {
            return SplitMix64.mix(inputBytes);
        }
        final int offset = operation.inputOffsets[request];
        return SplitMix64.mix(input.getLong(offset) + SplitMix64.mix(input.getLong(offset + inputBytes - Long.BYTES)));
    }

    /** Weights on this device under one model id. */
    private static final class LoadedCopy {
        private EmulatedModel model;
        private boolean isLoading;
        private int infers;
    }

    /** An operation in an engine. */
    private static final class Slot {
        private Operation operation;
        private LoadedCopy copy;
        private long sequence;
        private boolean isDecided;
        private long doneNs;

        private boolean isBefore(final Slot other) {
            return doneNs - other.doneNs < 0 || doneNs == other.doneNs && sequence - other.sequence < 0;
        }

        private void clear() {
            operation = null;
            copy = null;
            isDecided = false;
        }
    }
}
