package org.clockwork.controller.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ScriptedClient;
import org.clockwork.controller.ScriptedPeer;
import org.clockwork.controller.ScriptedWorker;
import org.clockwork.controller.ScriptedWorker.DeviceSpec;
import org.clockwork.controller.TestBed;
import org.clockwork.controller.storage.MemoryFiles;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.ForgetArtifactDecoder;
import org.clockwork.schema.codec.InstallArtifactDecoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.QueryEndDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Artifacts on their way to workers, what workers say of them, and what becomes of the models. */
final class DeploymentTest {
    private static final byte[] FILE = bytes(400_000);

    private TestBed bed = new TestBed();
    private ScriptedClient client = bed.connected();

    @AfterEach
    void nothingWentWrong() {
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
    }

    @Test
    void filesGoToRealDevicesAndProfilesToEmulatedOnes() {
        final ScriptedWorker cpu = bed.liveCpu("c");
        final ScriptedWorker emulated = bed.live("e", 1);
        client.registerProfile("p", 1, "x");
        bed.run(0);
        registerFile("f", Map.of("seq", 32, "batch:2", 7));
        bed.run(0);
        assertEquals(1, cpu.count(new InstallArtifactDecoder()));
        assertEquals(1, emulated.count(new InstallArtifactDecoder()));
        assertEquals("x", emulated.installedProfile());
        final InstallArtifactDecoder install = cpu.install();
        final byte[] digest = new byte[32];
        install.getFileSha256(digest, 0, 32);
        assertArrayEquals(ArtifactKey.sha256().digest(FILE), digest);
        assertEquals(FILE.length, install.fileLength());
        assertEquals(16, install.maxBatch());
        assertEquals(1, install.epoch());
        final List<String> dimensions = new ArrayList<>();
        install.dimensions().forEach(each -> dimensions.add(each.value() + " " + each.dimension()));
        assertEquals(List.of("7 batch:2", "32 seq"), dimensions, "sorted by name");
        assertEquals("", install.profileName());
        assertEquals("", install.options());
    }

    @Test
    void optionsGoToTheWorkerAndItsEngineComesBack() {
        final ScriptedWorker cpu = bed.liveCpu("c");
        client.options = "precision=bf16";
        registerFile("f", Map.of());
        assertEquals("precision=bf16", options(cpu.install()));
        cpu.engine = "onednn/bf16 error=1.0e-02";
        cpu.ready(0, 3, 5_000_000, 1_000);
        bed.run(2);
        final ModelEntryDecoder entry = client.entry();
        entry.profile().forEach(ModelEntryDecoder.ProfileDecoder::batchSize);
        entry.tensors().forEach(tensor -> tensor.name().concat(tensor.shape()));
        entry.name();
        assertEquals("precision=bf16", entry.source());
        entry.detail();
        assertEquals("onednn/bf16 error=1.0e-02", entry.engine());
        registerFile("g", Map.of());
        assertEquals("", options(cpu.install()), "other options are another artifact");
        assertEquals(1, cpu.install().artifactId());
    }

    private static String options(final InstallArtifactDecoder install) {
        install.dimensions().forEach(InstallArtifactDecoder.DimensionsDecoder::dimension);
        install.profileName();
        return install.options();
    }

    @Test
    void theFileComesWholeWhenItIsAskedFor() {
        final ScriptedWorker worker = bed.liveCpu("c");
        registerFile("f", Map.of());
        assertEquals(0, worker.count(new FileChunkDecoder()));
        worker.needFile(worker.install().artifactId(), 99);
        bed.run(2);
        assertArrayEquals(FILE, chunks(worker, 99));
        worker.forget();
        worker.needFile(0, 100);
        bed.run(2);
        assertArrayEquals(FILE, chunks(worker, 100), "and again, if it comes to that");
    }

    @Test
    void aSlowWorkerGetsItsFileAsItTakesItAndHoldsNobodyUp() {
        bed = new TestBed(context -> { }, new MemoryFiles(), new MemoryNetwork.Context().bulkCapacity(128 * 1024));
        client = bed.connected();
        final ScriptedWorker slow = bed.liveCpu("slow");
        final ScriptedWorker fast = bed.liveCpu("fast");
        registerFile("f", Map.of());
        slow.needFile(0, 1);
        fast.needFile(0, 2);
        bed.agent.doWork();
        bed.peers.remove(slow);
        bed.run(5);
        assertArrayEquals(FILE, chunks(fast, 2));
        assertTrue(slow.count(new FileChunkDecoder()) < 3);
        bed.peers.add(slow);
        bed.run(5);
        assertArrayEquals(FILE, chunks(slow, 1));
    }

    @Test
    void aFileThatIsLostIsSaid() {
        final ScriptedWorker worker = bed.liveCpu("c");
        registerFile("f", Map.of());
        bed.files.delete(TestBed.DIRECTORY.resolve("models").resolve(
            HexFormat.of().formatHex(ArtifactKey.sha256().digest(FILE))));
        worker.needFile(0, 1);
        bed.run(1);
        assertState(ModelState.FAILED, Status.INVALID_MODEL_FILE, "can't read its copy");
        assertEquals(1, worker.count(new ForgetArtifactDecoder()));
    }

    @Test
    void aWorkerThatJoinsGetsWhatItLacksInOrderAndAFewAtATime() {
        for (int i = 0; i < 40; i++) {
            client.registerProfile("p" + i, 1, "x" + i);
        }
        bed.run(0);
        final ScriptedWorker worker = bed.live("w", 1);
        assertEquals(16, worker.count(new InstallArtifactDecoder()));
        for (int i = 0; i < 40; i++) {
            worker.ready(i, 1, 1000, 2000);
            bed.run(1);
        }
        final List<Integer> ids = worker.all(new InstallArtifactDecoder()).stream()
            .map(message -> ScriptedPeer.decode(message, new InstallArtifactDecoder()).artifactId()).toList();
        assertEquals(IntStream.range(0, 40).boxed().toList(), ids);
    }

    @Test
    void aModelIsReadyWhileAWorkerHasIt() {
        client.registerProfile("p", 1, "x");
        bed.run(0);
        assertState(ModelState.INSTALLING, Status.OK, "");
        final ScriptedWorker first = bed.live("a", 1);
        final ScriptedWorker second = bed.live("b", 1);
        first.ready(0, 7, 1000, 2000, 3000);
        bed.run(0);
        assertState(ModelState.READY, Status.OK, "");
        second.ready(0, 7, 1000, 2000, 3000);
        bed.run(0);
        first.link.close();
        bed.run(0);
        assertState(ModelState.READY, Status.OK, "");
        second.draining();
        bed.run(0);
        assertState(ModelState.INSTALLING, Status.OK, "");
        final ScriptedWorker third = bed.live("c", 1);
        third.ready(0, 8, 1000, 9999);
        bed.run(0);
        assertState(ModelState.READY, Status.OK, "");
        assertEquals(8, entry().pages(), "what the workers of now say");
        assertEquals(2, entry().maxBatch(), "what was measured is kept");
    }

    @Test
    void aRestartKeepsModelsWhichAreReadyOnceAWorkerIsBack() {
        client.register("p", 2, "x", 0, new byte[32], Map.of(), false, 7_000_000, 4);
        final ScriptedWorker worker = bed.live("a", 1);
        worker.ready(0, 7, 1000, 2000, 3000, 5000);
        bed.run(0);
        final long modelId = entry().modelId();
        bed.stop();
        bed.start();
        bed.peers.clear();
        client = bed.connected();
        assertState(ModelState.INSTALLING, Status.OK, "");
        assertEquals(modelId, entry().modelId());
        final ScriptedWorker again = bed.live("a", 1);
        assertEquals(2, again.install().epoch());
        assertEquals(4, again.install().maxBatch());
        again.ready(0, 7, -5);
        bed.run(0);
        assertState(ModelState.READY, Status.OK, "");
        final ModelEntryDecoder entry = entry();
        assertEquals(7_000_000, entry.defaultSloNs());
        assertEquals(1000, entry.loadNs());
        assertEquals(4, entry.maxBatch());
    }

    @Test
    void aRestartAfterACrashKeepsWhatWasAnswered() {
        registerFile("f", Map.of());
        // nobody closes anything: a new controller takes what is in the files, as if the process had been killed
        final MemoryFiles left = new MemoryFiles();
        bed.files.all().forEach(file -> left.put(file, read(bed.files, file)));
        bed = new TestBed(context -> { }, left, new MemoryNetwork.Context());
        client = bed.connected();
        assertState(ModelState.INSTALLING, Status.OK, "");
        client.registerFile("g", ArtifactKey.sha256().digest(FILE), FILE.length);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status(), "the file is still there");
    }

    @Test
    void aModelHasFailedWhenEveryWorkerSaysSo() {
        final ScriptedWorker first = bed.live("a", 1);
        final ScriptedWorker second = bed.live("b", 1);
        client.registerProfile("p", 1, "nonsense");
        bed.run(0);
        first.failed(0, Status.UNKNOWN_PROFILE, "no such row");
        bed.run(0);
        assertState(ModelState.INSTALLING, Status.OK, "");
        second.failed(0, Status.UNKNOWN_PROFILE, "no such row");
        bed.run(0);
        assertState(ModelState.FAILED, Status.UNKNOWN_PROFILE, "worker b: no such row");
        assertEquals(ModelState.FAILED, client.entry().state(), "the registering session is told");

        final ScriptedWorker third = bed.live("c", 1);
        assertState(ModelState.INSTALLING, Status.OK, "");
        third.ready(0, 1, 1000, 2000);
        bed.run(0);
        assertState(ModelState.READY, Status.OK, "");
        third.link.close();
        bed.run(0);
        assertState(ModelState.FAILED, Status.UNKNOWN_PROFILE, "worker b: no such row");
        first.link.close();
        second.link.close();
        bed.run(0);
        assertState(ModelState.INSTALLING, Status.OK, "");
    }

    @Test
    void aWorkerThatContradictsTheOthersIsNotUsed() {
        final ScriptedWorker first = bed.live("a", 1);
        final ScriptedWorker second = bed.live("b", 1);
        final ScriptedWorker third = bed.live("c", 1);
        client.registerProfile("p", 1, "x");
        bed.run(0);
        first.ready(0, 7, 16, "data", 1000, 2000);
        second.ready(0, 8, 16, "data", 1000, 2000);
        third.ready(0, 7, 16, "other", 1000, 2000);
        bed.run(0);
        assertState(ModelState.READY, Status.OK, "");
        assertEquals(7, entry().pages());
        assertEquals(1, bed.count(ControllerCounter.ARTIFACTS_READY));
        assertEquals(2, bed.count(ControllerCounter.ARTIFACTS_FAILED));
        assertEquals(0, first.count(new ForgetArtifactDecoder()));
        assertEquals(1, second.count(new ForgetArtifactDecoder()));
        assertEquals(1, third.count(new ForgetArtifactDecoder()));
    }

    @Test
    void aModelLargerThanTheDeviceIsTooLarge() {
        final ScriptedWorker worker = bed.worker("w");
        worker.devices.add(new DeviceSpec(1 << 24, 10, 10, 16, 2, true, "d"));
        bed.joined(worker);
        client.registerProfile("p", 1, "x");
        client.registerProfile("q", 1, "y");
        bed.run(0);
        worker.ready(0, 11, 1000, 2000);
        bed.run(0);
        assertState(ModelState.FAILED, Status.MODEL_TOO_LARGE, "worker w: it needs 11 pages, the largest device has 10");
        worker.ready(1, 10, 1000, 2000);
        bed.run(0);
        assertEquals(ModelState.READY, client.entry().state());
    }

    @Test
    void aReportThatContradictsItselfIsAFailureOfThatWorker() {
        final ScriptedWorker worker = bed.live("w", 1);
        client.registerProfile("p", 1, "x");
        bed.run(0);
        worker.ready(0, 0, 1000, 2000);
        bed.run(0);
        assertState(ModelState.FAILED, Status.COMPILE_FAILED, "pages=0");
    }

    @Test
    void reportsOfUnknownArtifactsOfOtherEpochsOrOutOfTurnAreCounted() {
        final ScriptedWorker worker = bed.live("w", 1);
        client.registerProfile("p", 1, "x");
        bed.run(0);
        final long before = bed.count(ControllerCounter.UNEXPECTED);
        worker.ready(1, 1, 1000, 2000);
        worker.ready(-1, 1, 1000, 2000);
        worker.ready(Integer.MAX_VALUE, 1, 1000, 2000);
        worker.needFile(0, 5);
        worker.epoch = 0;
        worker.ready(0, 1, 1000, 2000);
        bed.run(0);
        assertEquals(4, bed.count(ControllerCounter.UNEXPECTED) - before);
        assertEquals(1, bed.count(ControllerCounter.STALE_EPOCH));
        assertState(ModelState.INSTALLING, Status.OK, "");
        worker.epoch = 1;
        worker.ready(0, 1, 1000, 2000);
        worker.ready(0, 1, 1000, 2000);
        bed.run(0);
        assertEquals(5, bed.count(ControllerCounter.UNEXPECTED) - before, "said twice");
    }

    @Test
    void whatNobodyUsesIsForgottenByTheWorkers() {
        final ScriptedWorker worker = bed.live("w", 1);
        client.registerProfile("p", 2, "x");
        bed.run(0);
        worker.ready(0, 1, 1000, 2000);
        client.unregister("p-0", 1);
        bed.run(0);
        assertEquals(0, worker.count(new ForgetArtifactDecoder()));
        client.unregister("p-1", 1);
        client.registerProfile("q", 1, "y");
        bed.run(0);
        assertEquals(0, worker.last(new ForgetArtifactDecoder()).artifactId());
        assertEquals(1, worker.install().artifactId(), "ids are not used again at once");
        worker.ready(0, 1, 1000, 2000);
        worker.failed(1, Status.COMPILE_FAILED, "no");
        bed.run(0);
        assertEquals(ModelState.FAILED, client.entry().state());
    }

    @Test
    void aModelWithoutKnownDurationsIsMeasuredFirst() {
        final ScriptedWorker worker = bed.liveCpu("c");
        registerFile("f", Map.of());
        worker.ready(0, 1, -1);
        bed.run(0);
        assertState(ModelState.PROFILING, Status.OK, "");
        assertFalse(entry().maxBatch() > 0);
    }

    private void registerFile(final String name, final Map<String, Integer> dimensions) {
        client.register(name, 1, "", FILE.length, ArtifactKey.sha256().digest(FILE), dimensions, false, Protocol.NULL_NS, 0);
        bed.run(0);
        for (int position = 0; position < FILE.length; position += Protocol.MAX_CHUNK_BYTES) {
            client.chunk(client.ack().transferId(), FILE, position,
                Math.min(Protocol.MAX_CHUNK_BYTES, FILE.length - position));
            bed.run(0);
        }
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
    }

    /** The first model, as a list says now. */
    private ModelEntryDecoder entry() {
        final ScriptedClient asker = bed.connected();
        asker.list("");
        bed.run(1);
        assertTrue(asker.last(new QueryEndDecoder()).count() > 0);
        final ModelEntryDecoder entry =
            ScriptedPeer.decode(asker.all(new ModelEntryDecoder()).get(0), new ModelEntryDecoder());
        asker.closeSession();
        return entry;
    }

    private void assertState(final ModelState state, final Status status, final String detail) {
        final ModelEntryDecoder entry = entry();
        assertEquals(state, entry.state());
        assertEquals(status, entry.status());
        entry.profile().forEach(each -> { });
        entry.tensors().forEach(each -> {
            each.skipName();
            each.skipShape();
        });
        entry.skipName();
        entry.skipSource();
        final String text = entry.detail();
        assertTrue(text.contains(detail), text);
    }

    private static byte[] chunks(final ScriptedWorker worker, final long transferId) {
        final ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (final UnsafeBuffer message : worker.all(new FileChunkDecoder())) {
            final FileChunkDecoder chunk = ScriptedPeer.decode(message, new FileChunkDecoder());
            assertEquals(transferId, chunk.transferId());
            assertEquals(content.size(), chunk.position());
            assertEquals(FILE.length, chunk.totalLength());
            final byte[] bytes = new byte[chunk.bytesLength()];
            chunk.getBytes(bytes, 0, bytes.length);
            content.writeBytes(bytes);
        }
        return content.toByteArray();
    }

    private static byte[] read(final MemoryFiles files, final Path file) {
        try {
            return files.readAll(file);
        } catch (final IOException ex) {
            throw new AssertionError(ex);
        }
    }

    private static byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        final SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) random.nextInt();
        }
        return bytes;
    }
}
