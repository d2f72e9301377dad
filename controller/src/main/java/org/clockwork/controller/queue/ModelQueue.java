package org.clockwork.controller.queue;

import org.clockwork.controller.request.Request;
import org.clockwork.controller.request.RequestTable;

/**
 * The waiting requests of one model: those with a deadline in its order (ties by arrival), and behind them those
 * without, in the order of their arrival. The first part is a treap over the request slots threaded by a list, so that
 * adding and removing anywhere cost a logarithm, looking at the earliest and going on from there nothing, and nothing
 * is ever allocated. Owned by the controller agent.
 */
public final class ModelQueue {
    private static final int NONE = Request.NONE;

    private final RequestTable table;
    private int root = NONE;
    private int first = NONE;
    private int last = NONE;
    private int size;
    private int backgroundFirst = NONE;
    private int backgroundLast = NONE;
    private int backgroundSize;

    /** An empty queue of requests of this table. */
    public ModelQueue(final RequestTable table) {
        this.table = table;
    }

    /** Requests with a deadline. */
    public int size() {
        return size;
    }

    /** Requests without a deadline. */
    public int backgroundSize() {
        return backgroundSize;
    }

    /** Whether nothing waits. */
    public boolean isEmpty() {
        return size == 0 && backgroundSize == 0;
    }

    /** The earliest deadline, or null. */
    public Request first() {
        return request(first);
    }

    /** The latest deadline, or null. */
    public Request last() {
        return request(last);
    }

    /** The oldest request without a deadline, or null. */
    public Request firstBackground() {
        return request(backgroundFirst);
    }

    /** The next one behind it of the same kind, or null. */
    public Request next(final Request request) {
        return request(request.next);
    }

    /** Takes a request in. */
    public void add(final Request request) {
        if (request.hasDeadline) {
            insert(request);
        } else {
            addBackground(request);
        }
    }

    /** Takes a request out, wherever it stands. */
    public void remove(final Request request) {
        if (request.hasDeadline) {
            removeFromTree(request);
            size--;
        } else {
            backgroundSize--;
        }
        unlink(request);
    }

    private void insert(final Request request) {
        final int index = request.index;
        final int rank = rank(request);
        int parent = NONE;
        boolean isLeft = false;
        int before = NONE;
        int after = NONE;
        int at = root;
        while (at != NONE) {
            final Request node = table.at(at);
            if (rank(node) < rank) {
                break;
            }
            parent = at;
            isLeft = isBefore(request, node);
            if (isLeft) {
                after = at;
                at = node.left;
            } else {
                before = at;
                at = node.right;
            }
        }
        link(parent, isLeft, index);
        int leftTail = NONE;
        int rightTail = NONE;
        request.left = NONE;
        request.right = NONE;
        while (at != NONE) {
            final Request node = table.at(at);
            if (isBefore(request, node)) {
                after = at;
                linkUnder(request, rightTail, true, at);
                rightTail = at;
                at = node.left;
            } else {
                before = at;
                linkUnder(request, leftTail, false, at);
                leftTail = at;
                at = node.right;
            }
        }
        if (leftTail != NONE) {
            table.at(leftTail).right = NONE;
        }
        if (rightTail != NONE) {
            table.at(rightTail).left = NONE;
        }
        thread(request, before, after);
        size++;
    }

    /** Hangs a piece of the split tree under the last piece of its side, or under the new request itself. */
    private void linkUnder(final Request request, final int tail, final boolean isRightSide, final int piece) {
        if (tail == NONE) {
            if (isRightSide) {
                request.right = piece;
            } else {
                request.left = piece;
            }
        } else if (isRightSide) {
            table.at(tail).left = piece;
        } else {
            table.at(tail).right = piece;
        }
    }

    private void removeFromTree(final Request request) {
        int parent = NONE;
        boolean isLeft = false;
        int at = root;
        while (at != request.index) {
            final Request node = table.at(at);
            parent = at;
            isLeft = isBefore(request, node);
            at = isLeft ? node.left : node.right;
        }
        int lower = request.left;
        int upper = request.right;
        while (lower != NONE && upper != NONE) {
            final Request lowerNode = table.at(lower);
            final Request upperNode = table.at(upper);
            if (rank(lowerNode) >= rank(upperNode)) {
                link(parent, isLeft, lower);
                parent = lower;
                isLeft = false;
                lower = lowerNode.right;
            } else {
                link(parent, isLeft, upper);
                parent = upper;
                isLeft = true;
                upper = upperNode.left;
            }
        }
        link(parent, isLeft, lower == NONE ? upper : lower);
    }

    private void link(final int parent, final boolean isLeft, final int child) {
        if (parent == NONE) {
            root = child;
        } else if (isLeft) {
            table.at(parent).left = child;
        } else {
            table.at(parent).right = child;
        }
    }

    private void thread(final Request request, final int before, final int after) {
        request.previous = before;
        request.next = after;
        if (before == NONE) {
            first = request.index;
        } else {
            table.at(before).next = request.index;
        }
        if (after == NONE) {
            last = request.index;
        } else {
            table.at(after).previous = request.index;
        }
    }

    private void addBackground(final Request request) {
        request.previous = backgroundLast;
        request.next = NONE;
        if (backgroundLast == NONE) {
            backgroundFirst = request.index;
        } else {
            table.at(backgroundLast).next = request.index;
        }
        backgroundLast = request.index;
        backgroundSize++;
    }

    private void unlink(final Request request) {
        final int before = request.previous;
        final int after = request.next;
        if (before != NONE) {
            table.at(before).next = after;
        } else if (request.hasDeadline) {
            first = after;
        } else {
            backgroundFirst = after;
        }
        if (after != NONE) {
            table.at(after).previous = before;
        } else if (request.hasDeadline) {
            last = before;
        } else {
            backgroundLast = before;
        }
    }

    private Request request(final int index) {
        return index == NONE ? null : table.at(index);
    }

    private static boolean isBefore(final Request a, final Request b) {
        final long difference = a.deadlineNs - b.deadlineNs;
        return difference < 0 || difference == 0 && a.sequence < b.sequence;
    }

    /** The treap's heap order: a mix of the arrival order, the same in each run. */
    private static int rank(final Request request) {
        final long mixed = (request.sequence + 1) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) ^ request.index;
    }
}
