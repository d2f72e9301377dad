package org.clockwork.cli;

import org.agrona.SystemUtil;
import picocli.CommandLine;

/** Sizes such as {@code 512m} or {@code 2g} as bytes. */
final class SizeConverter implements CommandLine.ITypeConverter<Long> {
    @Override
    public Long convert(final String value) {
        try {
            final long bytes = SystemUtil.parseSize("size", value);
            if (bytes > 0) {
                return bytes;
            }
        } catch (final NumberFormatException ex) {
            throw new CommandLine.TypeConversionException("'" + value + "' is no size such as 512m or 2g");
        }
        throw new CommandLine.TypeConversionException("'" + value + "' is no size such as 512m or 2g");
    }
}
