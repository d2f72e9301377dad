package org.clockwork.schema.link.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.MessageHandler;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What links promise under faults, over many seeds: order, no gap, at most once, bounds, and tails of the dead. */
class LinkFaultsTest {
    private static final long HOP_NS = 50_000;
    private static final long MS = 1_000_000;

    @Test
    void aLostMessageDelaysAllBehindItAndNothingElse() {
        final World world = new World(1, 2);
        world.connectAll();
        final long sentNs = world.nowNs;
        world.isLosing = true;
        assertTrue(world.send(0, Link.CONTROL, 8));
        world.isLosing = false;
        assertTrue(world.send(0, Link.CONTROL, 8));
        assertTrue(world.send(0, Link.BULK, 8));
        assertTrue(world.send(1, Link.CONTROL, 8));
        world.nowNs = sentNs + HOP_NS;
        world.poll();
        assertEquals(2, world.delivered, "the other lane and the other peer");
        world.nowNs = sentNs + HOP_NS + MS - 1;
        world.poll();
        assertEquals(2, world.delivered);
        world.nowNs++;
        world.poll();
        assertEquals(4, world.delivered);
    }

    @Test
    void whatADyingPeerHadSentMayArriveAfterItsNextLifeHasSpoken() {
        final World world = new World(2, 1);
        world.connectAll();
        world.faults.tailSurvival(0.999_999, 0);
        final Link old = world.near.get(0);
        assertTrue(world.send(0, Link.CONTROL, 8));
        world.nowNs += HOP_NS / 2;
        world.tailsNs = 3 * MS;
        world.crash(0);
        assertFalse(old.offer(Link.CONTROL, world.message, 0, 8), "the dead say nothing");
        world.connectAll();
        assertTrue(world.send(0, Link.CONTROL, 8));
        world.nowNs += HOP_NS;
        world.poll();
        assertEquals(List.of(world.near.get(0).id()), world.deliveredOn);
        world.nowNs += 3 * MS;
        world.poll();
        assertEquals(List.of(world.near.get(0).id(), old.id()), world.deliveredOn);
    }

    @Test
    void withoutAModelTheTailOfTheDeadIsLost() {
        final World world = new World(3, 1);
        world.connectAll();
        assertTrue(world.send(0, Link.CONTROL, 8));
        world.crash(0);
        world.nowNs += 100 * MS;
        world.poll();
        assertEquals(0, world.delivered);
    }

    @Test
    void lossesTakeAMillisecondEachUnlessToldOtherwise() {
        final LinkFaults faults = new LinkFaults(1, (from, to, lane, length, atNs) -> HOP_NS).loss(0.1);
        final long[] losses = new long[2];
        for (final long delayNs : new long[] {MS, 3 * MS}) {
            faults.lossDelayNs(delayNs);
            for (int i = 0; i < 10_000; i++) {
                final long extraNs = faults.delayNs(0, 1, Link.CONTROL, 8, 0) - HOP_NS;
                assertEquals(0, extraNs % delayNs);
                losses[delayNs == MS ? 0 : 1] += extraNs / delayNs;
            }
        }
        assertEquals(1_111, losses[0], 150);
        assertEquals(1_111, losses[1], 150);
        assertEquals(losses[0] + losses[1], faults.faults());
    }

    @Test
    void probabilitiesAreChecked() {
        final LinkFaults faults = new LinkFaults(1, LatencyModel.NONE);
        assertThrows(IllegalArgumentException.class, () -> faults.loss(1));
        assertThrows(IllegalArgumentException.class, () -> faults.cut(-0.1));
        assertThrows(IllegalArgumentException.class, () -> faults.refusal(Double.NaN));
        assertEquals(0, faults.delayNs(0, 1, 0, 8, 0));
        assertEquals(0, faults.faults());
    }

    @ParameterizedTest
    @ValueSource(ints = 40)
    void promisesHold(final int seeds) {
        run(seeds);
    }

    @Tag("slow")
    @Test
    void promisesHoldOverThousandsOfSeeds() {
        run(5_000);
    }

    private static void run(final int seeds) {
        long old = 0;
        long delivered = 0;
        long refused = 0;
        for (int seed = 0; seed < seeds; seed++) {
            final World world = new World(seed, 1 + seed % 5);
            try {
                world.run(400);
            } catch (final AssertionError ex) {
                throw new AssertionError("seed=" + seed, ex);
            }
            old += world.oldAfterNew;
            delivered += world.delivered;
            refused += world.refused;
        }
        assertTrue(delivered > 500L * seeds, "delivered=" + delivered);
        assertTrue(old > seeds / 4, "messages of an old link after one of the new: " + old);
        assertTrue(refused > seeds, "refused=" + refused);
    }

    /** A listener, peers that die and come back, and the books of what was sent and delivered. */
    private static final class World {
        private static final int FRAME = 32;
        private static final int CAPACITY = 256 * 1024;

        private final boolean hasCuts;
        private final Set<Long> crashed = new HashSet<>();
        private long nowNs;
        private long tailsNs;
        private boolean isLosing;
        private final SplittableRandom random;
        private final LinkFaults faults;
        private final MemoryNetwork network;
        private final MemoryListener listener;
        private final List<MemoryDialer> dialers = new ArrayList<>();
        private final List<Link> near = new ArrayList<>();
        private final List<Link> far = new ArrayList<>();
        private final UnsafeBuffer message = new UnsafeBuffer(new byte[64 * 1024]);
        /** By link, lane and direction: sent, delivered, and bytes on their way. */
        private final Map<Long, long[]> books = new HashMap<>();
        private final List<Long> deliveredOn = new ArrayList<>();
        private final Map<Integer, Long> newestOf = new HashMap<>();
        private long delivered;
        private long oldAfterNew;
        private long refused;
        private final MessageHandler handler = this::onMessage;
        private final LinkObserver observer = new LinkObserver() {
            @Override
            public void onLinkUp(final Link link) {
                far.add(link);
            }

            @Override
            public void onLinkDown(final Link link) {
                far.remove(link);
            }
        };

        World(final long seed, final int peers) {
            random = new SplittableRandom(seed);
            hasCuts = seed % 2 == 0;
            faults = new LinkFaults(seed, (from, to, lane, length, atNs) -> HOP_NS + (isLosing ? MS : 0));
            nowNs = seed * 77_777_777L;
            network = new MemoryNetwork(new MemoryNetwork.Context()
                .clock(() -> nowNs).latency(faults).cuts(faults).refusals(faults)
                .tails((from, to, atNs) -> {
                    final long lateNs = faults.lateNs(from, to, atNs);
                    return lateNs == TailModel.LOST ? lateNs : Math.max(lateNs, tailsNs);
                })
                .controlCapacity(CAPACITY).bulkCapacity(CAPACITY).cutDetectionNs(20 * MS));
            listener = network.listen("controller:1");
            for (int i = 0; i < peers; i++) {
                dialers.add(network.dialer("peer-" + i));
                near.add(dialers.get(i).dial("controller:1"));
            }
        }

        void connectAll() {
            for (int i = 0; i < 4; i++) {
                nowNs += HOP_NS;
                poll();
            }
            near.forEach(link -> assertTrue(link.isConnected()));
        }

        void run(final int steps) {
            connectAll();
            faults.loss(0.02).lateness(0.02, 5 * MS).refusal(0.02).cut(hasCuts ? 0.000_5 : 0).tailSurvival(0.7, 10 * MS);
            for (int step = 0; step < steps; step++) {
                final int burst = random.nextInt(20) == 0 ? 400 : random.nextInt(8);
                for (int i = 0; i < burst; i++) {
                    sendSomething();
                }
                if (random.nextInt(60) == 0) {
                    crash(random.nextInt(dialers.size()));
                }
                nowNs += random.nextInt(3) == 0 ? random.nextLong(4 * MS) : random.nextLong(HOP_NS);
                poll();
            }
            faults.end();
            for (int i = 0; i < 40; i++) {
                nowNs += 5 * MS;
                poll();
            }
        }

        void crash(final int peer) {
            crashed.add(near.get(peer).id());
            dialers.get(peer).crash();
            near.set(peer, dialers.get(peer).dial("controller:1"));
        }

        void sendSomething() {
            final int lane = random.nextInt(4) == 0 ? Link.BULK : Link.CONTROL;
            final int length = 40 + random.nextInt(lane == Link.BULK ? 20_000 : 300);
            if (far.isEmpty() || random.nextBoolean()) {
                send(random.nextInt(near.size()), lane, length);
            } else {
                send(far.get(random.nextInt(far.size())), 1, lane, length);
            }
        }

        boolean send(final int peer, final int lane, final int length) {
            return send(near.get(peer), 0, lane, Math.max(40, length));
        }

        private boolean send(final Link link, final int direction, final int lane, final int length) {
            final long[] book = book(link.id(), lane, direction);
            message.putLong(0, link.id());
            message.putLong(8, book[0]);
            message.putLong(16, nowNs);
            message.putInt(24, direction);
            message.putInt(28, length);
            final int bytes = BitUtil.align(length + FRAME, FRAME);
            final boolean isTaken = link.offer(lane, message, 0, length);
            if (isTaken) {
                assertTrue(link.isConnected(), "taken by a link that is not connected");
                book[0]++;
                book[2] += bytes;
                // What was on its way when a link was cut or its peer died is lost, and its lane takes as much again.
                final int limit = CAPACITY * (1 + (hasCuts ? 1 : 0) + (crashed.contains(link.id()) ? 1 : 0));
                assertTrue(book[2] <= limit, "bytes on their way: " + book[2]);
            } else if (link.isConnected()) {
                refused++;
            }
            return isTaken;
        }

        private void onMessage(
            final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
            final int direction = buffer.getInt(offset + 24);
            final long[] book = book(link.id(), lane, direction);
            assertFalse(link.isClosed(), "delivered on a closed link");
            assertEquals(link.id(), buffer.getLong(offset), "another link's message");
            assertEquals(length, buffer.getInt(offset + 28), "length");
            assertEquals(book[1], buffer.getLong(offset + 8), "in order, without a gap, once");
            assertTrue(nowNs - buffer.getLong(offset + 16) >= HOP_NS, "faster than a hop");
            book[1]++;
            book[2] -= BitUtil.align(length + FRAME, FRAME);
            delivered++;
            if (delivered < 100) {
                deliveredOn.add(link.id());
            }
            if (direction == 0) {
                noteAge(link);
            }
        }

        /** Ids of links grow: a message of a peer's older link after one of its newer is what must be survived. */
        private void noteAge(final Link link) {
            final int peer = ((MemoryLink) link).other.endpoint.endpointId();
            final long newest = newestOf.getOrDefault(peer, 0L);
            if (link.id() < newest) {
                oldAfterNew++;
            }
            newestOf.put(peer, Math.max(newest, link.id()));
        }

        void poll() {
            listener.poll(observer);
            listener.poll(Link.CONTROL, handler, 50);
            listener.poll(Link.BULK, handler, 50);
            for (int i = 0; i < dialers.size(); i++) {
                final MemoryDialer dialer = dialers.get(i);
                dialer.poll();
                dialer.poll(Link.CONTROL, handler, 50);
                dialer.poll(Link.BULK, handler, 50);
                if (near.get(i).isClosed()) {
                    near.set(i, dialer.dial("controller:1"));
                }
            }
        }

        private long[] book(final long linkId, final int lane, final int direction) {
            return books.computeIfAbsent(linkId * 4 + lane * 2 + direction, key -> new long[3]);
        }
    }
}
