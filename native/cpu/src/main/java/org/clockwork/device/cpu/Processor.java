package org.clockwork.device.cpu;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;

/** What this machine's processor is: an optimised model is only good for the same kind. */
final class Processor {
    private static final Path STATUS = Path.of("/proc/self/status");
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

    /** Memory of this machine. */
    static long memoryBytes() {
        final OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
        return system instanceof com.sun.management.OperatingSystemMXBean known ? known.getTotalMemorySize() : Long.MAX_VALUE;
    }

    /** Memory of this process that is no file's, as the system counts it; 0 where it does not say. */
    static long residentBytes() {
        try {
            for (final String line : Files.readAllLines(STATUS)) {
                if (line.startsWith("RssAnon:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
        } catch (final IOException | NumberFormatException e) {
            // then what is measured with it counts as nothing
            return 0;
        }
        return 0;
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
