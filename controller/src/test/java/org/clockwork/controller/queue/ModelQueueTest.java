package org.clockwork.controller.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.request.RequestState;
import org.clockwork.controller.request.RequestTable;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** The order of waiting requests, against a plain sorted list. */
class ModelQueueTest {
    private final RequestTable table = new RequestTable(512);
    private final ModelQueue queue = new ModelQueue(table);

    private Request request(final long deadlineNs) {
        final Request request = table.allocate();
        request.state = RequestState.QUEUED;
        request.hasDeadline = deadlineNs != Long.MAX_VALUE;
        request.deadlineNs = deadlineNs;
        return request;
    }

    @Test
    void earliestDeadlineFirstTiesByArrival() {
        final Request late = request(300);
        final Request first = request(100);
        final Request second = request(100);
        queue.add(second);
        queue.add(late);
        queue.add(first);
        assertSame(first, queue.first());
        assertSame(second, queue.next(first));
        assertSame(late, queue.next(second));
        assertNull(queue.next(late));
        assertSame(late, queue.last());
        assertEquals(3, queue.size());
    }

    @Test
    void deadlinesThatWrapAreStillInOrder() {
        final Request before = request(Long.MAX_VALUE - 1);
        final Request after = request(Long.MIN_VALUE + 5);
        queue.add(after);
        queue.add(before);
        assertSame(before, queue.first());
        assertSame(after, queue.last());
    }

    @Test
    void requestsWithoutDeadlineWaitApartInTheOrderOfArrival() {
        final Request one = request(Long.MAX_VALUE);
        final Request two = request(Long.MAX_VALUE);
        final Request urgent = request(5);
        queue.add(one);
        queue.add(two);
        queue.add(urgent);
        assertSame(urgent, queue.first());
        assertEquals(1, queue.size());
        assertEquals(2, queue.backgroundSize());
        assertSame(one, queue.firstBackground());
        queue.remove(one);
        assertSame(two, queue.firstBackground());
        queue.remove(two);
        assertNull(queue.firstBackground());
        queue.remove(urgent);
        assertTrue(queue.isEmpty());
        assertNull(queue.first());
        assertNull(queue.last());
    }

    @Test
    void anyOrderOfAddingAndRemoving() {
        for (int seed = 0; seed < 200; seed++) {
            final SplittableRandom random = new SplittableRandom(seed);
            final List<Request> expected = new ArrayList<>();
            for (int step = 0; step < 300; step++) {
                if (expected.isEmpty() || random.nextInt(5) < 3 && expected.size() < 500) {
                    final Request request = request(random.nextInt(seed % 2 == 0 ? 10 : 100_000));
                    queue.add(request);
                    expected.add(request);
                    expected.sort((a, b) -> a.deadlineNs != b.deadlineNs
                        ? Long.compare(a.deadlineNs, b.deadlineNs) : Long.compare(a.sequence, b.sequence));
                } else {
                    final int at = random.nextBoolean() ? 0 : random.nextInt(expected.size());
                    final Request removed = expected.remove(at);
                    queue.remove(removed);
                    table.free(removed);
                }
                check(expected, "seed=" + seed + " step=" + step);
            }
            while (!expected.isEmpty()) {
                final Request removed = expected.remove(expected.size() - 1);
                queue.remove(removed);
                table.free(removed);
            }
            assertTrue(queue.isEmpty());
        }
    }

    @Test
    void allocatesNothing() {
        final Request[] requests = new Request[200];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = request((i * 7919L) % 1000);
        }
        final Runnable work = () -> {
            for (final Request request : requests) {
                queue.add(request);
            }
            while (!queue.isEmpty()) {
                queue.remove(queue.first());
            }
        };
        work.run();
        assertEquals(0, Allocation.bytesOf(work), 500);
    }

    private void check(final List<Request> expected, final String message) {
        assertEquals(expected.size(), queue.size(), message);
        Request at = queue.first();
        for (final Request request : expected) {
            assertSame(request, at, message);
            at = queue.next(at);
        }
        assertNull(at, message);
        assertSame(expected.isEmpty() ? null : expected.get(expected.size() - 1), queue.last(), message);
    }
}
