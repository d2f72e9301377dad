package org.clockwork.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;
import org.clockwork.device.ModelSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a model is told by its reason and a sentence, and nothing is left behind. */
final class CompileErrorsTest {
    @TempDir
    private Path directory;
    private TestModels files;
    private Driver driver;

    @BeforeEach
    void open() {
        files = new TestModels(directory);
        driver = new Driver(new CpuBackend.Context().cacheDirectory(directory.resolve("cache")).memoryBytes(64 << 20)
            .inputBytes(4096).outputBytes(1 << 20));
    }

    @AfterEach
    void close() throws IOException {
        driver.close();
        try (Stream<Path> left = Files.list(directory.resolve("cache"))) {
            assertEquals(0, left.filter(file -> file.getFileName().toString().startsWith("compile-")).count());
        }
    }

    @Test
    void truncatedFiles() throws Exception {
        final byte[] whole = Files.readAllBytes(files.zoo("mlp"));
        for (final int length : new int[] {0, 1, 15, 16, 100, whole.length / 2, whole.length - 1}) {
            final Path cut = Files.write(directory.resolve("cut.onnx"), Arrays.copyOf(whole, length));
            assertEquals(Reason.INVALID_FILE, refuse(cut, Map.of()).reason(), "length=" + length);
        }
    }

    @Test
    void randomFiles() throws Exception {
        final long seed = 99;
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 50; i++) {
            final byte[] bytes = new byte[random.nextInt(2000)];
            random.nextBytes(bytes);
            final Path file = Files.write(directory.resolve("random.onnx"), bytes);
            assertEquals(Reason.INVALID_FILE, refuse(file, Map.of()).reason(), "seed=" + seed + " i=" + i);
        }
    }

    @Test
    void damagedFilesNeverBreakTheBackend() throws Exception {
        final byte[] whole = TestModels.model(TestModels.matMul(8, "N", "8")).toByteArray();
        final long seed = 1234;
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 200; i++) {
            final byte[] bytes = whole.clone();
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            final Path file = Files.write(directory.resolve("damaged" + i + ".onnx"), bytes);
            try (CompiledModel model = driver.backend.compile(TestModels.source(file, Map.of(), 2))) {
                assertTrue(model.pages() > 0);
            } catch (final ModelException e) {
                assertTrue(e.getMessage().length() > 10, e.getMessage());
            }
        }
    }

    @Test
    void otherFilesAreNotRead() throws Exception {
        final TensorProto external = TensorProto.newBuilder().setName("w").setDataType(TensorProto.DataType.FLOAT_VALUE)
            .addDims(8).addDims(8).setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("/etc/passwd")).build();
        final GraphProto.Builder graph = TestModels.matMul(8, "N", "8").clearInitializer().addInitializer(external);
        final ModelException e = refuse(files.write("external", TestModels.model(graph)), Map.of());
        assertEquals(Reason.INVALID_FILE, e.reason());
        assertTrue(e.getMessage().contains("another file"), e.getMessage());
    }

    @Test
    void unknownOperatorIsNamed() throws Exception {
        final GraphProto.Builder graph = TestModels.matMul(8, "N", "8");
        graph.setNode(0, TestModels.node("Flabbergast", "output", "input", "w"));
        final ModelException e = refuse(files.write("operator", TestModels.model(graph)), Map.of());
        assertEquals(Reason.UNSUPPORTED_OPERATOR, e.reason(), e.getMessage());
        assertTrue(e.getMessage().contains("Flabbergast"), e.getMessage());
    }

    @Test
    void unknownDomainIsNamed() throws Exception {
        final GraphProto.Builder graph = TestModels.matMul(8, "N", "8");
        graph.setNode(0, TestModels.node("Flabbergast", "output", "input", "w").toBuilder().setDomain("com.example"));
        final ModelException e = refuse(files.write("domain", TestModels.model(graph)), Map.of());
        assertEquals(Reason.UNSUPPORTED_OPERATOR, e.reason(), e.getMessage());
    }

    @Test
    void openDimensionIsNamed() throws Exception {
        final Path named = files.write("named", TestModels.model(TestModels.matMul(8, "N", "seq", "8")));
        final ModelException e = refuse(named, Map.of());
        assertEquals(Reason.DIMENSION_NOT_FIXED, e.reason());
        assertTrue(e.getMessage().contains("'seq'") && e.getMessage().contains("input:1"), e.getMessage());

        final Path nameless = files.write("nameless", TestModels.model(TestModels.matMul(8, "N", "", "8")));
        assertTrue(refuse(nameless, Map.of()).getMessage().contains("input:1"));
        try (CompiledModel model = driver.backend.compile(TestModels.source(nameless, Map.of("input:1", 5), 2))) {
            assertEquals(40, model.inputs().get(0).elements());
        }
        try (CompiledModel model = driver.backend.compile(TestModels.source(named, Map.of("seq", 6), 2))) {
            assertEquals(48, model.inputs().get(0).elements());
        }
    }

    @Test
    void wrongDimensions() throws Exception {
        final Path file = files.write("named", TestModels.model(TestModels.matMul(8, "N", "seq", "8")));
        assertTrue(refuse(file, Map.of("seq", 4, "length", 3)).getMessage().contains("length"));
        assertEquals(Reason.COMPILE_FAILED, refuse(file, Map.of("seq", 0)).reason());
        assertEquals(Reason.COMPILE_FAILED, refuse(file, Map.of("seq", 4, "input:2", 9)).reason());
    }

    @Test
    void requestLargerThanTheSlot() throws Exception {
        final Path file = files.write("wide", TestModels.model(TestModels.matMul(8, "N", "seq", "8")));
        try (CompiledModel model = driver.backend.compile(TestModels.source(file, Map.of("seq", 32), 8))) {
            assertEquals(4, model.maxBatch(), "as many requests as the slot of 4 KiB holds");
        }
        final ModelException e = refuse(file, Map.of("seq", 129));
        assertEquals(Reason.TOO_LARGE, e.reason());
        for (final String hostile : new String[] {"20000000000", Long.toString(Long.MAX_VALUE)}) {
            final Path huge = files.write("huge", TestModels.model(TestModels.matMul(8, "N", hostile, hostile, "8")));
            assertEquals(Reason.TOO_LARGE, refuse(huge, Map.of()).reason());
        }
    }

    @Test
    void fileLargerThanTheLimit() throws Exception {
        final Path cache = directory.resolve("other");
        try (Driver small = new Driver(new CpuBackend.Context().cacheDirectory(cache).memoryBytes(16 << 20).maxFileBytes(100))) {
            final Path file = files.write("plain", TestModels.model(TestModels.matMul(8, "N", "8")));
            final ModelException e = assertThrows(ModelException.class,
                () -> small.backend.compile(TestModels.source(file, Map.of(), 1)));
            assertEquals(Reason.TOO_LARGE, e.reason());
        }
    }

    @Test
    void modelLargerThanTheDeviceIsReportedInPages() throws Exception {
        try (CompiledModel model = driver.backend.compile(TestModels.source(files.miniLm(), Map.of("sequence_length", 8), 1))) {
            assertTrue(model.pages() > driver.device.totalPages(), () -> "pages=" + model.pages());
        }
    }

    @Test
    void profilesAndMissingFiles() {
        final ModelException profile = assertThrows(ModelException.class,
            () -> driver.backend.compile(new ModelSource("aa", null, "resnet50_v2", Map.of(), 1)));
        assertEquals(Reason.UNKNOWN_PROFILE, profile.reason());
        assertEquals(Reason.INVALID_FILE, refuse(directory.resolve("none.onnx"), Map.of()).reason());
        final ModelException key = assertThrows(ModelException.class,
            () -> driver.backend.compile(new ModelSource("../aa", directory, null, Map.of(), 1)));
        assertEquals(Reason.COMPILE_FAILED, key.reason());
    }

    private ModelException refuse(final Path file, final Map<String, Integer> dimensions) {
        return assertThrows(ModelException.class,
            () -> driver.backend.compile(TestModels.source(file, dimensions, 2)).close());
    }
}
