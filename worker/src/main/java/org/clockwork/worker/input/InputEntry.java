package org.clockwork.worker.input;

import org.clockwork.worker.action.Action;

/** The input of one request that is arriving, or has arrived before its INFER. Pooled; owned by its {@link InputStore}. */
final class InputEntry {
    static final int MAX_TENSORS = InputStore.MAX_TENSORS;

    final int[] offsets = new int[MAX_TENSORS];
    /** Of each tensor in bytes; 0 while nothing of it has come. */
    final int[] lengths = new int[MAX_TENSORS];
    final int[] received = new int[MAX_TENSORS];
    long requestId;
    long createdNs;
    /** Tensors of which something has come, counted from the first. */
    int tensorCount;
    boolean hasNoRoom;
    /** The INFER that waits for it, or null. */
    Action action;
    /** Its place in that INFER. */
    int requestIndex;
    /** Neighbours in the order of creation, while no INFER waits for it. */
    InputEntry older;
    InputEntry younger;
}
