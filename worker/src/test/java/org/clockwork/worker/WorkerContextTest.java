package org.clockwork.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.clockwork.device.DeviceStatus;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;
import org.clockwork.worker.StubController.ArtifactState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options and the life of a worker around its agent. */
class WorkerContextTest {
    private final ManualClock clock = new ManualClock(1);

    @Test
    void wrongOptionsAreNamed() {
        assertRefused("incarnation", c -> c.incarnation(0));
        assertRefused("name", c -> c.name(""));
        assertRefused("name", c -> c.name("x".repeat(129)));
        assertRefused("controllers", c -> c.controllers(List.of()));
        assertRefused("controllers has 'nowhere'", c -> c.controllers(List.of("nowhere")));
        assertRefused("queueCapacity=0", c -> c.limits().queueCapacity(0));
        assertRefused("inputArenaBytes=511", c -> c.limits().inputArenaBytes(511));
        assertRefused("maxPauseNs=4", c -> c.limits().minPauseNs(5).maxPauseNs(4));
        assertRefused("drainLingerNs=6", c -> c.limits().drainLimitNs(5).drainLingerNs(6));
        assertThrows(NullPointerException.class, () -> options().dialer(null).conclude());
        assertThrows(NullPointerException.class, () -> options().backend(null).conclude());
        assertThrows(NullPointerException.class, () -> options().nanoClock(null).conclude());
        assertThrows(NullPointerException.class, () -> options().errorHandler(null).conclude());
    }

    @Test
    void secondConcludeIsRefused() {
        final Worker.Context context = options().conclude();
        assertThrows(IllegalStateException.class, context::conclude);
    }

    @Test
    void storeThatIsAFileIsRefused(@TempDir final Path directory) throws Exception {
        final Path file = Files.createFile(directory.resolve("file"));
        assertThrows(UncheckedIOException.class, () -> options().storeDirectory(file).conclude());
    }

    @Test
    void propertiesGiveTheDefaults() {
        System.setProperty(WorkerLimits.INPUT_TIMEOUT_PROP_NAME, "30ms");
        System.setProperty(WorkerLimits.INPUT_ARENA_PROP_NAME, "3m");
        System.setProperty(WorkerLimits.QUEUE_CAPACITY_PROP_NAME, "77");
        System.setProperty(Worker.Context.CONTROLLERS_PROP_NAME, "a:1,b:2");
        System.setProperty(Worker.Context.NAME_PROP_NAME, "pat");
        try {
            final Worker.Context context = new Worker.Context();
            assertEquals(30_000_000, context.limits().inputTimeoutNs());
            assertEquals(3 << 20, context.limits().inputArenaBytes());
            assertEquals(77, context.limits().queueCapacity());
            assertEquals(List.of("a:1", "b:2"), context.controllers());
            assertEquals("pat", context.name());
            assertNull(context.storeDirectory());
        } finally {
            System.clearProperty(WorkerLimits.INPUT_TIMEOUT_PROP_NAME);
            System.clearProperty(WorkerLimits.INPUT_ARENA_PROP_NAME);
            System.clearProperty(WorkerLimits.QUEUE_CAPACITY_PROP_NAME);
            System.clearProperty(Worker.Context.CONTROLLERS_PROP_NAME);
            System.clearProperty(Worker.Context.NAME_PROP_NAME);
        }
    }

    @Test
    void ownInstallingThreadCompilesAndEnds() throws InterruptedException {
        final ScriptedBackend backend = new ScriptedBackend();
        final WorkerRig rig = new WorkerRig(c -> c.backend(backend).installExecutor(null)).connect();
        rig.controller.installProfile(1, 1, "any", 4);
        final long limitNs = System.nanoTime() + 10_000_000_000L;
        while (rig.controller.all(ArtifactState.class).stream().noneMatch(s -> s.phase() == ArtifactPhase.READY)) {
            assertTrue(System.nanoTime() < limitNs, "never ready");
            rig.settle();
            Thread.onSpinWait();
        }
        rig.controller.load(1, rig.now(), rig.now(), 100, 1);
        rig.settle();
        backend.device.finish(DeviceStatus.OK, rig.now());
        rig.settle();
        rig.close();
        assertEquals(0, backend.openModels);
        assertTrue(backend.isClosed);
        assertEquals(0, rig.agent.doWork(rig.now()));
        assertEquals(Long.MAX_VALUE, rig.agent.nextWakeNs(rig.now()));
        for (final Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().equals("worker-w1-install")) {
                thread.join(10_000);
                assertFalse(thread.isAlive());
            }
        }
    }

    private Worker.Context options() {
        return new Worker.Context().name("w").incarnation(1).nanoClock(clock).errorHandler(t -> { })
            .dialer(new MemoryNetwork(clock).dialer("w")).backend(new ScriptedBackend()).installExecutor(Runnable::run);
    }

    private void assertRefused(final String expected, final Consumer<Worker.Context> change) {
        final Worker.Context context = options();
        change.accept(context);
        final String message = assertThrows(IllegalArgumentException.class, context::conclude).getMessage();
        assertTrue(message.contains(expected), message);
    }
}
