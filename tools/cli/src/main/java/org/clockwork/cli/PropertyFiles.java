package org.clockwork.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.clockwork.cli.run.UserError;

/**
 * Loads {@code --properties FILE} into the system properties before anything reads them, as Aeron's programs do. What is
 * set already (with -D) stays: command line before -D before file before default.
 */
final class PropertyFiles {
    static final String OPTION = "--properties";

    private PropertyFiles() {
    }

    static void load(final String... args) {
        for (int i = 0; i < args.length; i++) {
            if (OPTION.equals(args[i]) && i + 1 < args.length) {
                load(Path.of(args[i + 1]));
            } else if (args[i].startsWith(OPTION + '=')) {
                load(Path.of(args[i].substring(OPTION.length() + 1)));
            }
        }
    }

    private static void load(final Path file) {
        final Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (final IOException | IllegalArgumentException ex) {
            throw new UserError(
                UserError.USAGE, "the properties file " + file + " cannot be read: " + ex.getMessage(), ex);
        }
        for (final String name : properties.stringPropertyNames()) {
            if (null == System.getProperty(name)) {
                System.setProperty(name, properties.getProperty(name));
            }
        }
    }
}
