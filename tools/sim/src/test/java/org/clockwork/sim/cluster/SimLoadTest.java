package org.clockwork.sim.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.controller.RequestPath;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.loadgen.LoadDriver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.PoissonArrivals;
import org.clockwork.loadgen.Recorder;
import org.clockwork.loadgen.Summary;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.sim.check.Check;
import org.clockwork.sim.check.Checkers;
import org.clockwork.sim.check.RequestLedger;
import org.clockwork.sim.time.NodeClock;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A system under load, and what becomes of the requests when its processes die. */
class SimLoadTest {
    private static final long MS = 1_000_000L;
    private static final long S = 1_000 * MS;
    private static final long HOP_NS = 50_000L;
    private static final long SLO_NS = 100 * MS;

    @TempDir
    private Path directory;

    @Test
    void belowCapacityEverythingIsInTime() {
        try (Rig rig = new Rig(directory, 2, 20)) {
            rig.load(400, 10 * S);
            final Summary summary = rig.finish(11 * S);
            assertEquals(summary.total().offered(), summary.total().inTime(), summary.total()::toString);
            assertTrue(summary.total().offered() > 3_800, summary.total()::toString);
            assertTrue(summary.emulated());
            assertEquals("generated", summary.input());
        }
    }

    @ParameterizedTest
    @CsvSource({"paper,1000", "slack,2200"})
    void overloadIsRefusedAndWhatIsAnsweredIsInTime(final String policy, final long leastInTime) {
        try (Rig rig = new Rig(directory, policy, 1, 20)) {
            rig.load(3_000, 3 * S);
            final Summary.Row total = rig.finish(4 * S).total();
            assertEquals(0, total.late(), total::toString);
            assertEquals(0, total.failed(), total::toString);
            assertTrue(total.inTime() > leastInTime, total::toString);
            assertEquals(total.refused(), total.refusedInTime(), total::toString);
        }
    }

    @ParameterizedTest
    @CsvSource({"10,600", "25,400", "25,1500", "100,600", "100,1500"})
    void theDefaultPolicyServesNoLessThanThePapers(final long sloMs, final double ratePerS) {
        final long[] inTime = new long[2];
        final String[] policies = {"paper", "slack"};
        for (int i = 0; i < policies.length; i++) {
            try (Rig rig = new Rig(directory.resolve(policies[i]), policies[i], 1, 15)) {
                rig.sloNs = sloMs * MS;
                rig.load(ratePerS, 5 * S);
                inTime[i] = rig.finish(6 * S).total().inTime();
            }
        }
        assertTrue(inTime[1] >= inTime[0], () -> Arrays.toString(policies) + " " + Arrays.toString(inTime));
        assertTrue(inTime[0] > 0, "models that no cold start can serve in time are loaded all the same");
    }

    @Test
    void aRequestAllocatesNextToNothingWithAllCheckers() {
        try (Rig rig = new Rig(directory, 2, 20)) {
            rig.load(400, 40 * S);
            rig.cluster.runFor(15 * S);
            final long offered = rig.recorder.offered();
            final long bytes = Allocation.bytesOf(() -> rig.cluster.runFor(20 * S));
            final long requests = rig.recorder.offered() - offered;
            assertTrue(requests > 7_500, () -> "requests=" + requests);
            assertTrue(bytes < 4 * requests, () -> "bytes=" + bytes + " requests=" + requests);
        }
    }

    @Test
    void theSameSeedGivesTheSameRun() {
        final List<String> summaries = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            try (Rig rig = new Rig(directory.resolve("run-" + run), 2, 10)) {
                rig.load(1_500, 2 * S);
                summaries.add(Summary.text(rig.finish(3 * S).toJson()));
            }
        }
        assertEquals(summaries.get(0), summaries.get(1));
    }

    @Test
    void aWorkerIsKilledAndTheOtherServesOn() {
        try (Rig rig = new Rig(directory, 2, 10)) {
            rig.load(200, 8 * S);
            rig.cluster.runFor(3 * S);
            rig.cluster.kill(rig.workers.get(0));
            rig.cluster.runFor(2 * S);
            final long offered = rig.recorder.offered();
            final long inTime = rig.recorder.count(Outcome.IN_TIME);
            final Summary.Row total = rig.finish(5 * S).total();
            assertEquals(0, rig.driver.unknownEnds());
            assertEquals(0, total.missing());
            final double share = (double) (total.inTime() - inTime) / (total.offered() - offered);
            assertTrue(share >= 0.99, () -> "share " + share + " " + total);
            assertTrue(total.late() == 0, total::toString);
        }
    }

    @Test
    void aControllerIsKilledAndStartedAgainAndEverythingComesBack() {
        try (Rig rig = new Rig(directory, 2, 10)) {
            rig.load(200, 10 * S);
            rig.cluster.runFor(2 * S);
            rig.cluster.kill(rig.controller);
            rig.controller.controller().close();
            rig.cluster.runFor(1 * S);
            rig.controller = rig.cluster.startController(context -> { });
            rig.cluster.runFor(4 * S);
            final long offered = rig.recorder.offered();
            final long inTime = rig.recorder.count(Outcome.IN_TIME);
            final Summary.Row total = rig.finish(5 * S).total();
            assertEquals(0, rig.driver.unknownEnds());
            assertEquals(0, total.missing());
            final double share = (double) (total.inTime() - inTime) / (total.offered() - offered);
            assertTrue(share >= 0.99, () -> "share " + share + " " + total);
        }
    }

    /** A controller, emulated workers of one device each, one client and models over one profile. */
    private static final class Rig implements AutoCloseable {
        private final SimCluster cluster;
        private final List<SimNode> workers = new ArrayList<>();
        private final SimNode client;
        private final RequestLedger ledger;
        private final GeneratedLoad load;
        private final List<ModelInfo> models = new ArrayList<>();
        private final Recorder recorder = new Recorder(List.of("all"));
        private SimNode controller;
        private long sloNs = SLO_NS;
        private LoadDriver driver;

        Rig(final Path directory, final int workerCount, final int modelCount) {
            this(directory, "slack", workerCount, modelCount);
        }

        Rig(final Path directory, final String policy, final int workerCount, final int modelCount) {
            cluster = new SimCluster(directory, (from, to, lane, length, nowNs) -> HOP_NS);
            controller = cluster.startController(context -> context.requestPath().policy(policy));
            for (int i = 0; i < workerCount; i++) {
                final NodeClock clock = new NodeClock(cluster.time(), 7 * S * (i + 1), 10_000 * (i + 1));
                workers.add(cluster.startWorker(
                    new EmulatedBackend(new EmulatedContext().seed(i + 1)), clock, context -> { }));
            }
            ledger = cluster.checkers().ledger();
            load = new GeneratedLoad(cluster.time()).ledger(ledger);
            client = cluster.startClient(load, load, context -> context.maxInFlight(8192));
            assertTrue(cluster.runUntil(() -> client.client().isConnected(), S), "connect");
            client.client().register(
                RegisterSpec.profile("m", "resnet50_v2").count(modelCount), (status, detail, registered) -> {
                    models.addAll(registered);
                });
            cluster.wake(client);
            assertTrue(cluster.runUntil(() -> models.size() == modelCount, 10 * S), "register");
        }

        void load(final double ratePerS, final long durationNs) {
            final long[] ids = models.stream().mapToLong(ModelInfo::modelId).toArray();
            final LoadStream stream = new LoadStream(
                0, "all", new PoissonArrivals(ratePerS, new Xoshiro(1, "arrivals")), ids, new int[ids.length], sloNs,
                new Xoshiro(1, "choice"));
            driver = new LoadDriver(List.of(stream), load, recorder, 8192, cluster.time().nanoTime(), 0, durationNs);
            load.start(driver, List.of(models));
            cluster.wake(client);
        }

        Summary finish(final long limitNs) {
            assertTrue(cluster.runUntil(() -> driver.isDone(cluster.time().nanoTime()), limitNs),
                () -> "in flight " + driver.inFlight() + " " + Arrays.toString(models.toArray()));
            assertEquals(List.of(), cluster.errors());
            checkAll();
            return Summary.of(
                recorder, new Summary.Run(driver.recordedNs(), 0, 1, "test", Map.of(), false));
        }

        private void checkAll() {
            final Checkers checkers = cluster.checkers();
            final RequestPath path = controller.controller().agent().requestPath();
            cluster.runUntil(() -> checkers.isQuiet(path), 5 * S);
            checkers.checkQuiet(path);
            ledger.compare(recorder.count(Outcome.IN_TIME));
            assertEquals(0, checkers.findings().wrong(), checkers.findings()::toString);
            assertTrue(checkers.findings().looked(Check.MIRROR) > 0, checkers.findings()::toString);
        }

        @Override
        public void close() {
            cluster.close();
        }
    }
}
