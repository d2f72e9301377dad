package org.clockwork.client;

import org.clockwork.schema.Protocol;

/** Sends large inputs after their requests, oldest first, as the bulk lane takes them. Owned by the polling thread. */
final class Uploads {
    /** Most chunks in one cycle, so that answers are not kept waiting. */
    private static final int MAX_CHUNKS_PER_CYCLE = 64;

    private final RequestSlot[] slots;
    private final SlotList pending;
    private final ControllerPublisher publisher;
    private final Gate gate;

    Uploads(final RequestSlot[] slots, final ControllerPublisher publisher, final Gate gate) {
        this.slots = slots;
        this.publisher = publisher;
        this.gate = gate;
        pending = new SlotList(slots.length);
    }

    boolean isEmpty() {
        return pending.isEmpty();
    }

    boolean isPending(final RequestSlot slot) {
        return pending.contains(slot.index);
    }

    /** Queues the input of a request that was just sent, and sends what can be sent at once. */
    void add(final RequestSlot slot, final long nowNs) {
        slot.inputSent = 0;
        slot.tensorIndex = 0;
        slot.tensorStart = 0;
        pending.add(slot.index);
        int chunks = 0;
        while (pending.first() == slot.index && chunks < MAX_CHUNKS_PER_CYCLE && gate.isOpen(nowNs)) {
            if (!sendChunk(slot, nowNs)) {
                break;
            }
            chunks++;
            if (slot.inputSent == slot.inputBytes) {
                remove(slot);
                break;
            }
        }
    }

    /** Forgets what is left of an input. */
    void remove(final RequestSlot slot) {
        if (pending.remove(slot.index)) {
            slot.input.wrap(0, 0);
        }
    }

    /** Goes on sending, and tells of each input that is out. Returns the chunks sent. */
    int doWork(final long nowNs, final Requests requests) {
        int chunks = 0;
        while (!pending.isEmpty() && chunks < MAX_CHUNKS_PER_CYCLE && gate.isOpen(nowNs)) {
            final RequestSlot slot = slots[pending.first()];
            if (sendChunk(slot, nowNs)) {
                chunks++;
                if (slot.inputSent == slot.inputBytes) {
                    remove(slot);
                    requests.inputReleased(slot);
                }
            }
        }
        return chunks;
    }

    private boolean sendChunk(final RequestSlot slot, final long nowNs) {
        final int tensorBytes = slot.tensorBytes();
        final int position = slot.inputSent - slot.tensorStart;
        final int length = Math.min(Protocol.MAX_CHUNK_BYTES, tensorBytes - position);
        if (!publisher.input(slot.requestId, slot.tensorIndex, position, tensorBytes, slot.input, slot.inputSent, length)) {
            gate.shut(nowNs);
            return false;
        }
        slot.inputSent += length;
        if (position + length == tensorBytes) {
            slot.tensorIndex++;
            slot.tensorStart = slot.inputSent;
        }
        return true;
    }
}
