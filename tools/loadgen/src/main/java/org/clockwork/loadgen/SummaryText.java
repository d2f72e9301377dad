package org.clockwork.loadgen;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints a {@link Summary} for people: a table with a row per group and one for all, and what the figures mean. */
public final class SummaryText {
    private static final double US_PER_MS = 1e3;
    private static final String UNKNOWN = "-";

    private SummaryText() {
    }

    /** The table and its foot, without a final line end. */
    public static String of(final Summary summary) {
        final Table table = new Table(
            "model", "offered", "in time", "late", "refused", "failed", "cold",
            "p50 ms", "p99 ms", "p99.9 ms", "max ms", "in time");
        for (final Summary.Row row : summary.groups()) {
            addRow(table, row.name(), row);
        }
        if (summary.groups().size() != 1) {
            table.line();
            addRow(table, "all", summary.total());
        }
        final StringBuilder text = new StringBuilder(table.toString());
        final Summary.Row total = summary.total();
        text.append(String.format(Locale.ROOT, "%n%.1f answers in time per second over %.1f s",
            summary.goodputPerS(), summary.run().durationNs() / 1e9));
        text.append(String.format(Locale.ROOT, "; inputs %s%s; seed %d", summary.input(),
            summary.emulated() ? ", device EMULATED" : "", summary.run().seed()));
        appendReasons(text, "refused by", total.refusedBy());
        if (total.refused() > 0) {
            text.append(String.format(Locale.ROOT, " (%d of %d before the deadline had passed)",
                total.refusedInTime(), total.refused()));
        }
        appendReasons(text, "failed by", total.failedBy());
        if (total.cancelled() > 0) {
            text.append(String.format(Locale.ROOT, "%ncancelled: %d", total.cancelled()));
        }
        for (final String why : summary.whyNot()) {
            text.append(String.format(Locale.ROOT, "%nNOT VALID: %s", why));
        }
        return text.toString();
    }

    /** Milliseconds of a latency in microseconds, or a dash. */
    public static String ms(final Double us) {
        return null == us ? UNKNOWN : String.format(Locale.ROOT, us < 10 * US_PER_MS ? "%.2f" : "%.1f", us / US_PER_MS);
    }

    /** A share as per cent with two decimals, never rounded up to 100, or a dash. */
    public static String percent(final Double share) {
        return null == share ? UNKNOWN : String.format(Locale.ROOT, "%.2f %%", Math.floor(share * 10_000.0) / 100.0);
    }

    private static void addRow(final Table table, final String name, final Summary.Row row) {
        final Map<String, Double> latencyUs = row.latencyUs();
        table.row(name, count(row.offered()), count(row.inTime()), count(row.late()), count(row.refused()),
            count(row.failed()), count(row.coldStarts()), ms(latencyUs.get("p50")),
            ms(latencyUs.get("p99")), ms(latencyUs.get("p999")), ms(latencyUs.get("max")), percent(row.attainment()));
    }

    private static void appendReasons(final StringBuilder text, final String label, final Map<String, Long> reasons) {
        if (!reasons.isEmpty()) {
            final List<String> parts = new ArrayList<>();
            reasons.forEach((reason, count) -> parts.add(reason + ' ' + count));
            text.append(System.lineSeparator()).append(label).append(": ").append(String.join(", ", parts));
        }
    }

    private static String count(final long value) {
        return Long.toString(value);
    }
}
