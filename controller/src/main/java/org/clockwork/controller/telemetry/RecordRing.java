package org.clockwork.controller.telemetry;

import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Records of so many 64-bit fields on their way from the agent that makes them to the thread that writes them down. A full
 * ring drops and counts. The agent calls {@link #set} and {@link #commit}, the writer {@link #drain}.
 */
final class RecordRing {
    private static final int TYPE = 1;

    private final OneToOneRingBuffer ring;
    private final UnsafeBuffer record;
    private volatile long dropped;

    RecordRing(final int fields, final int capacityBytes) {
        ring = new OneToOneRingBuffer(new UnsafeBuffer(BufferUtil.allocateDirectAligned(
            BitUtil.findNextPositivePowerOfTwo(capacityBytes) + RingBufferDescriptor.TRAILER_LENGTH, BitUtil.CACHE_LINE_LENGTH)));
        record = new UnsafeBuffer(new byte[fields * Long.BYTES]);
    }

    /** Sets a field of the next record. */
    void set(final int field, final long value) {
        record.putLong(field * Long.BYTES, value);
    }

    /** Hands the record over. */
    void commit() {
        if (!ring.write(TYPE, record, 0, record.capacity())) {
            dropped++;
        }
    }

    /** Takes what has come. */
    int drain(final MessageHandler handler, final int limit) {
        return ring.read(handler, limit);
    }

    /** Records that found no room. */
    long dropped() {
        return dropped;
    }
}
