package org.clockwork.device.emulated;

import java.util.Map;

/** Sizes and durations as people write them. */
final class Units {
    private static final Map<String, Double> SIZES = Map.of("", 1.0, "B", 1.0, "KB", 1e3, "MB", 1e6, "GB", 1e9,
        "KiB", 1024.0, "MiB", 1024.0 * 1024, "GiB", 1024.0 * 1024 * 1024);
    private static final Map<String, Double> TIMES = Map.of("ns", 1.0, "us", 1e3, "ms", 1e6, "s", 1e9);

    private Units() {
    }

    static long bytes(final String text) {
        return scaled(text, SIZES, "a size such as 100MiB");
    }

    static long durationNs(final String text) {
        return "0".equals(text) ? 0 : scaled(text, TIMES, "a duration with its unit such as 2.5ms");
    }

    private static long scaled(final String text, final Map<String, Double> units, final String expected) {
        int end = 0;
        while (end < text.length() && (Character.isDigit(text.charAt(end)) || text.charAt(end) == '.')) {
            end++;
        }
        final Double unit = units.get(text.substring(end).strip());
        final boolean isNumber = text.substring(0, end).matches("[0-9]{1,15}(\\.[0-9]{1,9})?");
        if (!isNumber || unit == null) {
            throw new IllegalArgumentException("expected " + expected + " but got '" + text + "'");
        }
        return Math.round(Double.parseDouble(text.substring(0, end)) * unit);
    }
}
