package org.clockwork.emulatedcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Everything that JCuda's natives bind is there: a missing function would kill the process when it is first called. */
final class SymbolsTest {
    private static final int RTLD_NOW = 2;

    @Test
    void shouldDefineAllThatTheNativesBind() throws IOException {
        Driver.prepare();
        final List<Path> natives;
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.library.path")))) {
            natives = files.filter(file -> file.toString().matches(".*libJ(CudaDriver|Cudnn|Cublas2)-.*")).sorted()
                .collect(Collectors.toList());
        }
        assertEquals(3, natives.size());
        for (final Path file : natives) {
            // Binding all at once fails if one is missing.
            NativeLibrary.getInstance(file.toAbsolutePath().toString(), Map.of(Library.OPTION_OPEN_FLAGS, RTLD_NOW)).close();
        }
    }
}
