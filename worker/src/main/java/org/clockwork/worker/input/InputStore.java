package org.clockwork.worker.input;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.collections.Long2ObjectHashMap;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;
import org.clockwork.worker.action.Action;
import org.clockwork.worker.install.Tensors;

/**
 * Gathers the inputs of requests in bounded host memory: those that come as INPUT messages, before or after their INFER,
 * and those inside it. An INFER is given an input when the whole of it is there; an input that no INFER asks for is freed
 * after a time. Owned by the worker agent.
 */
public final class InputStore {
    /** Most input tensors of a model. */
    public static final int MAX_TENSORS = 16;
    private static final float LOAD_FACTOR = 0.5f;
    private static final int ENDED_BITS = 12;
    private static final int ENDED = 1 << ENDED_BITS;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final HostArena arena;
    private final long orphanTimeoutNs;
    private final WorkerCounters counters;
    private final Long2ObjectHashMap<InputEntry> byRequest;
    private final InputEntry[] free;
    private int freeCount;
    /** Requests whose INFER ended before its input had come, by hash, the newest in its place: what still comes is dropped. */
    private final long[] ended = new long[ENDED];
    private InputEntry oldest;
    private InputEntry youngest;

    /** A store of up to {@code maxEntries} inputs that are not complete or not asked for. */
    public InputStore(
            final HostArena arena, final int maxEntries, final long orphanTimeoutNs, final WorkerCounters counters) {
        this.arena = arena;
        this.orphanTimeoutNs = orphanTimeoutNs;
        this.counters = counters;
        byRequest = new Long2ObjectHashMap<>(maxEntries * 2, LOAD_FACTOR, true);
        free = new InputEntry[maxEntries];
        for (int i = 0; i < maxEntries; i++) {
            free[i] = new InputEntry();
        }
        freeCount = maxEntries;
        Arrays.fill(ended, Long.MIN_VALUE);
    }

    /** Inputs that are not complete or not asked for. */
    public int size() {
        return byRequest.size();
    }

    /** Where inputs lie. */
    public HostArena arena() {
        return arena;
    }

    /** Takes a part of an input tensor. */
    public void onInput(
            final long requestId, final int tensorIndex, final int position, final int totalLength,
            final DirectBuffer buffer, final int offset, final int length, final long nowNs) {
        if (tensorIndex < 0 || tensorIndex >= MAX_TENSORS || totalLength < 1
            || position < 0 || length < 1 || length > totalLength - position) {
            counters.increment(WorkerCounter.MALFORMED);
            return;
        }
        InputEntry entry = byRequest.get(requestId);
        if (entry == null && position == 0 && ended[place(requestId)] != requestId) {
            entry = create(requestId, nowNs);
            if (entry != null) {
                addOrphan(entry);
            }
        }
        if (entry == null || entry.hasNoRoom || !isNext(entry, tensorIndex, position, totalLength)) {
            counters.increment(WorkerCounter.INPUTS_DROPPED);
            return;
        }
        if (position == 0 && !makeRoom(entry, tensorIndex, totalLength)) {
            return;
        }
        arena.memory().putBytes(entry.offsets[tensorIndex] + position, buffer, offset, length);
        entry.received[tensorIndex] += length;
        counters.increment(WorkerCounter.INPUTS);
        if (entry.action != null) {
            handOverIfComplete(entry);
        }
    }

    /**
     * Copies an input that came inside its INFER.
     *
     * @return false if there is no room; the action is then marked with the reason.
     */
    public boolean inline(
            final Action action, final int requestIndex, final DirectBuffer buffer, final int offset, final int length) {
        final int room = arena.allocate(length);
        if (room == HostArena.NO_ROOM) {
            markNoRoom(action, length);
            return false;
        }
        arena.memory().putBytes(room, buffer, offset, length);
        action.inputOffsets[requestIndex] = room;
        return true;
    }

    /**
     * Makes room for an input that is to be generated.
     *
     * @return false if there is no room; the action is then marked with the reason.
     */
    public boolean reserve(final Action action, final int requestIndex, final int length) {
        final int room = arena.allocate(length);
        if (room == HostArena.NO_ROOM) {
            markNoRoom(action, length);
            return false;
        }
        action.inputOffsets[requestIndex] = room;
        return true;
    }

    /**
     * Lets an action wait for, or have, the input that comes as INPUT messages.
     *
     * @return false if it can't; the action is then marked with the reason.
     */
    public boolean expect(final Action action, final int requestIndex, final long nowNs) {
        final long requestId = action.requestIds[requestIndex];
        if (ended[place(requestId)] == requestId) {
            ended[place(requestId)] = Long.MIN_VALUE;
        }
        InputEntry entry = byRequest.get(requestId);
        if (entry == null) {
            entry = create(requestId, nowNs);
            if (entry == null) {
                action.end(Status.INFER_INPUT_MISSING, "the worker's table of inputs is full");
                return false;
            }
        } else if (entry.action != null) {
            action.end(Status.MALFORMED_MESSAGE, "the worker has another INFER of this request");
            return false;
        } else if (entry.hasNoRoom) {
            action.end(Status.INFER_INPUT_MISSING, "the worker had no room for the input");
            removeOrphan(entry);
            release(entry);
            return false;
        } else {
            removeOrphan(entry);
        }
        entry.action = action;
        entry.requestIndex = requestIndex;
        action.inputsMissing++;
        handOverIfComplete(entry);
        return action.status == Status.OK;
    }

    /** The INFER of this request was refused: what has come for it is freed, what still comes is dropped. */
    public void forget(final long requestId) {
        final InputEntry entry = byRequest.get(requestId);
        if (entry == null) {
            ended[place(requestId)] = requestId;
        } else if (entry.action == null) {
            ended[place(requestId)] = requestId;
            removeOrphan(entry);
            release(entry);
        }
    }

    /** Frees all inputs of an action, those on their way too. */
    public void release(final Action action) {
        for (int i = 0; i < action.requestCount; i++) {
            if (action.inputOffsets[i] != Action.NO_ROOM) {
                arena.free(action.inputOffsets[i]);
                action.inputOffsets[i] = Action.NO_ROOM;
            } else if (action.inputsMissing > 0 && !action.isGenerated[i]) {
                final InputEntry entry = byRequest.get(action.requestIds[i]);
                if (entry != null && entry.action == action) {
                    ended[place(entry.requestId)] = entry.requestId;
                    release(entry);
                    action.inputsMissing--;
                }
            }
        }
    }

    /** Frees inputs that no INFER asked for in time. */
    public int expire(final long nowNs) {
        int work = 0;
        while (oldest != null && nowNs - oldest.createdNs >= orphanTimeoutNs) {
            final InputEntry entry = oldest;
            removeOrphan(entry);
            release(entry);
            counters.increment(WorkerCounter.INPUT_ORPHANS);
            work++;
        }
        return work;
    }

    /** Frees all inputs that no INFER asked for: their link is gone. */
    public void clear() {
        while (oldest != null) {
            final InputEntry entry = oldest;
            removeOrphan(entry);
            release(entry);
        }
    }

    /** When the next input is freed because nobody asked for it. */
    public long nextWakeNs() {
        return oldest == null ? Long.MAX_VALUE : oldest.createdNs + orphanTimeoutNs;
    }

    private static int place(final long requestId) {
        return (int) ((requestId * GOLDEN) >>> Long.SIZE - ENDED_BITS);
    }

    private boolean isNext(final InputEntry entry, final int tensor, final int position, final int totalLength) {
        return position == entry.received[tensor] && (position == 0 || totalLength == entry.lengths[tensor]);
    }

    private boolean makeRoom(final InputEntry entry, final int tensor, final int totalLength) {
        final int room = arena.allocate(totalLength);
        if (room == HostArena.NO_ROOM) {
            entry.hasNoRoom = true;
            freePieces(entry);
            if (entry.action != null) {
                markNoRoom(entry.action, totalLength);
            } else {
                counters.increment(WorkerCounter.INPUT_ARENA_FULL);
            }
            return false;
        }
        entry.offsets[tensor] = room;
        entry.lengths[tensor] = totalLength;
        entry.received[tensor] = 0;
        entry.tensorCount = Math.max(entry.tensorCount, tensor + 1);
        return true;
    }

    private void handOverIfComplete(final InputEntry entry) {
        final Action action = entry.action;
        final Tensors expected = action.artifact.inputs();
        boolean isComplete = true;
        boolean isRight = entry.tensorCount <= expected.count();
        for (int i = 0; isRight && i < expected.count(); i++) {
            isRight = entry.lengths[i] == 0 || entry.lengths[i] == expected.bytes(i);
            isComplete &= entry.received[i] == expected.bytes(i);
        }
        if (!isRight) {
            action.end(Status.WRONG_INPUT_SIZE, "an input tensor has another size than the model's");
        } else if (isComplete) {
            final int room = expected.count() == 1 ? entry.offsets[0] : join(entry, expected);
            if (room == HostArena.NO_ROOM) {
                markNoRoom(action, expected.totalBytes());
                return;
            }
            action.inputOffsets[entry.requestIndex] = room;
            action.inputsMissing--;
            if (expected.count() == 1) {
                entry.lengths[0] = 0;
            }
            release(entry);
        }
    }

    /** A device takes all tensors of a request as one piece. */
    private int join(final InputEntry entry, final Tensors expected) {
        final int room = arena.allocate(expected.totalBytes());
        if (room != HostArena.NO_ROOM) {
            int position = room;
            for (int i = 0; i < expected.count(); i++) {
                arena.memory().putBytes(position, arena.memory(), entry.offsets[i], expected.bytes(i));
                position += expected.bytes(i);
            }
        }
        return room;
    }

    private void markNoRoom(final Action action, final int wantedBytes) {
        counters.increment(WorkerCounter.INPUT_ARENA_FULL);
        action.end(Status.INFER_INPUT_MISSING,
            "the worker has no room for the input: wantedBytes=" + wantedBytes
                + " freeBytes=" + arena.freeBytes() + " totalBytes=" + arena.totalBytes());
    }

    private InputEntry create(final long requestId, final long nowNs) {
        if (freeCount == 0) {
            return null;
        }
        final InputEntry entry = free[--freeCount];
        entry.requestId = requestId;
        entry.createdNs = nowNs;
        byRequest.put(requestId, entry);
        return entry;
    }

    private void release(final InputEntry entry) {
        byRequest.remove(entry.requestId);
        freePieces(entry);
        entry.hasNoRoom = false;
        entry.action = null;
        free[freeCount++] = entry;
    }

    private void freePieces(final InputEntry entry) {
        for (int i = 0; i < entry.tensorCount; i++) {
            if (entry.lengths[i] > 0) {
                arena.free(entry.offsets[i]);
            }
            entry.lengths[i] = 0;
            entry.received[i] = 0;
        }
        entry.tensorCount = 0;
    }

    private void addOrphan(final InputEntry entry) {
        entry.older = youngest;
        entry.younger = null;
        if (youngest == null) {
            oldest = entry;
        } else {
            youngest.younger = entry;
        }
        youngest = entry;
    }

    private void removeOrphan(final InputEntry entry) {
        if (entry.older == null) {
            oldest = entry.younger;
        } else {
            entry.older.younger = entry.younger;
        }
        if (entry.younger == null) {
            youngest = entry.older;
        } else {
            entry.younger.older = entry.older;
        }
        entry.older = null;
        entry.younger = null;
    }
}
