package org.clockwork.cli;

import org.clockwork.client.Durations;
import picocli.CommandLine;

/** Durations with a unit, such as {@code 10ms}, as nanoseconds. */
final class DurationConverter implements CommandLine.ITypeConverter<Long> {
    @Override
    public Long convert(final String value) {
        try {
            return Durations.parseNs(value);
        } catch (final IllegalArgumentException ex) {
            throw new CommandLine.TypeConversionException(ex.getMessage());
        }
    }
}
