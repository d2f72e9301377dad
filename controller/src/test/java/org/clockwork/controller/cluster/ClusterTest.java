package org.clockwork.controller.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.controller.ScriptedWorker;
import org.clockwork.controller.ScriptedWorker.DeviceSpec;
import org.clockwork.controller.ScriptedWorker.Held;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.model.ModelCatalogue;
import org.clockwork.controller.model.Profile;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DrainingDecoder;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.schema.codec.HelloAckDecoder;
import org.clockwork.schema.codec.HelloDecoder;
import org.clockwork.schema.codec.InventoryDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.WorkerPhase;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.memory.MemoryListener;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that join, live, drain and go, with all that can be wrong about a HELLO. */
final class ClusterTest {
    private static final long MS = 1_000_000L;
    private static final long TIMEOUT_NS = 500 * MS;
    private static final byte[] KEY = new byte[32];

    private final ManualClock clock = new ManualClock(3_000 * MS);
    private final MemoryNetwork network = new MemoryNetwork(clock);
    private final MemoryListener listener = network.listen("workers");
    private final List<String> log = new ArrayList<>();
    private final ControllerCounters counters = new ControllerCounters.InMemory();
    private final Artifact artifact =
        new Artifact(0, KEY, KEY, 0, "p", Map.of(), 1, new Profile(10, 99));
    private final Model model = new Model((5L << 32) | 1, 1, "known", artifact);
    private final List<ScriptedWorker> workers = new ArrayList<>();
    private final String[] leader = new String[1];
    private final Cluster cluster = new Cluster(
        new Cluster.Options(42, 3, 5, 10, 50 * MS, TIMEOUT_NS, 1024),
        (name, credentials) -> credentials.length != 3,
        () -> leader[0],
        new ModelCatalogue() {
            @Override
            public Model byId(final long modelId) {
                return modelId == model.id ? model : null;
            }

            @Override
            public void onProfiled(final Artifact profiled, final long nowNs) {
                throw new AssertionError("nothing is profiled here");
            }
        },
        new Recorder(), new Installs(), counters);
    private long nextIncarnation = 50;

    @Test
    void aWorkerIsLiveWithItsInventoryAndItsClock() {
        final ScriptedWorker worker = worker("w").emulated(2);
        worker.answersHeartbeats = false;
        worker.hello();
        settle();
        assertEquals(WorkerPhase.JOINING, cluster.worker(0).phase);
        assertEquals(0, worker.received.size());
        worker.inventory(List.of(), false);
        settle();
        assertEquals(0, worker.received.size(), "more of the inventory is to come");
        worker.inventory(List.of(), true);
        settle();
        final HelloAckDecoder ack = worker.last(new HelloAckDecoder());
        assertEquals(Status.OK, ack.status());
        assertEquals(42, ack.epoch());
        assertEquals(50 * MS, ack.heartbeatNs());
        assertEquals(TIMEOUT_NS, ack.timeoutNs());
        assertEquals(1024, ack.inlineBytes());
        assertEquals(WorkerPhase.JOINING, cluster.worker(0).phase, "its clock is not known");
        assertEquals(1, worker.count(new HeartbeatDecoder()));
        worker.heartbeat(7_000 * MS, HeartbeatDecoder.echoSentNsNullValue(), HeartbeatDecoder.echoReceivedNsNullValue());
        settle();
        assertEquals(WorkerPhase.JOINING, cluster.worker(0).phase, "that was no sample");
        worker.heartbeat(7_000 * MS, clock.nanoTime(), 7_000 * MS);
        settle();
        assertEquals(List.of("live w", "installs live w"), log);
        assertTrue(cluster.worker(0).isLive());
        assertEquals(4_000 * MS, cluster.worker(0).clock.offsetNs());
        assertEquals(1, counters.get(ControllerCounter.WORKERS_JOINED));
    }

    @Test
    void whatItsDevicesHoldIsToldBeforeItIsLive() {
        final ScriptedWorker worker = worker("w").emulated(1);
        worker.devices.set(0, new DeviceSpec(1 << 24, 20, 8, 16, 2, true, "d"));
        worker.hello();
        final byte[] otherKey = new byte[32];
        Arrays.fill(otherKey, (byte) 9);
        worker.inventory(List.of(new Held(0, model.id, 3, KEY), new Held(0, 77, 4, KEY)), false);
        worker.inventory(List.of(), false);
        worker.inventory(List.of(new Held(0, model.id + 1, 5, otherKey)), true);
        settle();
        assertEquals(List.of(
            "held known 3", "unknown 77 4", "unknown " + (model.id + 1) + " 5", "live w", "installs live w"), log);
        assertEquals(8, cluster.worker(0).devices.get(0).freePages);
        assertEquals(0, cluster.worker(0).devices.get(0).slot);
        assertEquals(cluster.worker(0), cluster.worker(0).devices.get(0).worker);
    }

    @Test
    void aModelOfTheSameIdButOverAnotherArtifactIsUnknown() {
        final ScriptedWorker worker = worker("w").emulated(1);
        worker.devices.set(0, new DeviceSpec(1 << 24, 20, 8, 16, 2, true, "d"));
        worker.hello();
        final byte[] otherKey = new byte[32];
        otherKey[31] = 1;
        worker.inventory(List.of(new Held(0, model.id, 3, otherKey)), true);
        settle();
        assertEquals("unknown " + model.id + " 3", log.get(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"device", "negative", "more than occupied", "twice", "too many"})
    void anInventoryThatContradictsTheHelloIsRefused(final String what) {
        final ScriptedWorker worker = worker("w").emulated(2);
        worker.devices.set(0, new DeviceSpec(1 << 24, 20, 8, 16, 2, true, "d"));
        worker.hello();
        final List<Held> held = new ArrayList<>();
        switch (what) {
            case "device" -> held.add(new Held(2, 1, 1, KEY));
            case "negative" -> held.add(new Held(0, 1, -1, KEY));
            case "more than occupied" -> held.addAll(List.of(new Held(0, 1, 10, KEY), new Held(0, 2, 3, KEY)));
            case "twice" -> held.addAll(List.of(new Held(0, 1, 1, KEY), new Held(0, 1, 1, KEY)));
            default -> {
                for (int i = 0; i < 11; i++) {
                    held.add(new Held(0, i, 1, KEY));
                }
            }
        }
        worker.inventory(held, true);
        settle();
        assertEquals(Status.INVALID_HELLO, worker.last(new HelloAckDecoder()).status());
        assertNull(cluster.worker(0));
        assertEquals(List.of(), log);
        worker.hello();
        worker.inventory(List.of(new Held(0, 1, 10, KEY), new Held(0, 2, 2, KEY)), true);
        settle();
        assertEquals(Status.OK, worker.last(new HelloAckDecoder()).status(), "it may try again on the same link");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "no devices", "too many devices", "pageBytes", "totalPages", "freePages", "free over total", "maxBatch", "inferDepth",
        "mixed", "description", "name", "backend"})
    void aHelloThatContradictsItselfIsRefused(final String what) {
        final ScriptedWorker worker = worker(what.equals("name") ? "a b" : "w").emulated(1);
        switch (what) {
            case "no devices" -> worker.devices.clear();
            case "too many devices" -> worker.emulated(5);
            case "pageBytes" -> worker.devices.set(0, new DeviceSpec(0, 1, 1, 1, 1, true, "d"));
            case "totalPages" -> worker.devices.set(0, new DeviceSpec(1, -1, -1, 1, 1, true, "d"));
            case "freePages" -> worker.devices.set(0, new DeviceSpec(1, 1, -1, 1, 1, true, "d"));
            case "free over total" -> worker.devices.set(0, new DeviceSpec(1, 1, 2, 1, 1, true, "d"));
            case "maxBatch" -> worker.devices.set(0, new DeviceSpec(1, 1, 1, 0, 1, true, "d"));
            case "inferDepth" -> worker.devices.set(0, new DeviceSpec(1, 1, 1, 1, 0, true, "d"));
            case "mixed" -> worker.devices.add(new DeviceSpec(1, 1, 1, 1, 1, false, "d"));
            case "description" -> worker.devices.set(0, new DeviceSpec(1, 1, 1, 1, 1, true, "d".repeat(257)));
            case "backend" -> worker.backend = "";
            default -> assertEquals("a b", worker.name);
        }
        worker.join();
        settle();
        assertEquals(Status.INVALID_HELLO, worker.last(new HelloAckDecoder()).status());
        assertEquals(0, cluster.count());
        assertEquals(1, counters.get(ControllerCounter.HELLOS_REFUSED));
    }

    @Test
    void theLeastHelloThatMakesSenseIsAccepted() {
        final ScriptedWorker worker = worker("w");
        worker.devices.add(new DeviceSpec(1, 0, 0, 1, 1, true, ""));
        worker.join();
        settle();
        assertTrue(cluster.worker(0).isLive());
    }

    @Test
    void versionCredentialsAndLeadershipComeFirst() {
        final ScriptedWorker worker = worker("w").emulated(1);
        worker.hello(Protocol.VERSION + 1, new byte[0]);
        settle();
        assertEquals(Status.INCOMPATIBLE_VERSION, worker.last(new HelloAckDecoder()).status());
        worker.hello(Protocol.VERSION, new byte[3]);
        settle();
        assertEquals(Status.AUTHENTICATION_FAILED, worker.last(new HelloAckDecoder()).status());
        leader[0] = "elsewhere:1";
        worker.hello();
        settle();
        assertEquals(Status.REDIRECT, worker.last(new HelloAckDecoder()).status());
        assertEquals("elsewhere:1", worker.last(new HelloAckDecoder()).detail());
        assertEquals(0, cluster.count());
    }

    @Test
    void aHelloThatIsRepeatedIsAnsweredAgainAndASecondOneIsRefused() {
        final ScriptedWorker worker = live("w");
        worker.forget();
        worker.hello();
        settle();
        assertEquals(Status.DUPLICATE_INCARNATION, worker.last(new HelloAckDecoder()).status());
        assertTrue(cluster.worker(0).isLive(), "the first goes on");

        final ScriptedWorker twin = new ScriptedWorker(network.dialer("t"), "other", worker.incarnation);
        dial(twin.emulated(1));
        twin.hello();
        settle();
        assertEquals(Status.DUPLICATE_INCARNATION, twin.last(new HelloAckDecoder()).status());

        final ScriptedWorker sameLink = new ScriptedWorker(network.dialer("t"), "w", worker.incarnation);
        sameLink.link = worker.link;
        sameLink.emulated(1).hello();
        settle();
        assertEquals(Status.OK, worker.last(new HelloAckDecoder()).status(), "the same correlation id: a repetition");

        final ScriptedWorker intruder = new ScriptedWorker(network.dialer("t"), "third", 999);
        intruder.link = worker.link;
        intruder.emulated(1).hello();
        settle();
        assertEquals(Status.INVALID_HELLO, worker.last(new HelloAckDecoder()).status());
        assertEquals(1, cluster.count());
    }

    @Test
    void aNameBelongsToOneWorkerUntilItIsGone() {
        final ScriptedWorker first = live("w");
        final ScriptedWorker second = worker("w").emulated(1);
        second.join();
        settle();
        assertEquals(Status.DUPLICATE_WORKER_NAME, second.last(new HelloAckDecoder()).status());
        assertTrue(cluster.worker(0).isLive());

        network.cut(first.link);
        workers.remove(first);
        for (int i = 0; i < 500; i++) {
            clock.advance(MS);
            settle();
            second.join();
            settle();
            if (cluster.worker(0) != null && cluster.worker(0).incarnation == second.incarnation) {
                break;
            }
        }
        assertEquals(TIMEOUT_NS, clock.nanoTime() - 3_000 * MS, 2 * MS);
        assertEquals(List.of("live w", "installs live w", "lost w", "installs leaves w", "live w", "installs live w"), log);
    }

    @Test
    void aWorkerThatClosesItsLinkMakesRoomAtOnce() {
        final ScriptedWorker first = live("w");
        first.link.close();
        settle();
        assertEquals(0, cluster.count());
        final ScriptedWorker second = live("w");
        assertEquals(second.incarnation, cluster.worker(0).incarnation);
        assertEquals(1, counters.get(ControllerCounter.WORKERS_LOST));
    }

    @Test
    void slotsOfWorkersAndDevicesAreUsedAgainFromTheLowest() {
        final ScriptedWorker first = live("a", 2);
        live("b", 1);
        assertEquals(2, cluster.worker(1).devices.get(0).slot);
        first.link.close();
        settle();
        live("c", 3);
        assertEquals(List.of(0, 1, 3), cluster.worker(0).devices.stream().map(device -> device.slot).toList());
        final ScriptedWorker tooMany = worker("d").emulated(2);
        tooMany.join();
        settle();
        assertEquals(Status.TOO_MANY_SESSIONS, tooMany.last(new HelloAckDecoder()).status(), "five devices at most");
        live("e", 1);
        final ScriptedWorker fourth = worker("f").emulated(1);
        fourth.join();
        settle();
        assertEquals(Status.TOO_MANY_SESSIONS, fourth.last(new HelloAckDecoder()).status(), "three workers at most");
    }

    @Test
    void heartbeatsGoOutAtTheirTimeAndSilenceEndsAWorkerAtIts() {
        final ScriptedWorker worker = live("w");
        worker.forget();
        worker.answersHeartbeats = false;
        final long lastNs = cluster.worker(0).lastReceivedNs;
        clock.set(lastNs + 50 * MS - 1);
        settle();
        assertEquals(0, worker.count(new HeartbeatDecoder()));
        clock.advance(1);
        settle();
        assertEquals(1, worker.count(new HeartbeatDecoder()));
        assertEquals(clock.nanoTime(), worker.last(new HeartbeatDecoder()).sentNs());
        assertEquals(42, worker.last(new HeartbeatDecoder()).epoch());
        clock.set(lastNs + TIMEOUT_NS - 2 * MS);
        settle();
        clock.set(lastNs + TIMEOUT_NS - 1);
        settle();
        assertTrue(cluster.worker(0).isLive());
        assertEquals(lastNs + TIMEOUT_NS, cluster.nextWakeNs(), "and that is when there is something to do");
        clock.set(lastNs + TIMEOUT_NS);
        settle();
        assertNull(cluster.worker(0));
        assertEquals(List.of("live w", "installs live w", "lost w", "installs leaves w"), log);
        assertTrue(worker.link.isClosed(), "so that it notices");
        assertEquals(Long.MAX_VALUE, cluster.nextWakeNs());
    }

    @Test
    void aHeartbeatOfAnotherIncarnationIsNone() {
        final ScriptedWorker worker = live("w");
        final long offsetNs = cluster.worker(0).clock.offsetNs();
        final ScriptedWorker other = new ScriptedWorker(network.dialer("o"), "o", 999);
        other.link = worker.link;
        other.heartbeat(99 * MS, clock.nanoTime(), 99 * MS);
        settle();
        assertEquals(1, counters.get(ControllerCounter.UNEXPECTED));
        assertEquals(offsetNs, cluster.worker(0).clock.offsetNs());
    }

    @Test
    void aDrainingWorkerIsToldAndGoesWithItsLink() {
        final ScriptedWorker worker = live("w");
        worker.draining();
        worker.draining();
        settle();
        assertEquals(WorkerPhase.DRAINING, cluster.worker(0).phase);
        assertTrue(cluster.worker(0).wasLive());
        assertFalse(cluster.worker(0).isLive());
        assertEquals(1, counters.get(ControllerCounter.UNEXPECTED), "the second time");
        worker.link.close();
        settle();
        assertEquals(List.of(
            "live w", "installs live w", "draining w", "installs leaves w", "lost w", "installs leaves w"), log);
    }

    @Test
    void whoDrainsWhileJoiningIsNeverLeftWithWork() {
        final ScriptedWorker worker = worker("w").emulated(1);
        worker.hello();
        worker.draining();
        worker.inventory(List.of(), true);
        settle();
        assertEquals(WorkerPhase.DRAINING, cluster.worker(0).phase);
        assertEquals(List.of("live w", "installs live w", "draining w", "installs leaves w"), log);
    }

    @Test
    void whoNeverCompletesItsJoiningIsGivenUp() {
        final ScriptedWorker worker = worker("w").emulated(1);
        worker.hello();
        for (int i = 0; i < 99; i++) {
            settle();
            assertNotNull(cluster.worker(0));
            clock.advance(50 * MS);
            worker.heartbeat(1, HeartbeatDecoder.echoSentNsNullValue(), HeartbeatDecoder.echoReceivedNsNullValue());
        }
        settle();
        clock.advance(50 * MS);
        settle();
        assertNull(cluster.worker(0));
        assertEquals(Status.INVALID_HELLO, worker.last(new HelloAckDecoder()).status());
        assertEquals(List.of(), log);
    }

    @Test
    void aStepOfItsClockIsCounted() {
        final ScriptedWorker worker = live("w");
        for (int i = 0; i < 20; i++) {
            clock.advance(50 * MS);
            settle();
        }
        worker.clock = ns -> ns + 5_000 * MS;
        for (int i = 0; i < 5; i++) {
            clock.advance(50 * MS);
            settle();
        }
        assertEquals(1, counters.get(ControllerCounter.CLOCK_STEPS));
        assertEquals(2, counters.get(ControllerCounter.CLOCK_SAMPLES_DROPPED));
        assertEquals(5_000 * MS, cluster.worker(0).clock.offsetNs());
    }

    private ScriptedWorker live(final String name) {
        return live(name, 1);
    }

    private ScriptedWorker live(final String name, final int devices) {
        final ScriptedWorker worker = worker(name).emulated(devices);
        worker.join();
        settle();
        assertEquals(Status.OK, worker.last(new HelloAckDecoder()).status());
        return worker;
    }

    private ScriptedWorker worker(final String name) {
        return dial(new ScriptedWorker(network.dialer(name), name, nextIncarnation++));
    }

    private ScriptedWorker dial(final ScriptedWorker worker) {
        worker.dial("workers");
        workers.add(worker);
        settle();
        return worker;
    }

    private void settle() {
        final LinkObserver links = new LinkObserver() {
            @Override
            public void onLinkUp(final Link link) {
                // nobody yet
            }

            @Override
            public void onLinkDown(final Link link) {
                cluster.onLinkDown(link, clock.nanoTime());
            }
        };
        for (int i = 0; i < 6; i++) {
            listener.poll(Link.CONTROL, this::onMessage, 100);
            listener.poll(links);
            cluster.tick(clock.nanoTime());
            workers.forEach(worker -> worker.poll(clock.nanoTime()));
        }
    }

    private void onMessage(final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(buffer, offset);
        if (header.templateId() == HelloDecoder.TEMPLATE_ID) {
            cluster.onHello(link, new HelloDecoder().wrapAndApplyHeader(buffer, offset, header), clock.nanoTime());
            return;
        }
        final WorkerState worker = cluster.byLink(link);
        if (worker == null) {
            return;
        }
        worker.lastReceivedNs = clock.nanoTime();
        switch (header.templateId()) {
            case InventoryDecoder.TEMPLATE_ID -> cluster.onInventory(
                worker, new InventoryDecoder().wrapAndApplyHeader(buffer, offset, header), clock.nanoTime());
            case HeartbeatDecoder.TEMPLATE_ID -> cluster.onHeartbeat(
                worker, new HeartbeatDecoder().wrapAndApplyHeader(buffer, offset, header), clock.nanoTime());
            case DrainingDecoder.TEMPLATE_ID -> cluster.onDraining(
                worker, new DrainingDecoder().wrapAndApplyHeader(buffer, offset, header), clock.nanoTime());
            default -> throw new AssertionError(header.templateId());
        }
    }

    /** Writes down what the way of requests is told. */
    private final class Recorder implements ClusterObserver {
        @Override
        public void onWorkerLive(final WorkerState worker, final long nowNs) {
            log.add("live " + worker.name);
        }

        @Override
        public void onHeld(final DeviceState device, final Model held, final int pages, final long nowNs) {
            log.add("held " + held.name + ' ' + pages);
        }

        @Override
        public void onHeldUnknown(final DeviceState device, final long modelId, final int pages, final long nowNs) {
            log.add("unknown " + modelId + ' ' + pages);
        }

        @Override
        public void onWorkerDraining(final WorkerState worker, final long nowNs) {
            log.add("draining " + worker.name);
        }

        @Override
        public void onWorkerLost(final WorkerState worker, final long nowNs) {
            log.add("lost " + worker.name);
        }

        @Override
        public void onArtifactInstalled(final WorkerState worker, final Artifact installed, final long nowNs) {
            throw new AssertionError();
        }

        @Override
        public void onArtifactForgotten(final WorkerState worker, final Artifact forgotten, final long nowNs) {
            throw new AssertionError();
        }

        @Override
        public void onModelRegistered(final Model registered, final long nowNs) {
            throw new AssertionError();
        }

        @Override
        public void onModelGone(final Model gone, final Status status, final long nowNs) {
            throw new AssertionError();
        }

        @Override
        public void onSessionClosed(final ClientSession session, final long nowNs) {
            throw new AssertionError();
        }
    }

    /** Writes down what the deployer is told. */
    private final class Installs implements Cluster.Listener {
        @Override
        public void onWorkerLive(final WorkerState worker, final long nowNs) {
            log.add("installs live " + worker.name);
        }

        @Override
        public void onWorkerLeaves(final WorkerState worker, final long nowNs) {
            log.add("installs leaves " + worker.name);
        }
    }
}
