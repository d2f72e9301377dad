package org.clockwork.sim.scenario;

import java.util.Locale;

/**
 * One figure of a run.
 *
 * @param name  its column.
 * @param value the figure; not a number where there is none.
 * @param form  of {@link String#format} for people.
 */
public record Metric(String name, double value, String form) {
    /** A share, shown as per cent and never rounded up to 100. */
    static Metric percent(final String name, final double share) {
        return new Metric(name, share, "%");
    }

    /** A number of whole things. */
    static Metric count(final String name, final double value) {
        return new Metric(name, value, "%.0f");
    }

    /** A number with one decimal. */
    static Metric rate(final String name, final double value) {
        return new Metric(name, value, "%.1f");
    }

    /** A number with two decimals. */
    static Metric ratio(final String name, final double value) {
        return new Metric(name, value, "%.2f");
    }

    /** The figure for people. */
    String text() {
        return text(value);
    }

    /** A figure of the same kind for people. */
    String text(final double figure) {
        if (Double.isNaN(figure)) {
            return "-";
        }
        return "%".equals(form) ? String.format(Locale.ROOT, "%.3f", Math.floor(figure * 100_000.0) / 1_000.0)
            : String.format(Locale.ROOT, form, figure);
    }
}
