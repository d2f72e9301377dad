package org.clockwork.controller.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.clockwork.controller.storage.DiskFiles;
import org.clockwork.controller.storage.FilePort;
import org.clockwork.controller.storage.MemoryFiles;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.ModelState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The catalogue comes back from its file as it was, and a damaged file stops the controller and is left alone. */
final class CatalogueFileTest {
    private static final Path DIRECTORY = Path.of("/c");
    private static final Path FILE = DIRECTORY.resolve("catalogue.json");
    private static final CatalogueStore.Options OPTIONS = new CatalogueStore.Options(
        new Catalogue.Options(100, 10, 20, 99), 1 << 20, 4, 1_000_000, 16, 1_000_000, 1_000_000);

    private final MemoryFiles files = new MemoryFiles();

    @Test
    void theEpochRisesWithEachStart() {
        for (int epoch = 1; epoch <= 3; epoch++) {
            final CatalogueStore store = open(files);
            assertEquals(epoch, store.catalogue().epoch());
            store.close();
        }
    }

    @Test
    void everythingComesBack() throws IOException {
        final CatalogueStore store = open(files);
        fill(store.catalogue());
        files.put(store.files().path("07".repeat(32)), new byte[1234]);
        store.save();
        store.close();

        final Catalogue catalogue = open(files).catalogue();
        assertEquals(2, catalogue.modelCount());
        assertEquals(2, catalogue.artifactCount());
        final Model file = catalogue.byName("net:v1/a");
        assertEquals(ModelState.INSTALLING, file.state);
        assertEquals(25_000_000, file.defaultSloNs);
        assertEquals(file, catalogue.byId(file.id));
        assertEquals(file, catalogue.model(file.index));
        assertEquals(Map.of("seq", 32, "x:1", 7), file.artifact.dimensions);
        assertEquals("precision=bf16", file.artifact.options);
        assertEquals(3, file.artifact.pages);
        assertEquals(4_000_000_000L, file.artifact.weightsBytes);
        assertEquals(8, file.artifact.maxBatch);
        assertEquals(1234, file.artifact.fileLength);
        assertTrue(file.artifact.isProfiled);
        assertEquals(2, file.artifact.profile.batchSizeCount());
        assertEquals(900, file.artifact.profile.executeNs(1));
        assertEquals(77, file.artifact.profile.loadNs());
        assertEquals(12, file.artifact.inputBytes);
        assertEquals(4, file.artifact.outputBytes);
        assertEquals(new Artifact.Tensor(false, DataType.FLOAT32, 12, "x \u00e9\"", "3"), file.artifact.tensors.get(0));
        final Model profile = catalogue.byName("p");
        assertEquals(Protocol.NULL_NS, profile.defaultSloNs);
        assertEquals("resnet50_v2", profile.artifact.profileName);
        assertEquals(1, profile.artifact.modelCount);
        assertEquals(0, profile.artifact.profile.batchSizeCount());
        assertArrayEquals(
            ArtifactKey.of(new byte[32], "resnet50_v2", Map.of(), 16, ""), profile.artifact.key());
    }

    @Test
    void idsAreNotGivenTwiceEvenOverARestart() throws IOException {
        CatalogueStore store = open(files);
        fill(store.catalogue());
        final Model gone = store.catalogue().byName("p");
        store.catalogue().removeModel(gone, 0);
        store.catalogue().removeArtifact(gone.artifact);
        store.save();
        store.close();

        store = open(files);
        assertNull(store.catalogue().byId(gone.id));
        final Artifact artifact = store.catalogue().addArtifact(new byte[32], new byte[32], 0, "other", Map.of(), 1, "");
        final Model next = store.catalogue().addModel("q", artifact, Protocol.NULL_NS);
        assertEquals(gone.index, next.index);
        assertNotEquals(gone.id, next.id);
        assertNotEquals(gone.artifact.id, artifact.id);
    }

    @Test
    void leftoversAreCleanedButNoFileThatIsNeeded() throws IOException {
        CatalogueStore store = open(files);
        fill(store.catalogue());
        final Path needed = store.files().path("07".repeat(32));
        files.put(needed, new byte[1234]);
        files.put(store.files().path("08".repeat(32)), new byte[5]);
        files.put(store.files().unfinished(3), new byte[5]);
        store.save();
        store.close();
        store = open(files);
        assertEquals(List.of(needed), files.list(needed.getParent()));
        assertEquals(1, store.storedFiles().size());
        store.close();

        files.put(needed, new byte[1233]);
        store = open(files);
        assertTrue(store.storedFiles().isEmpty(), "a file of another length is not the file");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "epoch\" : 1|epoch\" : |line 3",
        "epoch\" : 1|epoch\" : -1|epoch=-1",
        "epoch\" : 1|epoch\" : \"x\"|epoch",
        "epoch\" : 1|apoch\" : 1|epoch",
        "epoch\" : 1|epoch\" : \"1\"|epoch",
        "epoch\" : 1|epoch\" : 1, \"more\" : 2|more",
        "\"format\" : 2|\"format\" : 3|format 3",
        "\"options\" : \"\"|\"options\" : null|options",
        "resnet50_v2|  |neither a file nor a profile",
        "\"fileLength\" : 1234|\"fileLength\" : 0|neither a file nor a profile",
        "0707|07zz|07zz",
        "0707|07|SHA-256",
        "\"artifactId\" : 1|\"artifactId\" : 2|artifactId=2",
        "\"artifactId\" : 1|\"artifactId\" : 0|used by no model",
        "\"artifactId\" : 1|\"artifactId\" : -1|artifactId=-1",
        "\"index\" : 1|\"index\" : 0|index=0",
        "\"index\" : 1|\"index\" : 100|index=100",
        "\"generation\" : 2|\"generation\" : 9|generation=9",
        "\"generation\" : 2|\"generation\" : 0|generation=0",
        "\"name\" : \"p\"|\"name\" : \"net:v1/a\"|twice",
        "\"name\" : \"p\"|\"name\" : \"p p\"|name",
        "\"defaultSloNs\" : 25000000|\"defaultSloNs\" : 0|defaultSloNs=0",
        "\"seq\" : 32|\"seq\" : 0|seq=0",
        "FLOAT32|FLOAT33|FLOAT33",
        "\"pages\" : 3|\"pages\" : -3|sizes",
        "\"pages\" : 3|\"pages\" : 3.5|pages",
        "900|-900|executeNs=-900",
        "\"profiled\" : false|\"profiled\" : true|profiled without",
    })
    void aDamagedFileIsNamedWithTheReasonAndLeftAlone(final String from, final String to, final String reason) {
        final CatalogueStore store = open(files);
        fill(store.catalogue());
        assertDamage(store, text -> {
            assertTrue(text.contains(from), from + " is not in " + text);
            return text.replaceFirst(Pattern.quote(from), to == null ? "" : to.strip());
        }, reason);
    }

    @Test
    void aFileFromBeforeThereWereOptionsIsRead() throws IOException {
        final CatalogueStore store = open(files);
        fill(store.catalogue());
        store.save();
        store.close();
        final String old = new String(files.readAll(FILE), StandardCharsets.UTF_8)
            .replace("\"format\" : 2", "\"format\" : 1").replaceAll(" *\"options\" : \"[^\"]*\",\\R", "");
        assertFalse(old.contains("options"), old);
        files.put(FILE, old.getBytes(StandardCharsets.UTF_8));
        final CatalogueStore again = open(files);
        assertEquals("", again.catalogue().byName("p").artifact.options);
        assertEquals("", again.catalogue().byName("net:v1/a").artifact.options);
        again.close();
    }

    @Test
    void atWhateverByteItIsCutItIsDamaged() throws IOException {
        final CatalogueStore store = open(files);
        fill(store.catalogue());
        store.save();
        store.close();
        final byte[] whole = files.readAll(FILE);
        for (int length = 0; length < whole.length - 1; length++) {
            final byte[] cut = Arrays.copyOf(whole, length);
            files.put(FILE, cut);
            final CatalogueException ex = assertThrows(CatalogueException.class, () -> open(files), "length=" + length);
            assertTrue(ex.getMessage().contains(FILE.toString()), ex.getMessage());
            assertArrayEquals(cut, files.readAll(FILE));
        }
        files.put(FILE, (new String(whole, StandardCharsets.UTF_8) + "{}").getBytes(StandardCharsets.UTF_8));
        assertThrows(CatalogueException.class, () -> open(files), "something follows");
    }

    @Test
    void aDirectoryIsUsedByOneControllerAtATime(@TempDir final Path directory) {
        final FilePort disk = new DiskFiles();
        final CatalogueStore first = new CatalogueStore(disk, directory, OPTIONS);
        final CatalogueException ex =
            assertThrows(CatalogueException.class, () -> new CatalogueStore(disk, directory, OPTIONS));
        assertTrue(ex.getMessage().contains("another controller uses the directory " + directory), ex.getMessage());
        first.close();
        final CatalogueStore second = new CatalogueStore(disk, directory, OPTIONS);
        assertEquals(2, second.catalogue().epoch());
        second.close();
    }

    @Test
    void aFullDiskAtTheStartChangesNothingAndFreesTheDirectory() throws IOException {
        open(files).close();
        final byte[] before = files.readAll(FILE);
        files.limit(files.usedBytes());
        assertThrows(CatalogueException.class, () -> open(files));
        assertArrayEquals(before, files.readAll(FILE));
        files.limit(Long.MAX_VALUE);
        assertEquals(2, open(files).catalogue().epoch());
    }

    private void assertDamage(
        final CatalogueStore store, final UnaryOperator<String> damage, final String reason) {
        try {
            store.save();
            store.close();
            final byte[] damaged =
                damage.apply(new String(files.readAll(FILE), StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
            files.put(FILE, damaged);
            final CatalogueException ex = assertThrows(CatalogueException.class, () -> open(files));
            assertTrue(ex.getMessage().contains("catalogue=" + FILE), ex.getMessage());
            assertTrue(ex.getMessage().contains(reason), ex.getMessage());
            assertArrayEquals(damaged, files.readAll(FILE), "nothing is overwritten");
            final CatalogueException again = assertThrows(CatalogueException.class, () -> open(files));
            assertEquals(ex.getMessage(), again.getMessage(), "and the directory was given back");
        } catch (final IOException ex) {
            throw new AssertionError(ex);
        }
    }

    private static CatalogueStore open(final FilePort port) {
        return new CatalogueStore(port, DIRECTORY, OPTIONS);
    }

    /** Two models: one over a file of which everything is known, one over a profile of which nothing is. */
    private static void fill(final Catalogue catalogue) {
        final byte[] sha256 = new byte[32];
        Arrays.fill(sha256, (byte) 7);
        final Map<String, Integer> dimensions = Map.of("seq", 32, "x:1", 7);
        final Artifact file = catalogue.addArtifact(
            ArtifactKey.of(sha256, "", dimensions, 8, "precision=bf16"), sha256, 1234, "", dimensions, 8,
            "precision=bf16");
        file.pages = 3;
        file.weightsBytes = 4_000_000_000L;
        file.maxBatch = 8;
        file.describe(List.of(new Artifact.Tensor(false, DataType.FLOAT32, 12, "x \u00e9\"", "3"),
            new Artifact.Tensor(true, DataType.INT32, 4, "y", "1")));
        file.profile.recordExecute(0, 500);
        file.profile.recordExecute(1, 900);
        file.profile.recordLoad(77);
        file.isProfiled = true;
        catalogue.addModel("net:v1/a", file, 25_000_000);
        final Artifact profile = catalogue.addArtifact(
            ArtifactKey.of(new byte[32], "resnet50_v2", Map.of(), 16, ""), new byte[32], 0, "resnet50_v2", Map.of(), 16, "");
        catalogue.addModel("p", profile, Protocol.NULL_NS);
    }
}
