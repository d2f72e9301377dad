package org.clockwork.sim.time;

import java.util.Arrays;
import org.agrona.concurrent.NanoClock;

/**
 * The time of a simulation and the order in which its nodes run: always the node that wants to run first, ties by the
 * order in which they were added, and time jumps to it. Single-threaded; allocates nothing while it runs.
 */
public final class VirtualTime implements NanoClock {
    private static final int ABSENT = -1;

    private final long startNs;
    private long nowNs;
    private Node[] nodes = new Node[16];
    private long[] wakeNs = new long[16];
    /** Position of a node in the heap, or {@link #ABSENT}. */
    private int[] positions = new int[16];
    private int[] heap = new int[16];
    private int nodeCount;
    private int heapSize;
    private long runs;
    /** Node that runs; it keeps its place until it has said when it wants to run next. */
    private int running = ABSENT;
    /** When it was woken meanwhile. */
    private long runningWakeNs;

    /** A time that starts at {@code startNs}. */
    public VirtualTime(final long startNs) {
        this.startNs = startNs;
        nowNs = startNs;
    }

    @Override
    public long nanoTime() {
        return nowNs;
    }

    /** Virtual time since the start. */
    public long elapsedNs() {
        return nowNs - startNs;
    }

    /** Duty cycles run so far, over all nodes. */
    public long runs() {
        return runs;
    }

    /**
     * Adds a node; it first runs at the current time.
     *
     * @return its index, for {@link #wake}.
     */
    public int add(final Node node) {
        if (nodeCount == nodes.length) {
            final int length = nodes.length * 2;
            nodes = Arrays.copyOf(nodes, length);
            wakeNs = Arrays.copyOf(wakeNs, length);
            positions = Arrays.copyOf(positions, length);
            heap = Arrays.copyOf(heap, length);
        }
        final int index = nodeCount++;
        nodes[index] = node;
        positions[index] = ABSENT;
        schedule(index, nowNs);
        return index;
    }

    /** Takes a node out for good, as when its process is killed. */
    public void remove(final int index) {
        nodes[index] = null;
        unschedule(index);
    }

    /** Makes a node run no later than {@code timeNs}; it stays with an earlier time that it has. */
    public void wake(final int index, final long timeNs) {
        if (index == running) {
            runningWakeNs = Math.min(runningWakeNs, Math.max(timeNs, nowNs));
        } else if (nodes[index] != null && (positions[index] == ABSENT || timeNs < wakeNs[index])) {
            schedule(index, Math.max(timeNs, nowNs));
        }
    }

    /** When a node is to run next; {@link Node#NEVER} if only a message will wake it. */
    public long wakeNs(final int index) {
        if (index == running) {
            return runningWakeNs;
        }
        return positions[index] == ABSENT ? Node.NEVER : wakeNs[index];
    }

    /**
     * Runs nodes until nothing is left to do before {@code untilNs}; then it is {@code untilNs}.
     *
     * @return duty cycles run.
     */
    public long runUntil(final long untilNs) {
        final long before = runs;
        while (heapSize > 0 && wakeNs[heap[0]] < untilNs) {
            runFirst();
        }
        nowNs = Math.max(nowNs, untilNs);
        return runs - before;
    }

    /** Runs the node that is first, if there is one; false if there is none. */
    public boolean step() {
        if (heapSize == 0) {
            return false;
        }
        runFirst();
        return true;
    }

    private void runFirst() {
        final int index = heap[0];
        nowNs = wakeNs[index];
        running = index;
        runningWakeNs = Node.NEVER;
        final long nextNs;
        try {
            nextNs = Math.min(nodes[index].run(nowNs), runningWakeNs);
        } finally {
            running = ABSENT;
        }
        runs++;
        if (nextNs == Node.NEVER) {
            unschedule(index);
        } else if (nodes[index] != null) {
            schedule(index, Math.max(nextNs, nowNs));
        }
    }

    private void schedule(final int index, final long timeNs) {
        final boolean isNew = positions[index] == ABSENT;
        wakeNs[index] = timeNs;
        if (isNew) {
            positions[index] = heapSize;
            heap[heapSize++] = index;
        }
        siftUp(positions[index]);
        siftDown(positions[index]);
    }

    private void unschedule(final int index) {
        final int position = positions[index];
        if (position == ABSENT) {
            return;
        }
        positions[index] = ABSENT;
        final int last = heap[--heapSize];
        if (last != index) {
            heap[position] = last;
            positions[last] = position;
            siftUp(position);
            siftDown(positions[last]);
        }
    }

    private void siftUp(final int start) {
        int position = start;
        final int index = heap[position];
        while (position > 0) {
            final int parent = (position - 1) >>> 1;
            if (!isBefore(index, heap[parent])) {
                break;
            }
            place(position, heap[parent]);
            position = parent;
        }
        place(position, index);
    }

    private void siftDown(final int start) {
        int position = start;
        final int index = heap[position];
        while (true) {
            int child = 2 * position + 1;
            if (child >= heapSize) {
                break;
            }
            if (child + 1 < heapSize && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], index)) {
                break;
            }
            place(position, heap[child]);
            position = child;
        }
        place(position, index);
    }

    private void place(final int position, final int index) {
        heap[position] = index;
        positions[index] = position;
    }

    private boolean isBefore(final int a, final int b) {
        return wakeNs[a] < wakeNs[b] || (wakeNs[a] == wakeNs[b] && a < b);
    }
}
