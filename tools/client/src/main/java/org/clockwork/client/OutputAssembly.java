package org.clockwork.client;

import org.agrona.DirectBuffer;

/**
 * Puts the OUTPUT messages of one request together in the arena, and keeps the response that came before they were
 * complete. Pooled; owned by the thread that polls the core.
 */
final class OutputAssembly {
    /** Most output tensors of a request. */
    static final int MAX_TENSORS = 32;

    /** What became of a chunk. */
    enum Verdict {
        /** It was added. */
        ADDED,
        /** The arena has no room for its tensor; the whole output is lost. */
        NO_ROOM,
        /** It repeats, skips or contradicts what came before. */
        REJECTED
    }

    /** The response, once it has come. */
    final InferResult result = new InferResult();

    private final int[] offset = new int[MAX_TENSORS];
    private final int[] length = new int[MAX_TENSORS];
    private final int[] received = new int[MAX_TENSORS];
    private int tensors;
    private boolean isLost;

    /** Adds a chunk; chunks of a tensor come in order. A tensor that starts again before it was complete starts over. */
    Verdict append(
        final BuddyArena arena, final int tensor, final int position, final int totalLength,
        final DirectBuffer buffer, final int at, final int chunkLength) {
        if (tensor >= MAX_TENSORS || tensor > tensors || totalLength <= 0 || position < 0 || chunkLength <= 0 ||
            chunkLength > totalLength - position) {
            return Verdict.REJECTED;
        }
        if (isLost) {
            return Verdict.NO_ROOM;
        }
        if (tensor == tensors) {
            if (position != 0) {
                return Verdict.REJECTED;
            }
            final int region = arena.allocate(totalLength);
            if (region == BuddyArena.FULL) {
                isLost = true;
                return Verdict.NO_ROOM;
            }
            offset[tensor] = region;
            length[tensor] = totalLength;
            received[tensor] = 0;
            tensors++;
        } else if (totalLength != length[tensor] || received[tensor] == length[tensor]) {
            return Verdict.REJECTED;
        } else if (position == 0) {
            received[tensor] = 0;
        } else if (position != received[tensor]) {
            return Verdict.REJECTED;
        }
        arena.memory().putBytes(offset[tensor] + position, buffer, at, chunkLength);
        received[tensor] += chunkLength;
        return Verdict.ADDED;
    }

    boolean isLost() {
        return isLost;
    }

    /** Whether all of an output of this size is here. */
    boolean isComplete(final int outputBytes) {
        long bytes = 0;
        for (int i = 0; i < tensors; i++) {
            if (received[i] != length[i]) {
                return false;
            }
            bytes += received[i];
        }
        return !isLost && bytes == outputBytes;
    }

    /** Shows the tensors in a result. */
    void show(final BuddyArena arena, final InferResult target) {
        for (int i = 0; i < tensors; i++) {
            target.addOutput(arena.memory(), offset[i], length[i]);
        }
    }

    /** Gives all memory back. */
    void clear(final BuddyArena arena) {
        for (int i = 0; i < tensors; i++) {
            arena.free(offset[i]);
        }
        tensors = 0;
        isLost = false;
        result.release();
    }
}
