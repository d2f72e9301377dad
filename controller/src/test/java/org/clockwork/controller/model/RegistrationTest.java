package org.clockwork.controller.model;

import static org.clockwork.controller.TestBed.MS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ScriptedClient;
import org.clockwork.controller.TestBed;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CatalogueAckDecoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Registering models: what is accepted, what is refused and why, and files on their way from clients. */
final class RegistrationTest {
    private static final Path MODELS = TestBed.DIRECTORY.resolve("models");
    private static final byte[] FILE = bytes(150_000, 1);
    private static final byte[] OTHER = bytes(70_000, 2);
    private static final byte[] NO_FILE = new byte[32];
    private static final long TIMEOUT_NS = 10_000 * MS;

    private final TestBed bed =
        new TestBed(context -> context.maxModels(20).maxArtifacts(4).maxTransfers(3).maxFileBytes(200_000));
    private final ScriptedClient client = bed.connected();

    @AfterEach
    void nothingWentWrong() {
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
    }

    @Test
    void aFileIsAskedForAndStoredByItsHash() throws IOException {
        final long correlationId = client.registerFile("net", sha256(FILE), FILE.length);
        bed.run(0);
        assertEquals(Status.NEED_FILE, client.ack().status());
        assertEquals(correlationId, client.ack().correlationId());
        final long transferId = client.ack().transferId();
        send(client, transferId, FILE);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        assertEquals(correlationId, client.ack().correlationId());
        assertEquals(ModelState.INSTALLING, client.entry().state());
        assertEquals(correlationId, client.entry().correlationId());
        assertEquals(List.of(stored(FILE)), bed.files.list(MODELS));
        assertArrayEquals(FILE, bed.files.readAll(stored(FILE)));
        assertEquals(1, bed.count(ControllerCounter.FILES_RECEIVED));
    }

    @Test
    void aFileOfOneByteAndOneOfWholeChunks() {
        register("one", bytes(1, 3));
        register("whole", bytes(2 * Protocol.MAX_CHUNK_BYTES, 4));
        assertEquals(2, bed.files.list(MODELS).size());
    }

    @Test
    void aFileThatIsThereIsNotAskedForAgain() {
        register("a", FILE);
        client.register("b", 2, "", FILE.length, sha256(FILE), Map.of("seq", 7), false, Protocol.NULL_NS, 0);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        client.list("");
        bed.run(0);
        assertEquals(1, bed.files.list(MODELS).size());
        final ModelEntryDecoder entry = client.entry();
        entry.profile();
        entry.tensors();
        assertEquals("b-1", entry.name());
        assertEquals("seq=7", entry.source());
        assertEquals(1, entry.artifactId(), "another artifact over the same file");
    }

    @Test
    void theSameAgainIsFineAndChangesOnlyTheSlo() {
        client.registerProfile("p", 1, "x");
        bed.run(0);
        final long id = client.entry().modelId();
        client.register("p", 1, "x", 0, NO_FILE, Map.of(), false, 5_000_000, 0);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        assertEquals(id, client.entry().modelId());
        assertEquals(5_000_000, client.entry().defaultSloNs());
        assertEquals(2, client.count(new ModelEntryDecoder()));
    }

    @Test
    void aTakenNameIsOnlyReplacedOnRequest() {
        register("net", FILE);
        final long oldId = client.entry().modelId();
        client.registerProfile("net", 1, "x");
        bed.run(0);
        assertEquals(Status.NAME_TAKEN, client.ack().status());
        assertTrue(client.ack().detail().contains(HexFormat.of().formatHex(sha256(FILE))));
        client.register("net", 1, "x", 0, NO_FILE, Map.of(), true, Protocol.NULL_NS, 0);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        assertNotEquals(oldId, client.entry().modelId());
        assertEquals(List.of(), bed.files.list(MODELS), "nothing needs the file any more");
        client.list("");
        bed.run(0);
        assertNotEquals(oldId, client.entry().modelId());
    }

    @Test
    void oneTakenNameOfManyRefusesThemAll() {
        client.registerProfile("p-1", 1, "x");
        bed.run(0);
        client.registerProfile("p", 3, "y");
        bed.run(0);
        assertEquals(Status.NAME_TAKEN, client.ack().status());
        assertTrue(client.ack().detail().contains("p-1"));
        client.forget();
        client.list("");
        bed.run(0);
        assertEquals(1, client.count(new ModelEntryDecoder()));
    }

    @ParameterizedTest
    @CsvSource({
        "'',        1, x, 0,      no,  , 0, 0,  INVALID_NAME",
        "a b,       1, x, 0,      no,  , 0, 0,  INVALID_NAME",
        "é,         1, x, 0,      no,  , 0, 0,  INVALID_NAME",
        "n128,      2, x, 0,      no,  , 0, 0,  INVALID_NAME",
        "n129,      1, x, 0,      no,  , 0, 0,  INVALID_NAME",
        "a,         0, x, 0,      no,  , 0, 0,  INVALID_REGISTRATION",
        "a,        -1, x, 0,      no,  , 0, 0,  INVALID_REGISTRATION",
        "a,        21, x, 0,      no,  , 0, 0,  TOO_MANY_MODELS",
        "a, 2147483647, x, 0,     no,  , 0, 0,  TOO_MANY_MODELS",
        "a,         1, x, 0,      no,  , -1, 0, INVALID_SLO",
        "a,         1, x, 0,      no,  , 1, 65, INVALID_REGISTRATION",
        "a,         1, x, 7,      no,  , 1, 0,  INVALID_REGISTRATION",
        "a,         1, x, 0,      yes, , 1, 0,  INVALID_REGISTRATION",
        "a,         1, x, 0,      no,  7, 1, 0, INVALID_REGISTRATION",
        "a,         1, p129, 0,   no,  , 1, 0,  INVALID_REGISTRATION",
        "a,         1, '', 0,     no,  , 1, 0,  INVALID_REGISTRATION",
        "a,         1, '', 0,     yes, , 1, 0,  INVALID_REGISTRATION",
        "a,         1, '', -1,    yes, , 1, 0,  INVALID_REGISTRATION",
        "a,         1, '', 7,     no,  , 1, 0,  INVALID_REGISTRATION",
        "a,         1, '', 200001, yes, , 1, 0, MODEL_TOO_LARGE",
        "a,         1, '', 7,     yes, 0, 1, 0, INVALID_REGISTRATION",
        "a,         1, '', 7,     yes, -1, 1, 0, INVALID_REGISTRATION",
        "n128,      1, x, 0,      no,  , 1, 64, OK",
        "n126,      10, x, 0,     no,  , 1, 1,  OK",
        "a,         20, x, 0,     no,  , 1, 0,  OK",
        "a,         1, '', 200000, yes, 1, 1, 0, NEED_FILE",
    })
    void whatIsWrongIsSaid(
        final String name, final int count, final String profile, final long length, final String hasDigest,
        final Integer dimension, final long slo, final int maxBatch, final Status status) {
        final String fullName = name.startsWith("n12") ? "n".repeat(Integer.parseInt(name.substring(1))) : name;
        client.register(fullName, count, profile.equals("p129") ? "p".repeat(129) : profile, length,
            hasDigest.equals("yes") ? sha256(FILE) : NO_FILE, dimension == null ? Map.of() : Map.of("d", dimension), false,
            slo == 0 ? Protocol.NULL_NS : slo, maxBatch);
        bed.run(0);
        assertEquals(1, client.count(new CatalogueAckDecoder()));
        assertEquals(status, client.ack().status());
        assertEquals(status != Status.OK && status != Status.NEED_FILE, client.ack().detailLength() > 0);
    }

    @Test
    void anSloOfZeroIsWrong() {
        client.register("a", 1, "x", 0, NO_FILE, Map.of(), false, 0, 0);
        bed.run(0);
        assertEquals(Status.INVALID_SLO, client.ack().status());
    }

    @Test
    void theCatalogueTakesAsManyAsItMay() {
        client.registerProfile("a", 19, "x");
        bed.run(0);
        client.registerProfile("b", 2, "x");
        bed.run(0);
        assertEquals(Status.TOO_MANY_MODELS, client.ack().status());
        client.registerProfile("b", 1, "x");
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        client.unregister("a", 19);
        for (int i = 0; i < 3; i++) {
            client.registerProfile("c" + i, 1, "y" + i);
            bed.run(0);
            assertEquals(Status.OK, client.ack().status());
        }
        client.registerProfile("d", 1, "z");
        bed.run(0);
        assertEquals(Status.TOO_MANY_MODELS, client.ack().status(), "four files and profiles at most");
    }

    @Test
    void wrongBytesAreNotStored() {
        client.registerFile("net", sha256(FILE), FILE.length);
        bed.run(0);
        final byte[] damaged = FILE.clone();
        damaged[77_777] ^= 1;
        send(client, client.ack().transferId(), damaged);
        bed.run(0);
        assertEquals(Status.CHECKSUM_MISMATCH, client.ack().status());
        assertTrue(client.ack().detail().contains(HexFormat.of().formatHex(sha256(damaged))));
        assertEquals(List.of(), bed.files.list(MODELS));
        register("net", FILE);
    }

    @Test
    void aFullDiskIsSaidAndLeavesNothingBehind() {
        bed.files.limit(bed.files.usedBytes() + 100_000);
        client.registerFile("net", sha256(FILE), FILE.length);
        bed.run(0);
        send(client, client.ack().transferId(), FILE);
        bed.run(0);
        assertEquals(Status.STORAGE_FULL, client.ack().status());
        assertTrue(client.ack().detail().contains("No space left on device"), client.ack().detail());
        assertEquals(2, client.count(new CatalogueAckDecoder()), "said once");
        assertEquals(List.of(), bed.files.list(MODELS));
        client.registerProfile("p", 1, "x");
        bed.run(0);
        assertEquals(Status.OK, client.ack().status(), "the service goes on");
        bed.files.limit(Long.MAX_VALUE);
        register("net", FILE);
    }

    @Test
    void aCatalogueThatCannotBeWrittenIsSaidAndWrittenLater() throws IOException {
        bed.files.limit(bed.files.usedBytes());
        client.registerProfile("p", 1, "x");
        bed.run(0);
        assertEquals(Status.STORAGE_FULL, client.ack().status());
        client.registerProfile("p", 1, "x");
        bed.run(999);
        assertEquals(1, client.count(new CatalogueAckDecoder()), "tried again after a second");
        bed.files.limit(Long.MAX_VALUE);
        bed.run(2);
        assertEquals(Status.OK, client.ack().status());
        assertTrue(new String(bed.files.readAll(TestBed.DIRECTORY.resolve("catalogue.json"))).contains("\"p\""));
    }

    @Test
    void aTransferThatStopsIsGivenUpAtItsTime() {
        client.registerFile("net", sha256(FILE), FILE.length);
        bed.run(0);
        final long transferId = client.ack().transferId();
        client.chunk(transferId, FILE, 0, 1000);
        bed.run(0);
        keepAlive(TIMEOUT_NS / MS - 1);
        bed.clock.advance(MS - 1);
        bed.settle();
        assertEquals(1, client.count(new CatalogueAckDecoder()));
        bed.clock.advance(1);
        bed.settle();
        assertEquals(Status.TRANSFER_TIMED_OUT, client.ack().status());
        assertEquals(List.of(), bed.files.list(MODELS));
        client.chunk(transferId, FILE, 1000, 1000);
        bed.run(0);
        assertEquals(1, bed.count(ControllerCounter.CHUNKS_DROPPED));
    }

    @Test
    void aSessionThatGoesTakesItsTransferAlong() {
        client.registerFile("net", sha256(FILE), FILE.length);
        bed.run(0);
        client.chunk(client.ack().transferId(), FILE, 0, 1000);
        bed.run(0);
        assertEquals(1, bed.files.list(MODELS).size());
        client.link.close();
        bed.run(0);
        assertEquals(List.of(), bed.files.list(MODELS));
    }

    @ParameterizedTest
    @CsvSource({"1,1000,150000", "0,0,150000", "0,1000,149999", "0,61441,150000", "-1,1000,150000"})
    void aChunkThatDoesNotFitEndsItsTransfer(final int position, final int length, final int total) {
        client.registerFile("net", sha256(FILE), FILE.length);
        bed.run(0);
        final byte[] file = new byte[total];
        if (position < 0) {
            client.chunk(client.ack().transferId(), FILE, 0, length);
            client.chunk(client.ack().transferId(), FILE, 0, length);
        } else {
            client.chunk(client.ack().transferId(), file, position, length);
        }
        bed.run(0);
        assertEquals(Status.MALFORMED_MESSAGE, client.ack().status());
        assertEquals(List.of(), bed.files.list(MODELS));
    }

    @Test
    void chunksOfOthersAreDropped() {
        client.registerFile("net", sha256(FILE), FILE.length);
        bed.run(0);
        final long transferId = client.ack().transferId();
        final ScriptedClient thief = bed.connected();
        thief.chunk(transferId, FILE, 0, 1000);
        client.chunk(transferId + (1L << 32), FILE, 0, 1000);
        client.chunk(transferId | 0xFFFFFF, FILE, 0, 1000);
        client.chunk(-1, FILE, 0, 1000);
        bed.run(0);
        assertEquals(4, bed.count(ControllerCounter.CHUNKS_DROPPED));
        send(client, transferId, FILE);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
    }

    @Test
    void filesOnTheirWayAreLimited() {
        for (int i = 0; i < 3; i++) {
            client.registerFile("net" + i, sha256(bytes(100, i)), 100);
        }
        bed.run(0);
        final long firstTransferId = ScriptedClient.decode(
            client.all(new CatalogueAckDecoder()).get(0), new CatalogueAckDecoder()).transferId();
        assertEquals(Status.NEED_FILE, client.ack().status());
        client.registerFile("net4", sha256(FILE), FILE.length);
        bed.run(0);
        assertEquals(Status.TOO_MANY_TRANSFERS, client.ack().status());
        send(client, firstTransferId, bytes(100, 0));
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        client.registerFile("net4", sha256(FILE), FILE.length);
        bed.run(0);
        assertEquals(Status.NEED_FILE, client.ack().status());
    }

    @Test
    void twoMaySendTheSameFileAtOnce() {
        final ScriptedClient other = bed.connected();
        client.registerFile("a", sha256(FILE), FILE.length);
        other.registerFile("b", sha256(FILE), FILE.length);
        bed.run(0);
        client.chunk(client.ack().transferId(), FILE, 0, 60_000);
        send(other, other.ack().transferId(), FILE);
        client.chunk(client.ack().transferId(), FILE, 60_000, 60_000);
        client.chunk(client.ack().transferId(), FILE, 120_000, 30_000);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        assertEquals(Status.OK, other.ack().status());
        assertEquals(client.entry().artifactId(), other.entry().artifactId());
        assertEquals(List.of(stored(FILE)), bed.files.list(MODELS));
    }

    @Test
    void aNameTakenWhileTheFileCameIsSaidAndTheFileGoes() {
        final ScriptedClient other = bed.connected();
        client.registerFile("a", sha256(FILE), FILE.length);
        bed.run(0);
        other.registerProfile("a", 1, "x");
        send(client, client.ack().transferId(), FILE);
        bed.run(0);
        assertEquals(Status.OK, other.ack().status());
        assertEquals(Status.NAME_TAKEN, client.ack().status());
        assertEquals(List.of(), bed.files.list(MODELS));
    }

    @Test
    void unregisteringForgetsNamesAndAtLastTheFile() {
        client.register("net", 3, "", FILE.length, sha256(FILE), Map.of(), false, Protocol.NULL_NS, 0);
        bed.run(0);
        send(client, client.ack().transferId(), FILE);
        bed.run(0);
        client.unregister("net-1", 1);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        assertEquals(ModelState.UNREGISTERED, client.entry().state(), "the session that registered it is told");
        client.unregister("net", 3);
        bed.run(0);
        assertEquals(Status.UNKNOWN_MODEL, client.ack().status());
        assertTrue(client.ack().detail().contains("net-1"));
        assertEquals(1, bed.files.list(MODELS).size());
        client.unregister("net-0", 1);
        client.unregister("net-2", 1);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        assertEquals(List.of(), bed.files.list(MODELS));
        client.unregister("", 1);
        bed.run(0);
        assertEquals(Status.INVALID_NAME, client.ack().status());
        client.unregister("a", 0);
        bed.run(0);
        assertEquals(Status.INVALID_REGISTRATION, client.ack().status());
        register("net", FILE);
    }

    @Test
    void allWhoRegisteredItAreToldHowItFares() {
        final ScriptedClient other = bed.connected();
        client.registerProfile("p", 1, "x");
        final long otherCorrelationId = other.registerProfile("p", 1, "x");
        bed.run(0);
        final ScriptedClient gone = bed.connected();
        gone.registerProfile("p", 1, "x");
        bed.run(0);
        gone.closeSession();
        bed.run(0);
        gone.forget();
        final var worker = bed.live("w", 1);
        worker.ready(worker.install().artifactId(), 1, 1000, 2000);
        bed.run(0);
        assertEquals(ModelState.READY, client.entry().state());
        assertEquals(ModelState.READY, other.entry().state());
        assertEquals(otherCorrelationId, other.entry().correlationId());
        assertEquals(0, gone.received.size());
        worker.link.close();
        client.forget();
        bed.run(0);
        assertEquals(0, client.count(new ModelEntryDecoder()), "it had come to its end");
    }

    private void register(final String name, final byte[] file) {
        client.registerFile(name, sha256(file), file.length);
        bed.run(0);
        assertEquals(Status.NEED_FILE, client.ack().status());
        send(client, client.ack().transferId(), file);
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
    }

    private void keepAlive(final long durationMs) {
        for (long i = 0; i < durationMs; i += 50) {
            bed.clock.advance(Math.min(50, durationMs - i) * MS);
            bed.settle();
        }
    }

    private static void send(final ScriptedClient client, final long transferId, final byte[] file) {
        for (int position = 0; position < file.length; position += Protocol.MAX_CHUNK_BYTES) {
            client.chunk(transferId, file, position, Math.min(Protocol.MAX_CHUNK_BYTES, file.length - position));
        }
    }

    private static Path stored(final byte[] file) {
        return MODELS.resolve(HexFormat.of().formatHex(sha256(file)));
    }

    private static byte[] sha256(final byte[] file) {
        return ArtifactKey.sha256().digest(file);
    }

    private static byte[] bytes(final int length, final long seed) {
        final byte[] bytes = new byte[length];
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) random.nextInt();
        }
        return bytes;
    }
}
