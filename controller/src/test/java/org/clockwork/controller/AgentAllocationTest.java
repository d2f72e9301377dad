package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** What the agent does beside requests allocates nothing while nobody comes or goes. */
final class AgentAllocationTest {
    private static final int CYCLES = 20_000;

    @Test
    void keepAlivesHeartbeatsAndWrongMessagesAllocateNothing() {
        final TestBed bed = new TestBed();
        final List<ScriptedClient> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            clients.add(bed.connected());
            bed.live("w" + i, 2);
        }
        clients.get(0).registerProfile("m", 100, "x");
        bed.run(20);
        final ScriptedClient stranger = clients.get(3);
        cycle(bed, stranger);
        final long heartbeats = bed.peers.stream().mapToLong(peer -> peer.count(new HeartbeatDecoder())).sum();
        bed.peers.forEach(ScriptedPeer::forget);
        final long bytes = cycle(bed, stranger);
        assertTrue(heartbeats > 100, "heartbeats=" + heartbeats);
        assertTrue(bed.count(ControllerCounter.UNKNOWN_SESSION) > 100);
        assertTrue(bytes < CYCLES / 4, "bytes=" + bytes + " in cycles=" + CYCLES);
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
    }

    private static long cycle(final TestBed bed, final ScriptedClient stranger) {
        long bytes = 0;
        final long overhead = Allocation.bytesOf(() -> { });
        for (int i = 0; i < CYCLES; i++) {
            bed.clock.advance(200_000);
            if (i % 50 == 0) {
                stranger.sessionId++;
                stranger.infer(1, 1);
                stranger.sessionId--;
            }
            bytes += Allocation.bytesOf(bed.agent::doWork) - overhead;
            bed.peers.forEach(peer -> peer.poll(bed.clock.nanoTime()));
        }
        return bytes;
    }
}
