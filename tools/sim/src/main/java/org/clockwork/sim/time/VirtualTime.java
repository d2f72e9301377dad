package org.clockwork.sim.time;

import java.util.Arrays;
import org.agrona.concurrent.NanoClock;

/**
 * The time of a simulation and the order in which its nodes run: always the node that wants to run first, ties by the
 * order in which they were added, and time jumps to it. Single-threaded; allocates nothing while it runs.
 */
public final class VirtualTime implements NanoClock {
    private static final int NONE = -1;
    private static final int INITIAL_NODES = 16;

    private final long startNs;
    private long nowNs;
    private Node[] nodes = new Node[INITIAL_NODES];
    /** When each node wants to run; {@link Node#NEVER} also where there is none. */
    private long[] wakeNs = new long[INITIAL_NODES];
    /** A tournament: at 1 the node that runs first, at i the first of those at 2i and 2i + 1, in the last half all nodes. */
    private int[] first = leaves(INITIAL_NODES);
    private int nodeCount;
    private long runs;
    /** Node that runs; it keeps its place until it has said when it wants to run next. */
    private int running = NONE;
    /** When it was woken meanwhile. */
    private long runningWakeNs;

    /** A time that starts at {@code startNs}. */
    public VirtualTime(final long startNs) {
        this.startNs = startNs;
        nowNs = startNs;
        Arrays.fill(wakeNs, Node.NEVER);
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
            grow();
        }
        final int index = nodeCount++;
        nodes[index] = node;
        schedule(index, nowNs);
        return index;
    }

    /** Takes a node out for good, as when its process is killed. */
    public void remove(final int index) {
        nodes[index] = null;
        schedule(index, Node.NEVER);
    }

    /** Makes a node run no later than {@code timeNs}; it stays with an earlier time that it has. */
    public void wake(final int index, final long timeNs) {
        if (index == running) {
            runningWakeNs = Math.min(runningWakeNs, Math.max(timeNs, nowNs));
        } else if (nodes[index] != null && timeNs < wakeNs[index]) {
            schedule(index, Math.max(timeNs, nowNs));
        }
    }

    /** When a node is to run next; {@link Node#NEVER} if only a message will wake it. */
    public long wakeNs(final int index) {
        return index == running ? runningWakeNs : wakeNs[index];
    }

    /**
     * Runs nodes until nothing is left to do before {@code untilNs}; then it is {@code untilNs}.
     *
     * @return duty cycles run.
     */
    public long runUntil(final long untilNs) {
        final long before = runs;
        while (wakeNs[first[1]] < untilNs) {
            runFirst();
        }
        nowNs = Math.max(nowNs, untilNs);
        return runs - before;
    }

    /** Runs the node that is first, if there is one; false if there is none. */
    public boolean step() {
        if (wakeNs[first[1]] == Node.NEVER) {
            return false;
        }
        runFirst();
        return true;
    }

    private void runFirst() {
        final int index = first[1];
        nowNs = wakeNs[index];
        running = index;
        runningWakeNs = Node.NEVER;
        final long nextNs;
        try {
            nextNs = Math.min(nodes[index].run(nowNs), runningWakeNs);
        } finally {
            running = NONE;
        }
        runs++;
        if (nodes[index] != null) {
            schedule(index, Math.max(nextNs, nowNs));
        }
    }

    private void schedule(final int index, final long timeNs) {
        wakeNs[index] = timeNs;
        for (int at = (index + nodes.length) >>> 1; at > 0; at >>>= 1) {
            final int left = first[2 * at];
            final int right = first[2 * at + 1];
            final int winner = wakeNs[right] < wakeNs[left] ? right : left;
            if (winner == first[at] && winner != index) {
                break;
            }
            first[at] = winner;
        }
    }

    private void grow() {
        final int before = nodes.length;
        nodes = Arrays.copyOf(nodes, before * 2);
        wakeNs = Arrays.copyOf(wakeNs, before * 2);
        Arrays.fill(wakeNs, before, before * 2, Node.NEVER);
        first = leaves(before * 2);
        for (int i = 0; i < before; i++) {
            schedule(i, wakeNs[i]);
        }
    }

    /** A tree over so many nodes, a power of two, of which none wants to run. */
    private static int[] leaves(final int count) {
        final int[] tree = new int[2 * count];
        for (int i = 0; i < count; i++) {
            tree[count + i] = i;
        }
        for (int at = count - 1; at > 0; at--) {
            tree[at] = tree[2 * at];
        }
        return tree;
    }
}
