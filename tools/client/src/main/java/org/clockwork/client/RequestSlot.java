package org.clockwork.client;

import org.agrona.concurrent.UnsafeBuffer;

/** One request that is not over for the controller; used again and again. Owned by the thread that polls the core. */
final class RequestSlot {
    /** The life of a slot. */
    enum State {
        /** In the free list. */
        FREE,
        /** Sent; the user waits for its end. */
        SENT,
        /** The response is here, bytes of its output are not; the user waits. */
        ANSWERED,
        /** Ended for the user; the controller may still hold it, so the index is not used. */
        ZOMBIE
    }

    final int index;
    State state = State.FREE;
    int generation;
    long requestId;
    long token;
    Object attachment;
    long modelId;
    /** What is known of the model; null if nothing. */
    ModelInfo model;
    long sloNs;
    long intendedSendNs;
    long sentNs;
    OutputAssembly output;

    /** Bytes that count against the session's limit. */
    int inputBytes;
    /** The pending input; all of it, sent or not. */
    final UnsafeBuffer input = new UnsafeBuffer(0, 0);
    int inputSent;
    /** The model whose entry cuts the input into tensors; null if it is one tensor. */
    ModelInfo inputCut;
    int tensorIndex;
    int tensorStart;

    RequestSlot(final int index) {
        this.index = index;
    }

    /** Size of the input tensor that is being sent. */
    int tensorBytes() {
        return inputCut == null ? inputBytes : inputCut.inputs().get(tensorIndex).bytes();
    }
}
