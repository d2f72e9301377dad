package org.clockwork.schema.link.memory;

import java.util.Arrays;

/**
 * Orders nodes by time, ties by their creation, so that the next is found at once and each run takes the same order.
 * Allocates only to grow. Owned by the thread of its network.
 */
final class TimeHeap {
    private static final int INITIAL_CAPACITY = 4;

    private Node[] nodes = new Node[INITIAL_CAPACITY];
    private int size;

    /** Something that is due at a time; in one heap at most. */
    abstract static class Node {
        final long order;
        long timeNs;
        private int position = -1;

        Node(final long order) {
            this.order = order;
        }

        final boolean isScheduled() {
            return position >= 0;
        }

        private boolean isBefore(final Node other) {
            final long difference = timeNs - other.timeNs;
            return difference < 0 || difference == 0 && order < other.order;
        }
    }

    /** When the earliest node is due; {@link MemoryEndpoint#NEVER} if there is none. */
    long firstNs() {
        return size == 0 ? MemoryEndpoint.NEVER : nodes[0].timeNs;
    }

    /** The earliest node or null. */
    Node first() {
        return nodes[0];
    }

    void add(final Node node, final long timeNs) {
        if (node.position >= 0) {
            throw new IllegalStateException("already scheduled");
        }
        if (size == nodes.length) {
            nodes = Arrays.copyOf(nodes, size * 2);
        }
        node.timeNs = timeNs;
        siftUp(node, size++);
    }

    /** Moves a node of this heap to another time. */
    void move(final Node node, final long timeNs) {
        node.timeNs = timeNs;
        final int position = node.position;
        siftUp(node, position);
        siftDown(node, node.position);
    }

    /** Takes a node out; harmless if it is in no heap. */
    void remove(final Node node) {
        final int position = node.position;
        if (position < 0) {
            return;
        }
        node.position = -1;
        final Node last = nodes[--size];
        nodes[size] = null;
        if (last != node) {
            siftUp(last, position);
            siftDown(last, last.position);
        }
    }

    private void siftUp(final Node node, final int start) {
        int position = start;
        while (position > 0) {
            final int parentPosition = (position - 1) >>> 1;
            final Node parent = nodes[parentPosition];
            if (!node.isBefore(parent)) {
                break;
            }
            nodes[position] = parent;
            parent.position = position;
            position = parentPosition;
        }
        nodes[position] = node;
        node.position = position;
    }

    private void siftDown(final Node node, final int start) {
        int position = start;
        for (int child = 2 * position + 1; child < size; child = 2 * position + 1) {
            if (child + 1 < size && nodes[child + 1].isBefore(nodes[child])) {
                child++;
            }
            final Node below = nodes[child];
            if (!below.isBefore(node)) {
                break;
            }
            nodes[position] = below;
            below.position = position;
            position = child;
        }
        nodes[position] = node;
        node.position = position;
    }
}
