package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checked-in PTX is that of the checked-in kernels, and NVIDIA's own assembler takes it for each GPU generation. */
final class PtxTest {
    private static final Path SOURCES = Path.of("src/main/cuda");
    private static final Path PTX = Path.of("src/main/resources/org/clockwork/device/cuda");
    private static final String[] ARCHITECTURES = {"sm_70", "sm_80", "sm_90"};
    private static final Pattern CU_ENTRY =
        Pattern.compile("extern \"C\" __global__ void\\s+(?:__launch_bounds__\\([^)]*\\)\\s+)?(\\w+)\\s*\\(");
    private static final Pattern PTX_ENTRY = Pattern.compile("^\\.visible \\.entry (\\w+)\\(", Pattern.MULTILINE);

    static List<String> kernels() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".cu"))
                .map(name -> name.substring(0, name.length() - 3)).sorted().collect(Collectors.toList());
        }
    }

    @Test
    void shouldHaveOnePtxForEachKernelFile() throws IOException {
        try (Stream<Path> files = Files.list(PTX)) {
            final List<String> ptx = files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".ptx"))
                .map(name -> name.substring(0, name.length() - 4)).sorted().collect(Collectors.toList());
            assertEquals(kernels(), ptx);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void shouldHoldTheHashOfItsSource(final String name) throws Exception {
        final MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(Files.readAllBytes(SOURCES.resolve(name + ".cu")));
        try (Stream<Path> files = Files.list(SOURCES)) {
            for (final Path header : files.filter(file -> file.toString().endsWith(".h")).sorted().collect(Collectors.toList())) {
                digest.update(Files.readAllBytes(header));
            }
        }
        final String hash = HexFormat.of().formatHex(digest.digest());
        assertTrue(ptx(name).contains("// cw-source-sha256: " + hash + "\n"), name + ".ptx: run native/cuda/build-ptx.sh");
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void shouldHoldTheEntriesOfItsSource(final String name) throws IOException {
        final Set<String> declared = names(CU_ENTRY, Files.readString(SOURCES.resolve(name + ".cu")));
        assertFalse(declared.isEmpty(), name);
        assertEquals(declared, names(PTX_ENTRY, ptx(name)));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void shouldAssembleForEachArchitecture(final String name) throws IOException {
        final String ptx = ptx(name);
        for (final String architecture : ARCHITECTURES) {
            final byte[] binary = assemble(ptx, architecture);
            // A cubin is an ELF file; each entry has a section of its own.
            assertEquals(0x7f, binary[0]);
            final String text = new String(binary, StandardCharsets.ISO_8859_1);
            for (final String entry : names(PTX_ENTRY, ptx)) {
                assertTrue(text.contains(".text." + entry + "\0"), name + " " + architecture + " " + entry);
            }
        }
    }

    @Test
    void shouldRefuseWrongPtx() {
        final String wrong = ".version 6.3\n.target sm_70\n.address_size 64\n.visible .entry a() { bogus; }\n";
        assertTrue(error(wrong, "sm_70").contains("bogus"));
    }

    private static String ptx(final String name) throws IOException {
        return Files.readString(PTX.resolve(name + ".ptx"));
    }

    private static Set<String> names(final Pattern pattern, final String text) {
        final Set<String> names = new TreeSet<>();
        final Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }

    private static byte[] assemble(final String ptx, final String architecture) {
        final nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
        try {
            final int result = compile(compiler, ptx, architecture);
            assertEquals(nvPTXCompileResult.NVPTXCOMPILE_SUCCESS, result, () -> architecture + ": " + log(compiler));
            final long[] size = {0};
            JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize(compiler, size);
            final byte[] binary = new byte[(int) size[0]];
            JNvPTXCompiler.nvPTXCompilerGetCompiledProgram(compiler, binary);
            return binary;
        } finally {
            JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
        }
    }

    private static String error(final String ptx, final String architecture) {
        final nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
        try {
            assertTrue(compile(compiler, ptx, architecture) != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS);
            return log(compiler);
        } finally {
            JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
        }
    }

    private static int compile(final nvPTXCompilerHandle compiler, final String ptx, final String architecture) {
        final byte[] text = ptx.getBytes(StandardCharsets.US_ASCII);
        final int created = JNvPTXCompiler.nvPTXCompilerCreate(compiler, text.length, Arrays.copyOf(text, text.length + 1));
        assertEquals(nvPTXCompileResult.NVPTXCOMPILE_SUCCESS, created);
        return JNvPTXCompiler.nvPTXCompilerCompile(compiler, 1, new String[] {"--gpu-name=" + architecture});
    }

    private static String log(final nvPTXCompilerHandle compiler) {
        final long[] size = {0};
        JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, size);
        final byte[] log = new byte[(int) size[0] + 1];
        JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, log);
        return new String(log, StandardCharsets.US_ASCII);
    }
}
