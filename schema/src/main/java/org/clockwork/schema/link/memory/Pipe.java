package org.clockwork.schema.link.memory;

import static io.aeron.logbuffer.FrameDescriptor.FRAME_ALIGNMENT;
import static io.aeron.protocol.DataHeaderFlyweight.HEADER_LENGTH;
import static io.aeron.protocol.HeaderFlyweight.FRAME_LENGTH_FIELD_OFFSET;
import static io.aeron.protocol.HeaderFlyweight.HDR_TYPE_DATA;
import static io.aeron.protocol.HeaderFlyweight.HDR_TYPE_PAD;
import static io.aeron.protocol.HeaderFlyweight.TYPE_FIELD_OFFSET;

import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.MessageHandler;

/**
 * One lane in one direction: a ring of frames laid out as Aeron lays them out, so that its claims work here too, each
 * with the time at which it becomes visible. Starts empty and grows to its limit. Owned by the thread of its network.
 */
final class Pipe extends TimeHeap.Node {
    /** Where Aeron keeps term offset and session id, which mean nothing here. */
    private static final int VISIBLE_FIELD_OFFSET = 8;
    private static final int INITIAL_CAPACITY = 1024;

    final MemoryLink receiver;
    final int lane;
    /** Whether the receiver has seen LANE-OPEN; always true towards a dialer. */
    boolean isOpen;
    /** Whether the receiver is inside {@link #deliver}. */
    boolean isPolling;

    private final int capacityLimit;
    /** Replaced, never wrapped anew: a handler may still look at the old one. */
    private UnsafeBuffer buffer;
    private int capacity;
    private long head;
    private long tail;
    private long lastVisibleNs;
    private boolean hasLastVisible;

    Pipe(final long order, final MemoryLink receiver, final int lane, final int capacityLimit) {
        super(order);
        this.receiver = receiver;
        this.lane = lane;
        this.capacityLimit = capacityLimit;
    }

    UnsafeBuffer buffer() {
        return buffer;
    }

    boolean isEmpty() {
        return head == tail;
    }

    /**
     * Makes room for a message whose frame is not yet committed.
     *
     * @return index of its frame in {@link #buffer()}, or -1 if the pipe is full.
     */
    int reserve(final int length, final long visibleNs) {
        final int required = BitUtil.align(length + HEADER_LENGTH, FRAME_ALIGNMENT);
        if (head == tail) {
            head = 0;
            tail = 0;
        }
        if (!fits(required, capacity) && !grow(required)) {
            return -1;
        }
        int index = (int) tail & (capacity - 1);
        final int toEnd = capacity - index;
        if (required > toEnd) {
            putHeader(index, toEnd, HDR_TYPE_PAD, visibleNs);
            tail += toEnd;
            index = 0;
        }
        final long orderedNs = hasLastVisible && lastVisibleNs - visibleNs > 0 ? lastVisibleNs : visibleNs;
        lastVisibleNs = orderedNs;
        hasLastVisible = true;
        putHeader(index, -(length + HEADER_LENGTH), HDR_TYPE_DATA, orderedNs);
        tail += required;
        return index;
    }

    /** Makes a reserved frame whole. */
    void commit(final int index, final int length) {
        buffer.putInt(index + FRAME_LENGTH_FIELD_OFFSET, length + HEADER_LENGTH);
    }

    /** Passes aborted frames by; then tells whether a message is left, committed or not, whose time is headNs(). */
    boolean hasHead() {
        while (head != tail) {
            final int index = (int) head & (capacity - 1);
            final int frameLength = buffer.getInt(index + FRAME_LENGTH_FIELD_OFFSET);
            if (frameLength <= 0 || buffer.getShort(index + TYPE_FIELD_OFFSET) != (short) HDR_TYPE_PAD) {
                return true;
            }
            head += BitUtil.align(frameLength, FRAME_ALIGNMENT);
        }
        return false;
    }

    /** When the first message becomes visible; only after {@link #hasHead()} said that there is one. */
    long headNs() {
        return buffer.getLong(((int) head & (capacity - 1)) + VISIBLE_FIELD_OFFSET);
    }

    /** Delivers what is visible, at most {@code limit} messages; stops when the link is closed meanwhile. */
    int deliver(final MessageHandler handler, final int limit, final long nowNs) {
        int delivered = 0;
        while (delivered < limit && hasHead()) {
            final int index = (int) head & (capacity - 1);
            final int frameLength = buffer.getInt(index + FRAME_LENGTH_FIELD_OFFSET);
            if (frameLength <= 0 || buffer.getLong(index + VISIBLE_FIELD_OFFSET) - nowNs > 0) {
                break;
            }
            delivered++;
            final long next = head + BitUtil.align(frameLength, FRAME_ALIGNMENT);
            receiver.tap(lane, buffer, index + HEADER_LENGTH, frameLength - HEADER_LENGTH);
            try {
                handler.onMessage(receiver, lane, buffer, index + HEADER_LENGTH, frameLength - HEADER_LENGTH);
            } finally {
                if (head != tail) {
                    head = next;
                }
            }
        }
        return delivered;
    }

    /** Makes all that is in it visible later by so much. */
    void delayBy(final long lateNs) {
        for (long position = head; position != tail;) {
            final int index = (int) position & (capacity - 1);
            final int frameLength = Math.abs(buffer.getInt(index + FRAME_LENGTH_FIELD_OFFSET));
            buffer.putLong(index + VISIBLE_FIELD_OFFSET, buffer.getLong(index + VISIBLE_FIELD_OFFSET) + lateNs);
            position += BitUtil.align(frameLength, FRAME_ALIGNMENT);
        }
    }

    /** Loses what is in it and gives its memory back. */
    void discard() {
        head = 0;
        tail = 0;
        buffer = null;
        capacity = 0;
    }

    private void putHeader(final int index, final int frameLength, final int type, final long visibleNs) {
        buffer.putInt(index + FRAME_LENGTH_FIELD_OFFSET, frameLength);
        buffer.putShort(index + TYPE_FIELD_OFFSET, (short) type);
        buffer.putLong(index + VISIBLE_FIELD_OFFSET, visibleNs);
    }

    private boolean fits(final int required, final int candidateCapacity) {
        final int toEnd = candidateCapacity - ((int) tail & (candidateCapacity - 1));
        final int padding = required > toEnd ? toEnd : 0;
        return tail - head + padding + required <= candidateCapacity;
    }

    /** Frames keep their positions: none crosses a multiple of the old capacity, so none crosses one of the new. */
    private boolean grow(final int required) {
        int newCapacity = Math.max(INITIAL_CAPACITY, capacity * 2);
        while (newCapacity <= capacityLimit && !fits(required, newCapacity)) {
            newCapacity *= 2;
        }
        if (newCapacity > capacityLimit) {
            return false;
        }
        final byte[] newRing = new byte[newCapacity];
        for (long position = head; position < tail;) {
            final int index = (int) position & (capacity - 1);
            final int count = (int) Math.min(tail - position, capacity - index);
            buffer.getBytes(index, newRing, (int) position & (newCapacity - 1), count);
            position += count;
        }
        buffer = new UnsafeBuffer(newRing);
        capacity = newCapacity;
        return true;
    }
}
