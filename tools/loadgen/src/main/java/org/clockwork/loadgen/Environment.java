package org.clockwork.loadgen;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is recorded beside each result: processor, cores, kernel, JDK, flags, commit. */
public final class Environment {
    /** System property with the commit of the build; the launcher sets it. */
    public static final String COMMIT_PROP_NAME = "clockwork.commit";

    private Environment() {
    }

    /** Reads this machine and process. */
    public static Map<String, String> capture() {
        final Map<String, String> facts = new LinkedHashMap<>();
        facts.put("cpu", cpuModel());
        facts.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put("os", property("os.name") + ' ' + property("os.version") + ' ' + property("os.arch"));
        facts.put("jdk", property("java.vendor") + ' ' + Runtime.version());
        facts.put("jvmFlags", String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
        facts.put("maxHeapMiB", Long.toString(Runtime.getRuntime().maxMemory() >> 20));
        facts.put("commit", System.getProperty(COMMIT_PROP_NAME, "unknown"));
        return facts;
    }

    private static String property(final String name) {
        return System.getProperty(name, "unknown");
    }

    private static String cpuModel() {
        try {
            final List<String> lines = Files.readAllLines(Path.of("/proc/cpuinfo"));
            for (final String line : lines) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).trim();
                }
            }
        } catch (final IOException ex) {
            return "unknown (" + ex.getMessage() + ')';
        }
        return "unknown";
    }
}
