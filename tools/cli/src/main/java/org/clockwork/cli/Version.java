package org.clockwork.cli;

import org.clockwork.loadgen.Environment;
import org.clockwork.schema.Protocol;
import picocli.CommandLine;

/** What {@code --version} prints. */
final class Version implements CommandLine.IVersionProvider {
    /** Version of the software, from the jar's manifest. */
    static String build() {
        final String version = Version.class.getPackage().getImplementationVersion();
        return null == version ? "development" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {
            "clockwork " + build() + " (commit " + System.getProperty(Environment.COMMIT_PROP_NAME, "unknown") + ")",
            "wire protocol " + Protocol.VERSION,
            "JVM " + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors() + " cores"
        };
    }
}
