package org.clockwork.worker;

import static org.clockwork.worker.WorkerRig.MS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.TensorSpec;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.StubController.ArtifactState;
import org.clockwork.worker.StubController.Request;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How models get here: files in chunks, their store, compiling, forgetting. */
class InstallTest {
    private static final int CHUNK = 60 * 1024;

    @TempDir
    Path directory;

    private final ScriptedBackend backend = new ScriptedBackend();
    private final ArrayDeque<Runnable> slowWork = new ArrayDeque<>();
    private final byte[] file = bytes(150_000, 1);
    private WorkerRig rig;
    private StubController controller;

    @AfterEach
    void close() throws IOException {
        rig.close();
        assertEquals(0, backend.openModels);
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(List.of(), left.filter(p -> p.getFileName().toString().startsWith("incoming")).toList());
        }
    }

    @Test
    void missingFileIsAskedForKeptAndCompiled() throws Exception {
        start();
        install(1, 1, file);
        final ArtifactState need = controller.last(ArtifactState.class);
        assertEquals(ArtifactPhase.NEED_FILE, need.phase());
        assertEquals(Status.NEED_FILE, need.status());
        assertEquals(1, need.id());
        send(need.transferId(), file);
        final ArtifactState ready = controller.last(ArtifactState.class);
        assertEquals(ArtifactPhase.READY, ready.phase(), ready.detail());
        assertEquals(List.of("in UINT8 8 x 8", "out UINT8 8 y 8"), ready.tensors());
        assertEquals(List.of(), ready.profile());
        assertArrayEquals(file, Files.readAllBytes(stored(file)));
        final ModelSource source = backend.compiled.get(0);
        assertEquals(stored(file), source.file());
        assertEquals(Map.of("sequence", 32), source.dimensions());
        assertEquals(8, source.maxBatch());
        assertTrue(source.key().endsWith("0001") && source.key().length() == 64);
        assertEquals(1, rig.count(WorkerCounter.FILES_RECEIVED));
    }

    @Test
    void optionsReachTheCompilerOrAreRefused() throws Exception {
        start();
        Files.write(stored(file), file);
        controller.options = "precision=bf16";
        install(1, 1, file);
        assertEquals(ArtifactPhase.READY, lastPhase());
        assertEquals(ElementType.BFLOAT16, backend.compiled.get(0).options().precision());
        controller.options = "speed=11";
        install(2, 2, file);
        assertFailed(Status.COMPILE_FAILED);
        assertTrue(controller.last(ArtifactState.class).detail().contains("speed=11"));
        assertEquals(1, backend.compiled.size());
    }

    @Test
    void fileThatIsThereIsNotAskedFor() throws Exception {
        start();
        Files.write(stored(file), file);
        install(1, 1, file);
        assertEquals(List.of(ArtifactPhase.READY), phases());
        install(2, 2, file);
        assertEquals(List.of(ArtifactPhase.READY, ArtifactPhase.READY), phases());
        assertEquals(2, backend.openModels);
    }

    @Test
    void fileOfWrongLengthIsReplaced() throws Exception {
        start();
        Files.write(stored(file), Arrays.copyOf(file, 10));
        install(1, 1, file);
        send(transferId(), file);
        assertEquals(ArtifactPhase.READY, lastPhase());
        assertArrayEquals(file, Files.readAllBytes(stored(file)));
    }

    @Test
    void wrongBytesAreRefusedAndNothingIsKept() throws Exception {
        start();
        install(1, 1, file);
        final byte[] wrong = file.clone();
        wrong[100_000]++;
        send(transferId(), wrong);
        assertFailed(Status.CHECKSUM_MISMATCH);
        assertFalse(Files.exists(stored(file)));
        install(1, 1, file);
        send(transferId(), file);
        assertEquals(ArtifactPhase.READY, lastPhase());
    }

    @Test
    void chunksThatDoNotFit() {
        start();
        install(1, 1, file);
        final long transferId = transferId();
        controller.chunk(transferId + 1, 0, file.length, new byte[10]);
        controller.chunk(transferId, 0, file.length, Arrays.copyOf(file, 10));
        controller.chunk(transferId, 0, file.length, Arrays.copyOf(file, 10));
        rig.settle();
        assertEquals(ArtifactPhase.NEED_FILE, lastPhase());
        assertEquals(2, rig.count(WorkerCounter.UNEXPECTED));
        controller.chunk(transferId, 11, file.length, new byte[10]);
        rig.settle();
        assertFailed(Status.MALFORMED_MESSAGE);
    }

    @Test
    void chunkBeyondTheEnd() {
        start();
        install(1, 1, file);
        controller.chunk(transferId(), 0, file.length + 1, new byte[10]);
        rig.settle();
        assertFailed(Status.MALFORMED_MESSAGE);
        install(2, 2, bytes(5, 5));
        controller.chunk(transferId(), 0, 5, new byte[6]);
        rig.settle();
        assertFailed(Status.MALFORMED_MESSAGE);
    }

    @Test
    void transferThatStops() {
        start();
        install(1, 1, file);
        final long transferId = transferId();
        rig.advance(9_000 * MS, 20 * MS);
        controller.chunk(transferId, 0, file.length, Arrays.copyOf(file, 10));
        rig.settle();
        rig.advance(10_000 * MS - 1, 20 * MS);
        assertEquals(ArtifactPhase.NEED_FILE, lastPhase());
        rig.advance(1);
        assertFailed(Status.TRANSFER_TIMED_OUT);
    }

    @Test
    void storeThatIsFull() {
        start(c -> c.limits().storeLimitBytes(200_000));
        install(1, 1, file);
        send(transferId(), file);
        install(2, 2, bytes(50_001, 2));
        assertFailed(Status.STORAGE_FULL);
        assertTrue(controller.last(ArtifactState.class).detail().contains("50001"));
        install(3, 3, bytes(50_000, 3));
        assertEquals(ArtifactPhase.NEED_FILE, lastPhase());
    }

    @Test
    void diskThatFailsWhileWriting() throws Exception {
        start();
        install(1, 1, file);
        final long transferId = transferId();
        controller.chunk(transferId, 0, file.length, Arrays.copyOf(file, CHUNK));
        rig.settle();
        Files.createDirectories(stored(file).resolve("in the way"));
        controller.chunk(transferId, CHUNK, file.length, Arrays.copyOfRange(file, CHUNK, 2 * CHUNK));
        controller.chunk(transferId, 2 * CHUNK, file.length, Arrays.copyOfRange(file, 2 * CHUNK, file.length));
        rig.settle();
        assertFailed(Status.STORAGE_FULL);
    }

    @Test
    void workerWithoutAStore() {
        start(c -> c.storeDirectory(null));
        install(1, 1, file);
        assertFailed(Status.STORAGE_FULL);
        profile(2, 2);
        assertEquals(ArtifactPhase.READY, lastPhase());
    }

    @Test
    void whatAnotherRunLeftIsDeletedAndOthersFilesAreNot() throws Exception {
        start();
        install(1, 1, file);
        controller.chunk(transferId(), 0, file.length, Arrays.copyOf(file, 10));
        rig.settle();
        final Path ours;
        try (Stream<Path> files = Files.list(directory)) {
            ours = files.filter(p -> p.getFileName().toString().startsWith("incoming")).findFirst().orElseThrow();
        }
        final Path copy = directory.resolve(ours.getFileName() + "9");
        Files.write(copy, new byte[5]);
        final Path others = directory.resolve("incoming-0123456789abcdef-1");
        Files.write(others, new byte[5]);
        new Worker.Context().name("w1").dialer(rig.network.dialer("again")).backend(new ScriptedBackend())
            .nanoClock(rig.clock).errorHandler(t -> { }).incarnation(1).storeDirectory(directory)
            .installExecutor(Runnable::run).conclude();
        assertFalse(Files.exists(copy));
        assertTrue(Files.exists(others));
        Files.delete(others);
    }

    @Test
    void registrationsThatContradictThemselves() {
        start(c -> c.limits().maxFileBytes(1_000_000));
        controller.install(1, 1, new byte[32], 0, 4, "");
        rig.settle();
        assertFailed(Status.INVALID_REGISTRATION);
        controller.install(2, 2, new byte[32], -1, 4, "");
        rig.settle();
        assertFailed(Status.INVALID_REGISTRATION);
        controller.install(3, 3, new byte[32], 1_000_001, 4, "");
        rig.settle();
        assertFailed(Status.MODEL_TOO_LARGE);
        assertTrue(controller.last(ArtifactState.class).detail().contains("1000001"));
        controller.install(-4, 4, new byte[32], 10, 4, "");
        rig.settle();
        assertEquals(1, rig.count(WorkerCounter.MALFORMED));
    }

    @Test
    void compilerFailuresHaveTheirStatus() {
        start();
        final Map<ModelException.Reason, Status> expected = Map.of(
            ModelException.Reason.INVALID_FILE, Status.INVALID_MODEL_FILE,
            ModelException.Reason.UNSUPPORTED_OPERATOR, Status.UNSUPPORTED_OPERATOR,
            ModelException.Reason.TOO_LARGE, Status.MODEL_TOO_LARGE,
            ModelException.Reason.DIMENSION_NOT_FIXED, Status.DIMENSION_NOT_FIXED,
            ModelException.Reason.UNKNOWN_PROFILE, Status.UNKNOWN_PROFILE,
            ModelException.Reason.COMPILE_FAILED, Status.COMPILE_FAILED);
        for (final ModelException.Reason reason : ModelException.Reason.values()) {
            backend.failure = new ModelException(reason, "because " + reason);
            profile(1, 1);
            rig.settle();
            assertFailed(expected.get(reason));
            assertEquals("because " + reason, controller.last(ArtifactState.class).detail());
        }
        backend.failure = null;
        backend.crash = new IllegalStateException("a bug");
        profile(1, 1);
        assertFailed(Status.COMPILE_FAILED);
        assertTrue(rig.errors.toString().contains("a bug"));
        backend.crash = null;
        profile(1, 1);
        assertEquals(ArtifactPhase.READY, lastPhase());
    }

    @Test
    void modelLargerThanEveryDevice() {
        start();
        backend.pages = 5;
        profile(1, 1);
        assertFailed(Status.MODEL_TOO_LARGE);
        assertTrue(controller.last(ArtifactState.class).detail().contains("modelPages=5 largestDevicePages=4"));
        assertEquals(0, backend.openModels);
        backend.pages = 4;
        profile(2, 2);
        assertEquals(ArtifactPhase.READY, lastPhase());
    }

    @Test
    void tooManyTensors() {
        start();
        final TensorSpec spec = new TensorSpec("x".repeat(1000), ElementType.UINT8, List.of(1));
        backend.inputs = java.util.Collections.nCopies(17, spec);
        profile(1, 1);
        assertFailed(Status.COMPILE_FAILED);
        backend.inputs = java.util.Collections.nCopies(16, spec);
        backend.outputs = java.util.Collections.nCopies(64, spec);
        profile(2, 2);
        assertEquals(80, controller.last(ArtifactState.class).tensors().size());
    }

    @Test
    void tensorsBeyondTwoGigabytes() {
        start();
        final TensorSpec spec = new TensorSpec("x", ElementType.UINT8, List.of(Integer.MAX_VALUE));
        backend.inputs = List.of(spec, spec);
        profile(1, 1);
        assertFailed(Status.MODEL_TOO_LARGE);
    }

    @Test
    void forgottenWhileHeldIsClosedAfterUnload() {
        start();
        profile(1, 1);
        controller.load(1, rig.now(), rig.now() + MS, 100, 1);
        rig.settle();
        backend.device.finish(DeviceStatus.OK, rig.now());
        controller.forget(1);
        rig.settle();
        assertEquals(1, backend.openModels);
        controller.load(2, rig.now(), rig.now() + MS, 101, 1);
        controller.infer(3, rig.now(), rig.now() + MS, 100, 1, Request.generated(1, 1));
        rig.settle();
        assertEquals(Status.LOAD_UNKNOWN_ARTIFACT, controller.result(2).status());
        backend.device.finish(DeviceStatus.OK, rig.now());
        controller.unload(4, rig.now(), rig.now() + MS, 100);
        rig.settle();
        assertEquals(Status.OK, controller.result(3).status());
        assertEquals(1, backend.openModels);
        backend.device.finish(DeviceStatus.OK, rig.now());
        rig.settle();
        assertEquals(0, backend.openModels);
        controller.forget(1);
        rig.settle();
        assertEquals(1, rig.count(WorkerCounter.UNEXPECTED));
    }

    @Test
    void forgottenWithAQueuedLoadIsKeptUntilItEnds() {
        start();
        profile(1, 1);
        controller.load(1, rig.now() + MS, rig.now() + 2 * MS, 100, 1);
        controller.forget(1);
        rig.settle();
        assertEquals(1, backend.openModels);
        controller.cancel(1);
        rig.settle();
        assertEquals(0, backend.openModels);
    }

    @Test
    void forgottenAndAskedForAgain() {
        start();
        profile(1, 1);
        controller.load(1, rig.now(), rig.now() + MS, 100, 1);
        rig.settle();
        backend.device.finish(DeviceStatus.OK, rig.now());
        controller.forget(1);
        profile(5, 1);
        controller.unload(2, rig.now(), rig.now() + MS, 100);
        rig.settle();
        backend.device.finish(DeviceStatus.OK, rig.now());
        rig.settle();
        assertEquals(1, backend.openModels);
        assertEquals(1, backend.compiled.size());
        assertEquals(5, controller.last(ArtifactState.class).id());
    }

    @Test
    void filesFollowOneAnother() throws Exception {
        start();
        final byte[] second = bytes(70_000, 2);
        install(1, 1, file);
        install(2, 2, second);
        assertEquals(1, controller.all(ArtifactState.class).size());
        send(transferId(), file);
        final ArtifactState need = controller.last(ArtifactState.class);
        assertEquals(2, need.id());
        assertEquals(ArtifactPhase.NEED_FILE, need.phase());
        send(need.transferId(), second);
        assertEquals(ArtifactPhase.READY, lastPhase());
        assertTrue(Files.exists(stored(second)));
    }

    @Test
    void twoArtifactsOverOneFileTransferItOnce() {
        start();
        install(1, 1, file);
        install(2, 2, file);
        send(transferId(), file);
        assertEquals(1, controller.all(ArtifactState.class).stream().filter(s -> s.phase() == ArtifactPhase.NEED_FILE).count());
        assertEquals(2, controller.all(ArtifactState.class).stream().filter(s -> s.phase() == ArtifactPhase.READY).count());
    }

    @Test
    void slowDiskHoldsTheBulkLaneBack() {
        start(c -> c.installExecutor(slowWork::add).limits().chunkBuffers(2));
        install(1, 1, file);
        doSlowWork();
        final long transferId = transferId();
        for (int i = 0; i < 3; i++) {
            controller.chunk(transferId, i * CHUNK, file.length,
                Arrays.copyOfRange(file, i * CHUNK, Math.min(file.length, (i + 1) * CHUNK)));
        }
        controller.input(1, 0, 0, 8, new byte[8]);
        rig.settle();
        assertEquals(2, slowWork.size());
        assertEquals(0, rig.count(WorkerCounter.INPUTS));
        while (!slowWork.isEmpty()) {
            doSlowWork();
        }
        assertEquals(ArtifactPhase.READY, lastPhase());
        assertEquals(1, rig.count(WorkerCounter.INPUTS));
    }

    @Test
    void sessionLostWhileReceiving() {
        start();
        install(1, 1, file);
        final long first = transferId();
        controller.chunk(first, 0, file.length, Arrays.copyOf(file, 10));
        rig.settle();
        controller.link.close();
        rig.advance(30 * MS, MS);
        assertTrue(rig.agent.isLive());
        controller.chunk(first, 10, file.length, new byte[10]);
        install(1, 1, file);
        assertNotEquals(first, transferId());
        send(transferId(), file);
        assertEquals(ArtifactPhase.READY, lastPhase());
    }

    @Test
    void sessionLostWhileCompiling() {
        start(c -> c.installExecutor(slowWork::add));
        profile(1, 1);
        controller.link.close();
        rig.advance(30 * MS, MS);
        profile(3, 1);
        assertEquals(ArtifactPhase.COMPILING, lastPhase());
        doSlowWork();
        assertEquals(ArtifactPhase.READY, lastPhase());
        assertEquals(3, controller.last(ArtifactState.class).id());
        assertEquals(1, backend.compiled.size());
    }

    @Test
    void whatANewControllerDoesNotWantIsClosedAfterAWhile() {
        start();
        profile(1, 1);
        profile(2, 2);
        profile(3, 3);
        controller.load(1, rig.now(), rig.now() + MS, 100, 3);
        rig.settle();
        backend.device.finish(DeviceStatus.OK, rig.now());
        rig.settle();
        controller.link.close();
        rig.advance(30 * MS, MS);
        profile(1, 1);
        rig.advance(59_000 * MS, 20 * MS);
        assertEquals(3, backend.openModels);
        rig.advance(1_000 * MS, 20 * MS);
        assertEquals(2, backend.openModels);
        controller.unload(2, rig.now(), rig.now() + MS, 100);
        rig.settle();
        backend.device.finish(DeviceStatus.OK, rig.now());
        rig.settle();
        assertEquals(1, backend.openModels);
    }

    @Test
    void fullTableMakesRoomOrSaysSo() {
        start(c -> c.limits().maxArtifacts(2));
        profile(1, 1);
        profile(2, 2);
        profile(3, 3);
        assertFailed(Status.TOO_MANY_MODELS);
        assertEquals(3, controller.last(ArtifactState.class).id());
        controller.link.close();
        rig.advance(30 * MS, MS);
        profile(3, 3);
        assertEquals(ArtifactPhase.READY, lastPhase());
        assertEquals(2, backend.openModels);
    }

    @Test
    void idThatNamesAnotherArtifactNow() {
        start();
        profile(1, 1);
        profile(1, 2);
        assertEquals(1, backend.openModels);
        assertEquals(2, backend.compiled.size());
    }

    private void start() {
        start(c -> { });
    }

    private void start(final Consumer<Worker.Context> options) {
        rig = new WorkerRig(c -> options.accept(c.backend(backend).storeDirectory(directory)));
        controller = rig.controller;
        rig.connect();
    }

    private void doSlowWork() {
        slowWork.remove().run();
        rig.settle();
    }

    private void install(final int artifactId, final int key, final byte[] content) {
        controller.install(artifactId, key, sha(content), content.length, 0, "");
        rig.settle();
    }

    private void profile(final int artifactId, final int key) {
        controller.installProfile(artifactId, key, "any", 4);
        rig.settle();
    }

    private void send(final long transferId, final byte[] content) {
        for (int from = 0; from < content.length; from += CHUNK) {
            controller.chunk(transferId, from, content.length,
                Arrays.copyOfRange(content, from, Math.min(content.length, from + CHUNK)));
            rig.settle();
        }
    }

    private long transferId() {
        return controller.last(ArtifactState.class).transferId();
    }

    private ArtifactPhase lastPhase() {
        return controller.last(ArtifactState.class).phase();
    }

    private List<ArtifactPhase> phases() {
        return controller.all(ArtifactState.class).stream().map(ArtifactState::phase).toList();
    }

    private void assertFailed(final Status status) {
        final ArtifactState state = controller.last(ArtifactState.class);
        assertEquals(ArtifactPhase.FAILED, state.phase(), state.toString());
        assertEquals(status, state.status(), state.toString());
        assertFalse(state.detail().isEmpty());
    }

    private Path stored(final byte[] content) {
        return directory.resolve(HexFormat.of().formatHex(sha(content)));
    }

    private static byte[] sha(final byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (final java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] bytes(final int length, final long seed) {
        final byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
