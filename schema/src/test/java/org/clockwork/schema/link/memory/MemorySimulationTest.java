package org.clockwork.schema.link.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.logbuffer.BufferClaim;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Allocated;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.MessageHandler;
import org.junit.jupiter.api.Test;

/** The network as a simulation uses it: many peers, random traffic and faults, a clock that jumps from event to event. */
class MemorySimulationTest {
    /** A controller with peers that chat with it, driven by the times that the network names. */
    private static final class World {
        long nowNs;
        long hash = 17;
        long delivered;
        long wakes;
        final SplittableRandom traffic;
        final MemoryNetwork network;
        final MemoryListener listener;
        final List<MemoryDialer> dialers = new ArrayList<>();
        final List<Link> near = new ArrayList<>();
        final List<Link> far = new ArrayList<>();
        final UnsafeBuffer message = new UnsafeBuffer(new byte[4096]);
        final BufferClaim claim = new BufferClaim();
        final MessageHandler handler;
        final LinkObserver observer = new LinkObserver() {
            @Override
            public void onLinkUp(final Link link) {
                far.add(link);
            }

            @Override
            public void onLinkDown(final Link link) {
                far.remove(link);
            }
        };

        World(final long seed, final int peers, final boolean hasFaults) {
            traffic = new SplittableRandom(seed);
            final SplittableRandom latency = new SplittableRandom(seed + 1);
            final SplittableRandom faults = new SplittableRandom(seed + 2);
            nowNs = seed * 1_000_003;
            network = new MemoryNetwork(new MemoryNetwork.Context()
                .clock(() -> nowNs)
                .latency((from, to, lane, length, atNs) -> 10_000 + latency.nextInt(50) * 100)
                .refusals((from, to, lane, length, atNs) -> hasFaults && faults.nextInt(50) == 0)
                .cuts((from, to, lane, length, atNs) -> hasFaults && faults.nextInt(5000) == 0)
                .cutDetectionNs(300_000));
            listener = network.listen("controller:1");
            handler = (link, lane, buffer, offset, length) -> {
                delivered++;
                hash = 31 * hash + buffer.getLong(offset) + 7 * lane + 13 * link.id() + nowNs;
            };
            for (int i = 0; i < peers; i++) {
                final MemoryDialer dialer = network.dialer("peer-" + i);
                dialers.add(dialer);
                near.add(dialer.dial("controller:1"));
            }
        }

        void pollAll() {
            pollListener();
            for (int i = 0; i < dialers.size(); i++) {
                pollDialer(i);
            }
        }

        int pollListener() {
            return listener.poll(observer) + listener.poll(Link.CONTROL, handler, 7) + listener.poll(Link.BULK, handler, 2);
        }

        int pollDialer(final int i) {
            final MemoryDialer dialer = dialers.get(i);
            final int work =
                dialer.poll() + dialer.poll(Link.CONTROL, handler, 3) + dialer.poll(Link.BULK, handler, 3);
            if (near.get(i).isClosed()) {
                near.set(i, dialer.dial("controller:1"));
            }
            return work;
        }

        void sendSome(final int count) {
            for (int i = 0; i < count; i++) {
                final boolean isUpwards = far.isEmpty() || traffic.nextBoolean();
                final Link link = isUpwards ? near.get(traffic.nextInt(near.size())) : far.get(traffic.nextInt(far.size()));
                final int lane = traffic.nextInt(4) == 0 ? Link.BULK : Link.CONTROL;
                final int length = 8 + traffic.nextInt(lane == Link.BULK ? 3000 : 200);
                if (traffic.nextBoolean() && length <= link.maxClaimLength(lane)) {
                    if (link.tryClaim(lane, length, claim)) {
                        claim.buffer().putLong(claim.offset(), traffic.nextLong());
                        if (traffic.nextInt(10) == 0) {
                            claim.abort();
                        } else {
                            claim.commit();
                        }
                    }
                } else {
                    message.putLong(0, traffic.nextLong());
                    link.offer(lane, message, 0, length);
                }
            }
        }

        /** Jumps to each time that the network names and polls only the endpoints that say they are due. */
        void runByNextDelivery(final long untilNs) {
            while (network.nextDeliveryNs() != MemoryEndpoint.NEVER && network.nextDeliveryNs() - untilNs <= 0) {
                nowNs = Math.max(nowNs, network.nextDeliveryNs());
                wakes++;
                if (isDue(listener)) {
                    pollListener();
                }
                for (int i = 0; i < dialers.size(); i++) {
                    if (isDue(dialers.get(i))) {
                        pollDialer(i);
                    }
                }
            }
            nowNs = untilNs;
        }

        /** Polls everybody at each time at which anything can be due. */
        void runByTicks(final long untilNs) {
            while (nowNs < untilNs) {
                nowNs += 100;
                do {
                    pollAll();
                } while (network.nextDeliveryNs() != MemoryEndpoint.NEVER && network.nextDeliveryNs() - nowNs <= 0);
            }
        }

        long earliest() {
            long earliest = listener.nextDeliveryNs();
            for (final MemoryDialer dialer : dialers) {
                earliest = Math.min(earliest, dialer.nextDeliveryNs());
            }
            return earliest;
        }

        private boolean isDue(final MemoryEndpoint endpoint) {
            return endpoint.nextDeliveryNs() != MemoryEndpoint.NEVER && endpoint.nextDeliveryNs() - nowNs <= 0;
        }
    }

    @Test
    void sameSeedSameDeliveriesAndAnotherSeedOthers() {
        final long[] hashes = new long[3];
        for (int run = 0; run < 3; run++) {
            final World world = new World(run == 2 ? 8 : 7, 20, true);
            for (int round = 0; round < 300; round++) {
                world.sendSome(20);
                world.runByNextDelivery(world.nowNs + 5_000);
            }
            assertTrue(world.delivered > 2000, "delivered=" + world.delivered);
            hashes[run] = world.hash;
        }
        assertEquals(hashes[0], hashes[1]);
        assertNotEquals(hashes[0], hashes[2]);
    }

    @Test
    void wakingOnlyWhenDueDeliversWhatPollingAllTheTimeDelivers() {
        final World jumping = new World(11, 10, true);
        final World ticking = new World(11, 10, true);
        for (int round = 0; round < 200; round++) {
            jumping.sendSome(10);
            ticking.sendSome(10);
            final long untilNs = jumping.nowNs + 10_000;
            jumping.runByNextDelivery(untilNs);
            ticking.runByTicks(untilNs);
            assertEquals(ticking.delivered, jumping.delivered, "round=" + round);
            assertEquals(ticking.hash, jumping.hash, "round=" + round);
        }
        assertTrue(jumping.delivered > 1000, "delivered=" + jumping.delivered);
    }

    @Test
    void networkNamesTheEarliestOfItsEndpoints() {
        final World world = new World(13, 15, true);
        for (int round = 0; round < 2000; round++) {
            world.sendSome(3);
            assertEquals(world.earliest(), world.network.nextDeliveryNs());
            world.runByNextDelivery(world.nowNs + 1_000);
            assertEquals(world.earliest(), world.network.nextDeliveryNs());
        }
    }

    @Test
    void steadyTrafficOfManyPeersAllocatesNothing() {
        final World world = new World(17, 200, false);
        world.runByNextDelivery(world.nowNs + 100_000);
        assertEquals(200, world.listener.linkCount());
        for (int round = 0; round < 20; round++) {
            // Bursts such as the measured traffic never has: the rings grow to more than it needs.
            world.sendSome(5_000);
            world.runByNextDelivery(world.nowNs + 1_000_000);
        }
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 8; attempt++) {
            final long before = Allocated.bytes();
            for (int round = 0; round < 100; round++) {
                world.sendSome(100);
                world.runByNextDelivery(world.nowNs + 20_000);
            }
            least = Math.min(least, Allocated.bytes() - before);
        }
        assertTrue(least < 2_000, "bytes for 10,000 messages: " + least);
    }
}
