package org.clockwork.loadgen;

/** A fixed number of clients, each of which sends, waits for the end, thinks, and sends again. */
public final class ClosedLoopArrivals implements Arrivals {
    private final long[] heap;
    private final Xoshiro random;
    private final long meanThinkNs;
    private int size;

    /**
     * Clients that all send their first request at the start, each after a first time to think.
     *
     * @param clients     how many.
     * @param meanThinkNs mean of the exponential time to think; 0 sends at once.
     * @param random      stream to draw from.
     */
    public ClosedLoopArrivals(final int clients, final long meanThinkNs, final Xoshiro random) {
        Rates.checkPositive("clients", clients);
        if (meanThinkNs < 0) {
            throw new IllegalArgumentException("a time to think is not negative: meanThinkNs=" + meanThinkNs);
        }
        this.heap = new long[clients];
        this.random = random;
        this.meanThinkNs = meanThinkNs;
        for (int i = 0; i < clients; i++) {
            push(thinkNs());
        }
    }

    @Override
    public long dueNs() {
        return 0 == size ? NEVER : heap[0];
    }

    @Override
    public void advance() {
        if (size > 0) {
            pop();
        }
    }

    @Override
    public void onEnded(final long nowNs) {
        if (size < heap.length) {
            push(nowNs + thinkNs());
        }
    }

    @Override
    public double ratePerS() {
        return -1.0;
    }

    private long thinkNs() {
        return 0 == meanThinkNs ? 0 : (long) random.nextExponential(meanThinkNs);
    }

    private void push(final long dueNs) {
        int child = size++;
        while (child > 0) {
            final int parent = (child - 1) >>> 1;
            if (heap[parent] <= dueNs) {
                break;
            }
            heap[child] = heap[parent];
            child = parent;
        }
        heap[child] = dueNs;
    }

    private void pop() {
        final long last = heap[--size];
        int parent = 0;
        int child = 1;
        while (child < size) {
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (last <= heap[child]) {
                break;
            }
            heap[parent] = heap[child];
            parent = child;
            child = 2 * parent + 1;
        }
        heap[parent] = last;
    }
}
