package org.clockwork.sim.scenario;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Short texts that several scenarios use. */
final class Labels {
    private static final double MS = 1e6;

    private Labels() {
    }

    static String ms(final long ns) {
        final String text = String.format(Locale.ROOT, "%.2f", ns / MS);
        return text.replaceFirst("\\.?0+$", "") + " ms";
    }

    static String number(final double value) {
        return value == Math.rint(value) ? String.format(Locale.ROOT, "%.0f", value) : String.format(Locale.ROOT, "%.2f", value);
    }

    static List<String> numbered(final String name, final int count) {
        return IntStream.range(0, count).mapToObj(i -> name + i).toList();
    }
}
