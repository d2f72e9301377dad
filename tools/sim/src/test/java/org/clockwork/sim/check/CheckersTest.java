package org.clockwork.sim.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.client.RequestSpec;
import org.clockwork.controller.RequestPath;
import org.clockwork.controller.RequestPathContext;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Operation;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.clockwork.sim.cluster.SimCluster;
import org.clockwork.sim.cluster.SimNode;
import org.clockwork.sim.time.NodeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are wrong on purpose: each checker finds what it is there for, and nothing in a right run. */
class CheckersTest {
    private static final long MS = 1_000_000L;
    private static final String WORKER = "worker-0";

    @TempDir
    private Path directory;
    private long nowNs = 5_000;
    private final Findings findings = new Findings(() -> nowNs);

    @Test
    void aRightRunHasNoFindings() {
        final Checkers checkers = run(operation -> { }, null);
        assertEquals(0, checkers.findings().wrong(), checkers.findings()::toString);
        for (final Check check : List.of(
            Check.EXECUTED, Check.ENGINE, Check.WINDOW, Check.PAGES, Check.MIRROR, Check.ACTION_END)) {
            assertTrue(checkers.findings().looked(check) > 0, check::sentence);
        }
    }

    @Test
    void twoThingsOnOneEngine() {
        final Checkers checkers = run(operation -> {
            if (operation.kind == Operation.Kind.INFER) {
                operation.executeNs += 40 * MS;
            }
        }, null);
        assertTrue(checkers.findings().wrong(Check.ENGINE) > 0, checkers.findings()::toString);
    }

    @Test
    void aStartAfterItsWindow() {
        final Checkers checkers = run(operation -> {
            if (operation.kind == Operation.Kind.INFER && operation.actionId % 3 == 0) {
                operation.executeStartNs = operation.latestNs + operation.copyInNs + 1;
            }
        }, null);
        assertTrue(checkers.findings().wrong(Check.WINDOW) > 0, checkers.findings()::toString);
    }

    @Test
    void anUnloadThatTheControllerDoesNotKnowOf() {
        try (Rig rig = new Rig(directory, operation -> { }, null)) {
            rig.infer(10);
            final CheckedDevice device = rig.cluster.checkers().device(WORKER, 0);
            final Operation unload = new Operation(1);
            unload.kind = Operation.Kind.UNLOAD;
            unload.modelId = rig.models.get(0).modelId();
            assertTrue(device.start(unload, rig.worker.clock().nanoTime()));
            assertEquals(1, device.poll(operation -> { }, rig.worker.clock().nanoTime()));
            rig.checkQuiet();
            assertEquals(4, rig.cluster.checkers().findings().wrong(Check.MIRROR), rig.findings());
        }
    }

    @Test
    void moreOnTheDeviceThanTheMirrorHas() {
        try (Rig rig = new Rig(directory, operation -> { }, null)) {
            rig.infer(3);
            final CheckedDevice device = rig.cluster.checkers().device(WORKER, 0);
            final Operation load = new Operation(1);
            load.kind = Operation.Kind.LOAD;
            load.modelId = Ids.id(7, 99);
            load.model = rig.compiled();
            assertTrue(device.start(load, rig.worker.clock().nanoTime()));
            rig.cluster.runFor(100 * MS);
            assertEquals(1, device.poll(operation -> { }, rig.worker.clock().nanoTime()));
            rig.checkQuiet();
            assertTrue(rig.cluster.checkers().findings().wrong(Check.MIRROR) > 0, rig.findings());
        }
    }

    @Test
    void pagesOfWhatWasNeverLoadedAndWeightsThatAreNotThere() {
        final Checkers checkers = run(operation -> {
            if (operation.kind == Operation.Kind.INFER) {
                operation.modelId += 1L << 40;
            }
        }, null);
        assertTrue(checkers.findings().wrong(Check.PAGES) > 0, checkers.findings()::toString);
    }

    @Test
    void aRefusalWithoutReason() {
        final RefusalCounts counts = new RefusalCounts();
        final List<Findings> second = new ArrayList<>();
        run(operation -> { }, (cluster, options) -> {
            final Findings found = new Findings(cluster.time());
            second.add(found);
            return new Liar(new PathChecks(options, cluster.checkers().wire(), found, counts), Status.DEADLINE_UNREACHABLE);
        });
        assertTrue(second.get(0).wrong(Check.REFUSAL) > 10, second.get(0)::toString);
        assertEquals(0, counts.verified());
    }

    @Test
    void aChoiceOfPolicyIsCountedApart() {
        final RefusalCounts counts = new RefusalCounts();
        final List<Findings> second = new ArrayList<>();
        run(operation -> { }, (cluster, options) -> {
            final Findings found = new Findings(cluster.time());
            second.add(found);
            return new Liar(new PathChecks(options, cluster.checkers().wire(), found, counts), Status.SHED);
        });
        assertEquals(0, second.get(0).wrong(), second.get(0)::toString);
        assertEquals("{SHED=30}", counts.byPolicyStatus().toString());
    }

    @Test
    void anAnswerThatNothingExecuted() {
        final List<Findings> second = new ArrayList<>();
        run(operation -> { }, (cluster, options) -> {
            final Findings found = new Findings(cluster.time());
            second.add(found);
            return new PathChecks(options, new WireChecks(found), found, new RefusalCounts());
        });
        assertEquals(30, second.get(0).wrong(Check.EXECUTED), second.get(0)::toString);
    }

    @Test
    void anActionThatEndsTwiceOrNeverBegan() {
        final List<Findings> second = new ArrayList<>();
        run(operation -> { }, (cluster, options) -> {
            final Findings found = new Findings(cluster.time());
            second.add(found);
            final PathChecks checks = new PathChecks(options, cluster.checkers().wire(), found, new RefusalCounts());
            return new PathObserver() {
                @Override
                public void onActionEnded(
                    final Action action, final Status status, final long startNs, final long copyInNs,
                    final long executeNs, final long copyOutNs, final long endNs, final long atNs) {
                    checks.onActionEnded(action, status, startNs, copyInNs, executeNs, copyOutNs, endNs, atNs);
                }
            };
        });
        assertTrue(second.get(0).wrong(Check.ACTION_END) > 0, second.get(0)::toString);
    }

    @Test
    void aRequestThatEndsTwiceOrNever() {
        final RequestLedger ledger = new RequestLedger(() -> nowNs, findings);
        ledger.onOffered(Ids.id(0, 3), nowNs, 100, true);
        ledger.onOffered(Ids.id(0, 4), nowNs, 100, true);
        nowNs += 100;
        ledger.onEnded(Ids.id(0, 3), Status.OK.value());
        assertEquals(0, findings.wrong());
        ledger.onEnded(Ids.id(0, 3), Status.OK.value());
        assertEquals(1, findings.wrong(Check.ONE_END));
        ledger.onEnded(Ids.id(1, 4), Status.OK.value());
        assertEquals(2, findings.wrong(Check.ONE_END));
        ledger.compare(1);
        assertEquals(3, findings.wrong(Check.ONE_END), "one request has no end");
        assertEquals(0, findings.wrong(Check.IN_TIME));
    }

    @Test
    void inTimeToTheNanosecond() {
        final RequestLedger ledger = new RequestLedger(() -> nowNs, findings);
        ledger.onOffered(1, nowNs, 100, true);
        ledger.onOffered(2, nowNs, 99, true);
        ledger.onOffered(3, nowNs, 100, false);
        ledger.onOffered(4, nowNs, Protocol.NULL_NS, true);
        nowNs += 100;
        for (int tag = 1; tag <= 4; tag++) {
            ledger.onEnded(tag, Status.OK.value());
        }
        ledger.compare(2);
        assertEquals(0, findings.wrong(), findings::toString);
        ledger.compare(3);
        assertEquals(1, findings.wrong(Check.IN_TIME));
    }

    private Checkers run(final Consumer<Operation> lie, final ObserverMaker maker) {
        try (Rig rig = new Rig(directory, lie, maker)) {
            rig.infer(30);
            rig.checkQuiet();
            assertFalse(rig.cluster.checkers().findings().looked(Check.WINDOW) == 0);
            return rig.cluster.checkers();
        }
    }

    /** Makes the second observer of a controller. */
    private interface ObserverMaker {
        PathObserver make(SimCluster cluster, RequestPathContext options);
    }

    /** Tells a checker the truth but for how requests ended. */
    private static final class Liar implements PathObserver {
        private final PathChecks checks;
        private final Status status;

        Liar(final PathChecks checks, final Status status) {
            this.checks = checks;
            this.status = status;
        }

        @Override
        public void onActionMade(final Action action, final long nowNs) {
            checks.onActionMade(action, nowNs);
        }

        @Override
        public void onActionEnded(
            final Action action, final Status ignored, final long startNs, final long copyInNs,
            final long executeNs, final long copyOutNs, final long endNs, final long nowNs) {
            checks.onActionEnded(action, ignored, startNs, copyInNs, executeNs, copyOutNs, endNs, nowNs);
        }

        @Override
        public void onRequestEnded(final Request request, final Status ignored, final long totalNs, final long nowNs) {
            checks.onRequestEnded(request, status, totalNs, nowNs);
        }
    }

    /** A controller, one worker of one device that lies, and a client. */
    private static final class Rig implements AutoCloseable {
        private final SimCluster cluster;
        private final SimNode controller;
        private final SimNode worker;
        private final SimNode client;
        private final LyingBackend backend;
        private final List<ModelInfo> models = new ArrayList<>();
        private final List<Status> ends = new ArrayList<>();

        Rig(final Path directory, final Consumer<Operation> lie, final ObserverMaker maker) {
            cluster = new SimCluster(directory, (from, to, lane, length, atNs) -> 50_000);
            controller = cluster.startController(context -> {
                if (maker != null) {
                    context.requestPath().observer(maker.make(cluster, context.requestPath()));
                }
            });
            backend = new LyingBackend(new EmulatedBackend(new EmulatedContext()), lie);
            worker = cluster.startWorker(backend, new NodeClock(cluster.time(), 3_000 * MS, 5_000), context -> { });
            client = cluster.startClient(result -> ends.add(result.status()), null, context -> { });
            assertTrue(cluster.runUntil(() -> client.client().isConnected(), 1_000 * MS), "connect");
            client.client().register(RegisterSpec.profile("m", "resnet50_v2").count(4),
                (status, detail, registered) -> models.addAll(registered));
            cluster.wake(client);
            assertTrue(cluster.runUntil(() -> !models.isEmpty(), 5_000 * MS), "register");
        }

        void infer(final int count) {
            for (int i = 0; i < count; i++) {
                assertTrue(client.client().infer(
                    new RequestSpec().model(models.get(i % 2)).sloNs(100 * MS).generatedInput(i).omitOutput(true),
                    client.clock().nanoTime()) >= 0);
                cluster.wake(client);
                cluster.runFor(i % 5 == 4 ? 20 * MS : MS / 10);
            }
            assertTrue(cluster.runUntil(() -> ends.size() == count, 2_000 * MS), "ends " + ends);
        }

        void checkQuiet() {
            final RequestPath path = controller.controller().agent().requestPath();
            cluster.runUntil(() -> cluster.checkers().isQuiet(path), 1_000 * MS);
            cluster.checkers().checkQuiet(path);
        }

        CompiledModel compiled() {
            return backend.lastCompiled();
        }

        String findings() {
            return cluster.checkers().findings().toString();
        }

        @Override
        public void close() {
            cluster.close();
        }
    }
}
