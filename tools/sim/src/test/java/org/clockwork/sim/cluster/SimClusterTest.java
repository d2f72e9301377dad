package org.clockwork.sim.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.client.RequestSpec;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.schema.codec.Status;
import org.clockwork.sim.time.NodeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real agents, end to end, under virtual time. */
class SimClusterTest {
    private static final long MS = 1_000_000L;
    private static final long HOP_NS = 50_000L;

    @TempDir
    private Path directory;

    @Test
    void aModelIsRegisteredAndServed() {
        try (SimCluster cluster = new SimCluster(directory, (from, to, lane, length, nowNs) -> HOP_NS)) {
            cluster.startController(context -> { });
            cluster.startWorker(
                new EmulatedBackend(new EmulatedContext().devices(2)), new NodeClock(cluster.time(), 5_000_000_000L, 20_000),
                context -> { });
            final List<Status> ends = new ArrayList<>();
            final SimNode client = cluster.startClient(result -> ends.add(result.status()), null, context -> { });
            assertTrue(cluster.runUntil(() -> client.client().isConnected(), 1_000 * MS), "connect");
            final List<ModelInfo> models = new ArrayList<>();
            final List<String> outcome = new ArrayList<>();
            client.client().register(RegisterSpec.profile("r50", "resnet50_v2").count(3), (status, detail, registered) -> {
                outcome.add(status + " " + detail);
                models.addAll(registered);
            });
            cluster.wake(client);
            assertTrue(cluster.runUntil(() -> !outcome.isEmpty(), 5_000 * MS), "register");
            assertEquals(List.of("OK "), outcome);
            assertEquals(3, models.size());
            for (int i = 0; i < 30; i++) {
                final long id = client.client().infer(
                    new RequestSpec().model(models.get(i % 3)).sloNs(100 * MS).generatedInput(i).omitOutput(true),
                    client.clock().nanoTime());
                assertTrue(id >= 0, "infer " + id);
                cluster.wake(client);
                cluster.runFor(2 * MS);
            }
            assertTrue(cluster.runUntil(() -> ends.size() == 30, 1_000 * MS), "ends " + ends);
            assertEquals(List.of(), ends.stream().filter(status -> status != Status.OK).toList());
            assertEquals(List.of(), cluster.errors());
        }
    }
}
