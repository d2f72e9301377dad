package org.clockwork.device.cpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;

/** What this machine's processor is: an optimised model is only good for the same kind. */
final class Processor {
    private static final Path INFO = Path.of("/proc/cpuinfo");

    private Processor() {
    }

    /** Name for people. */
    static String name() {
        return line("model name");
    }

    /** The same on processors with the same abilities. */
    static String fingerprint() {
        final CRC32C crc = new CRC32C();
        crc.update((line("flags") + line("Features")).getBytes(StandardCharsets.UTF_8));
        return System.getProperty("os.arch") + ' ' + name() + ' ' + Long.toHexString(crc.getValue());
    }

    private static String line(final String key) {
        try {
            final List<String> lines = Files.readAllLines(INFO);
            for (final String line : lines) {
                if (line.startsWith(key)) {
                    return line.substring(line.indexOf(':') + 1).trim();
                }
            }
        } catch (final IOException e) {
            // then all machines of this architecture count as one kind
            return "";
        }
        return "";
    }
}
