package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The path needs to run only when a message comes or at the time that it named: more cycles change nothing. */
class WakeTest {
    private static final long MS = 1_000_000L;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void runningAtEveryMicrosecondGivesTheSameMessages(final long seed) {
        final String some = run(seed, false);
        assertTrue(some.length() > 10_000, "too little happened");
        assertEquals(some, run(seed, true));
    }

    private static String run(final long seed, final boolean isEveryMicrosecond) {
        final SplittableRandom random = new SplittableRandom(seed);
        final PathRig rig = new PathRig(50_000);
        rig.isEveryMicrosecond = isEveryMicrosecond;
        rig.log = new StringBuilder();
        rig.context.agingNs(30 * MS).earlyTimeoutNs(20 * MS).inputTimeoutNs(40 * MS).profilePatienceNs(20 * MS);
        rig.start();
        final List<Model> models = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            final Artifact artifact =
                rig.catalogue.artifact(5, i % 3 == 0 ? 3_000 : 64, 32, rig.loadNs, i == 5 ? new long[0] : PathRig.RESNET);
            models.add(rig.register(artifact));
        }
        final RigWorker worker = rig.worker(2, 20, 99);
        worker.hold(0, models.get(0));
        worker.jitter = 0.05;
        worker.join();
        final RigClient client = rig.client(256);
        for (int i = 0; i < 150; i++) {
            rig.at(rig.nowNs + random.nextInt(250) * MS + random.nextInt(1_000_000), () -> {
                final RigClient.Ask ask = new RigClient.Ask();
                final Model model = models.get(Math.min(random.nextInt(12), random.nextInt(12)));
                ask.sloNs = random.nextInt(4) == 0 ? Protocol.NULL_NS : (2 + random.nextInt(60)) * MS;
                final RigClient.Sent sent = client.ask(model, ask);
                if (model.artifact.inputBytes > 1024 && random.nextInt(5) > 0) {
                    client.input(sent.id, 0, 0, 3_000, 3_000);
                }
            });
        }
        rig.runFor(500 * MS);
        return rig.log.toString();
    }
}
