package org.clockwork.controller.request;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.clockwork.controller.session.ClientSession;

/**
 * Parts of inputs that came before their request, since nothing is promised between the lanes. A bounded table by
 * session and request id; what nobody claims is forgotten after a time. Owned by the controller agent.
 */
final class EarlyInputs {
    private static final int NONE = -1;

    private final ByteArena arena;
    private final long timeoutNs;
    private final int mask;
    private final ClientSession[] sessions;
    private final long[] requestIds;
    private final int[] tensors;
    private final int[] positions;
    private final int[] totals;
    private final int[] lengths;
    private final int[] blocks;
    private final long[] arrivals;
    /** Chain of the same bucket, older to younger. */
    private final int[] nextInBucket;
    private final int[] buckets;
    /** Order of arrival. */
    private final int[] younger;
    private final int[] older;
    private final int[] free;
    private int freeCount;
    private int oldest = NONE;
    private int youngest = NONE;

    /** Takes the parts of one request, oldest first. */
    @FunctionalInterface
    interface Receiver {
        /** One part; its bytes are valid during the call. */
        void onPart(Request request, int tensor, int position, int total, DirectBuffer bytes, int offset, int length);
    }

    EarlyInputs(final ByteArena arena, final int capacity, final long timeoutNs) {
        this.arena = arena;
        this.timeoutNs = timeoutNs;
        final int bucketCount = Integer.highestOneBit(Math.max(2, capacity) - 1) << 1;
        mask = bucketCount - 1;
        sessions = new ClientSession[capacity];
        requestIds = new long[capacity];
        tensors = new int[capacity];
        positions = new int[capacity];
        totals = new int[capacity];
        lengths = new int[capacity];
        blocks = new int[capacity];
        arrivals = new long[capacity];
        nextInBucket = new int[capacity];
        younger = new int[capacity];
        older = new int[capacity];
        buckets = new int[bucketCount];
        Arrays.fill(buckets, NONE);
        free = new int[capacity];
        freeCount = capacity;
        for (int i = 0; i < capacity; i++) {
            free[i] = capacity - 1 - i;
        }
    }

    /** Keeps a part; false if the table, the arena or the client's limit is full. */
    boolean add(
        final ClientSession session, final long requestId, final int tensor, final int position, final int total,
        final DirectBuffer bytes, final int offset, final int length, final long nowNs) {
        if (freeCount == 0 || session.bytesInFlight + length > session.maxBytes) {
            return false;
        }
        final int block = arena.allocate(length);
        if (block == ByteArena.FULL) {
            return false;
        }
        arena.buffer().putBytes(ByteArena.offset(block), bytes, offset, length);
        session.bytesInFlight += length;
        final int entry = free[--freeCount];
        sessions[entry] = session;
        requestIds[entry] = requestId;
        tensors[entry] = tensor;
        positions[entry] = position;
        totals[entry] = total;
        lengths[entry] = length;
        blocks[entry] = block;
        arrivals[entry] = nowNs;
        nextInBucket[entry] = NONE;
        final int bucket = bucket(session, requestId);
        if (buckets[bucket] == NONE) {
            buckets[bucket] = entry;
        } else {
            int at = buckets[bucket];
            while (nextInBucket[at] != NONE) {
                at = nextInBucket[at];
            }
            nextInBucket[at] = entry;
        }
        older[entry] = youngest;
        younger[entry] = NONE;
        if (youngest == NONE) {
            oldest = entry;
        } else {
            younger[youngest] = entry;
        }
        youngest = entry;
        return true;
    }

    /** Bytes kept for a request. */
    int bytesOf(final ClientSession session, final long requestId) {
        int bytes = 0;
        int entry = oldest == NONE ? NONE : buckets[bucket(session, requestId)];
        while (entry != NONE) {
            if (sessions[entry] == session && requestIds[entry] == requestId) {
                bytes += lengths[entry];
            }
            entry = nextInBucket[entry];
        }
        return bytes;
    }

    /** Hands over and forgets the parts of a request that has come. */
    void claim(final Request request, final Receiver receiver) {
        if (oldest == NONE) {
            return;
        }
        int entry = buckets[bucket(request.session, request.clientId)];
        while (entry != NONE) {
            final int next = nextInBucket[entry];
            if (sessions[entry] == request.session && requestIds[entry] == request.clientId) {
                receiver.onPart(request, tensors[entry], positions[entry], totals[entry],
                    arena.buffer(), ByteArena.offset(blocks[entry]), lengths[entry]);
                remove(entry);
            }
            entry = next;
        }
    }

    /** Forgets what nobody claimed in time; returns how many parts. */
    int expire(final long nowNs) {
        int expired = 0;
        while (oldest != NONE && nowNs - (arrivals[oldest] + timeoutNs) >= 0) {
            remove(oldest);
            expired++;
        }
        return expired;
    }

    /** When the next part is forgotten; {@code Long.MAX_VALUE} if there is none. */
    long nextWakeNs() {
        return oldest == NONE ? Long.MAX_VALUE : arrivals[oldest] + timeoutNs;
    }

    /** Forgets the parts of a session that is over. */
    void onSessionClosed(final ClientSession session) {
        int entry = oldest;
        while (entry != NONE) {
            final int next = younger[entry];
            if (sessions[entry] == session) {
                remove(entry);
            }
            entry = next;
        }
    }

    int size() {
        return free.length - freeCount;
    }

    private void remove(final int entry) {
        final int bucket = bucket(sessions[entry], requestIds[entry]);
        if (buckets[bucket] == entry) {
            buckets[bucket] = nextInBucket[entry];
        } else {
            int at = buckets[bucket];
            while (nextInBucket[at] != entry) {
                at = nextInBucket[at];
            }
            nextInBucket[at] = nextInBucket[entry];
        }
        if (older[entry] == NONE) {
            oldest = younger[entry];
        } else {
            younger[older[entry]] = younger[entry];
        }
        if (younger[entry] == NONE) {
            youngest = older[entry];
        } else {
            older[younger[entry]] = older[entry];
        }
        sessions[entry].bytesInFlight -= lengths[entry];
        sessions[entry] = null;
        arena.free(blocks[entry], lengths[entry]);
        free[freeCount++] = entry;
    }

    private int bucket(final ClientSession session, final long requestId) {
        final long mixed = (session.id * 31 + requestId) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 40) & mask;
    }
}
