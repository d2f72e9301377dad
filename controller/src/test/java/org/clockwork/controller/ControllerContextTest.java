package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.clockwork.controller.model.CatalogueException;
import org.clockwork.controller.storage.DiskFiles;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options: defaults, properties, and relations that are checked with names and values. */
final class ControllerContextTest {
    private final ManualClock clock = new ManualClock(0);
    private final MemoryNetwork network = new MemoryNetwork(clock);
    private final List<Throwable> errors = new ArrayList<>();
    private int listeners;

    @TempDir
    Path directory;

    @Test
    void whatIsNeededMustBeThere() {
        assertRefused("clock=null", context -> context.clock(null));
        assertRefused("clientListener=null", context -> context.clientListener(null));
        assertRefused("workerListener=null", context -> context.workerListener(null));
        assertRefused("errorHandler=null", context -> context.errorHandler(null));
        assertRefused("an option is null", context -> context.directory(null));
        assertRefused("an option is null", context -> context.redirect(null));
    }

    @Test
    void relationsAreCheckedAtTheirEdges() {
        assertRefused("maxSessions=0", context -> context.maxSessions(0));
        assertRefused("timeoutNs=100000000", context -> context.timeoutNs(100_000_000));
        context(context -> context.timeoutNs(100_000_001)).conclude();
        assertRefused("heartbeatNs=999999", context -> context.heartbeatNs(999_999));
        context(context -> context.heartbeatNs(1_000_000)).conclude();
        assertRefused("defaultMaxBatch=65", context -> context.defaultMaxBatch(65));
        assertRefused("defaultMaxBatch=0", context -> context.defaultMaxBatch(0));
        context(context -> context.defaultMaxBatch(64)).conclude();
        assertRefused("maxDevices=5 must be at least maxWorkers=6", context -> context.maxDevices(5).maxWorkers(6));
        assertRefused("maxTransfers=17 times bulkLimit=4", context -> context.maxTransfers(17));
        context(context -> context.maxTransfers(16)).conclude();
        assertRefused("profilePercentile=0.0", context -> context.profilePercentile(0));
        assertRefused("profilePercentile=100.1", context -> context.profilePercentile(100.1));
        context(context -> context.profilePercentile(100)).conclude();
        assertRefused("inlineBytes=30721", context -> context.inlineBytes(30_721));
        context(context -> context.inlineBytes(0)).conclude();
    }

    @Test
    void aSecondConcludeIsRefused() {
        final Controller.Context context = context(each -> { });
        context.conclude();
        assertThrows(IllegalStateException.class, context::conclude);
    }

    @Test
    void propertiesAreTheDefaults() {
        System.setProperty(Configuration.TIMEOUT_PROP_NAME, "750ms");
        System.setProperty(Configuration.MAX_BYTES_PROP_NAME, "3m");
        System.setProperty(Configuration.MAX_SESSIONS_PROP_NAME, "7");
        System.setProperty(Configuration.INLINE_BYTES_PROP_NAME, "2k");
        try {
            final Controller.Context context = new Controller.Context();
            assertEquals(750_000_000, context.timeoutNs());
            assertEquals(3 << 20, context.maxBytes());
            assertEquals(7, context.maxSessions());
            assertEquals(2048, context.inlineBytes());
            assertEquals(Configuration.HEARTBEAT_DEFAULT_NS, context.heartbeatNs());
            System.setProperty(Configuration.MAX_SESSIONS_PROP_NAME, "seven");
            final Exception ex = assertThrows(IllegalArgumentException.class, Controller.Context::new);
            assertTrue(ex.getMessage().contains(Configuration.MAX_SESSIONS_PROP_NAME + "=seven"), ex.getMessage());
        } finally {
            System.clearProperty(Configuration.TIMEOUT_PROP_NAME);
            System.clearProperty(Configuration.MAX_BYTES_PROP_NAME);
            System.clearProperty(Configuration.MAX_SESSIONS_PROP_NAME);
            System.clearProperty(Configuration.INLINE_BYTES_PROP_NAME);
        }
    }

    @Test
    void aDamagedCatalogueStopsTheLaunchAndFreesEverything() throws Exception {
        Files.writeString(directory.resolve("catalogue.json"), "{\"format\" : 1");
        final CatalogueException ex =
            assertThrows(CatalogueException.class, () -> Controller.launch(context(each -> { })));
        assertTrue(ex.getMessage().contains(directory.resolve("catalogue.json").toString()), ex.getMessage());
        assertEquals("{\"format\" : 1", Files.readString(directory.resolve("catalogue.json")));
        Files.delete(directory.resolve("catalogue.json"));
        try (Controller controller = Controller.launch(context(each -> { }))) {
            assertEquals(1, controller.epoch());
        }
        assertNull(storageThread(), "its thread has ended");
    }

    @Test
    void registrationsOnARealDiskWithAThreadSurviveARestart() {
        final TestBed bed = new TestBed(context -> context
            .directory(directory).filePort(new DiskFiles()).isStorageInline(false));
        final byte[] file = new byte[500_000];
        final ScriptedClient client = bed.connected();
        client.registerFile("net", sha256(file), file.length);
        bed.run(0);
        assertEquals(Status.NEED_FILE, client.ack().status());
        final long transferId = client.ack().transferId();
        for (int position = 0; position < file.length; position += 50_000) {
            client.chunk(transferId, file, position, 50_000);
        }
        final long limitNs = System.nanoTime() + 20_000_000_000L;
        while (client.ack().status() == Status.NEED_FILE && System.nanoTime() < limitNs) {
            bed.settle();
            Thread.onSpinWait();
        }
        assertEquals(Status.OK, client.ack().status(), client.ack().detail());
        assertNotNull(storageThread());
        bed.stop();
        bed.start();
        bed.peers.clear();
        final ScriptedClient again = bed.connected();
        again.registerFile("net", sha256(file), file.length);
        while (again.received.size() < 3 && System.nanoTime() < limitNs) {
            bed.settle();
            Thread.onSpinWait();
        }
        assertEquals(Status.OK, again.ack().status());
        assertEquals(2, bed.controller.epoch());
        bed.stop();
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
        assertNull(storageThread());
    }

    private static Thread storageThread() {
        return Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().contains("controller-storage")).findFirst().orElse(null);
    }

    private void assertRefused(final String sentence, final Consumer<Controller.Context> options) {
        final Exception ex = assertThrows(IllegalArgumentException.class, () -> context(options).conclude());
        assertTrue(ex.getMessage().contains(sentence), ex.getMessage());
    }

    private Controller.Context context(final Consumer<Controller.Context> options) {
        final Controller.Context context = new Controller.Context()
            .directory(directory)
            .clock(clock)
            .errorHandler(errors::add)
            .requestPath(new RequestPathContext().maxRequests(256).maxActions(256).arenaBytes(1 << 20))
            .clientListener(network.listen("c" + listeners++))
            .workerListener(network.listen("w" + listeners++));
        options.accept(context);
        return context;
    }

    private static byte[] sha256(final byte[] file) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(file);
        } catch (final NoSuchAlgorithmException ex) {
            throw new AssertionError(ex);
        }
    }
}
