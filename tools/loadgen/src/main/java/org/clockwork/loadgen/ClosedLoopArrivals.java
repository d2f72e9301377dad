package org.clockwork.loadgen;

/** A fixed number of clients, each of which sends, waits for the end, thinks, and sends again. */
public final class ClosedLoopArrivals implements Arrivals {
    private final long[] heap;
    private final Xoshiro random;
    private final long meanThinkNs;
    private final boolean isPatient;
    private int size;

    /**
     * Clients that all send their first request at the start, each after a first time to think.
     *
     * @param clients     how many.
     * @param meanThinkNs mean of the exponential time to think; 0 sends at once.
     * @param random      stream to draw from.
     */
    public ClosedLoopArrivals(final int clients, final long meanThinkNs, final Xoshiro random) {
        this(clients, meanThinkNs, 0, false, random);
    }

    /**
     * Clients that start at random phases.
     *
     * @param clients     how many.
     * @param meanThinkNs mean of the exponential time to think; 0 sends at once.
     * @param phaseNs     first requests are due uniformly within this, and a first time to think.
     * @param isPatient   whether a client that got no answer asks again only when that request's deadline has passed.
     * @param random      stream to draw from.
     */
    public ClosedLoopArrivals(
        final int clients, final long meanThinkNs, final long phaseNs, final boolean isPatient, final Xoshiro random) {
        Rates.checkPositive("clients", clients);
        if (meanThinkNs < 0 || phaseNs < 0) {
            throw new IllegalArgumentException(
                "a time to think and a phase are not negative: meanThinkNs=" + meanThinkNs + " phaseNs=" + phaseNs);
        }
        this.heap = new long[clients];
        this.random = random;
        this.meanThinkNs = meanThinkNs;
        this.isPatient = isPatient;
        for (int i = 0; i < clients; i++) {
            push((0 == phaseNs ? 0 : (long) (random.nextDouble() * phaseNs)) + thinkNs());
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
    public void onEnded(final long nowNs, final long spentNs) {
        if (size < heap.length) {
            push((isPatient ? spentNs : nowNs) + thinkNs());
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
